"""Settings out of files, and where each setting comes from.

Two files are read: the user's own (`settings.config_file`), which may set every option that has a
variable, and `.ccci.toml` in the current folder. That one may be part of a repository that nobody
vouches for, so it may set only what is judged there, never where a deploy goes, what it may reach,
or what is trusted. That of a recipe which is fetched is read by `steps.own_settings`.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccci import settings
from ccci.errors import UsageError
from ccci.host.json_values import to_json
from ccci.host.masking import HIDDEN, without_credentials
from ccci.host.secret_values import is_secret
from ccci.plain_file import read_plain
from ccci.recipe import patience

SCHEMA = "ccci.config/1"
NEVER = ("recipe", "head")
"""What no file sets: a run without them would do what nobody asked for."""

Plain = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a verb: its name without dashes before it, its variables, and its default.

    `parameter` is its name in Python; `many` says that it may be given again.
    """

    verb: str
    name: str
    parameter: str
    variables: tuple[str, ...]
    default: Plain | tuple[Plain, ...] | None
    many: bool = False

    @property
    def shared(self) -> bool:
        """Say whether it means the same in every verb that has one of this name."""
        return f"CCCI_{self.name.upper().replace('-', '_')}" in self.variables


@dataclass(frozen=True, slots=True)
class Setting:
    """What an option is, and where from: a variable, a file, or `default`."""

    verb: str
    option: str
    value: Any
    """A text, a number, true or false, a list of texts, or None."""
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, and the files that were read."""

    files: tuple[str, ...]
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file of settings: at its top those of every verb, and in tables those of one."""

    path: Path
    values: Mapping[str, Any]
    trusted: bool

    def of(self, option: Option) -> Any:  # noqa: ANN401 -- any value of TOML
        """Return what the file says of an option, or None."""
        if not self.trusted and option.verb not in settings.HEEDING:
            return None
        table: Any = self.values
        for word in option.verb.split():
            table = table.get(word) if isinstance(table, dict) else None
        own = table.get(option.name) if isinstance(table, dict) else None
        if own is None and option.shared:
            own = self.values.get(option.name)
        return None if isinstance(own, dict) else own  # a table of the verb of that name


def read(
    environ: Mapping[str, str], options: Iterable[Option], verb: str | None = None
) -> tuple[File, ...]:
    """Return the files that are there, the strongest first. Raise UsageError for a bad one.

    With a `verb` only those that set something for it: a stranger's file stops no other.
    """
    known = [each for each in options if each.name not in NEVER]
    found = []
    for path, trusted in ((Path(settings.OWN_FILE), False), (settings.config_file(environ), True)):
        heeded = trusted or verb is None or verb in settings.HEEDING
        if heeded and (path.is_symlink() or path.exists()):
            found.append(_read(path, known, trusted=trusted))
    return tuple(found)


def _read(path: Path, known: Sequence[Option], *, trusted: bool) -> File:
    try:
        values = tomllib.loads(read_plain(path, None if trusted else Path()).decode())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}", "correct it") from None
    names = {each.name for each in known}
    verbs = {word for each in known for word in each.verb.split()}
    for key, value in _pairs(values, verbs):
        if key not in names:
            raise UsageError(f"{path} sets {key}, which is no setting of ccci")
        if not trusted and key not in settings.JUDGED:
            raise UsageError(
                f"{path} sets {key}, which the file of a repository may not",
                f"it may set {', '.join(settings.JUDGED)}; `ccci config --help` names the user's "
                "own file",
            )
        if trusted or isinstance(value, (bool, list, dict)):
            continue  # what is of no type of a setting is refused where it is heeded
        if wrong := patience.refusal(key, str(value)):
            raise UsageError(f"{path} {wrong}", "correct it, or give yours on the command line")
    return File(path, values, trusted)


def _pairs(table: Mapping[str, Any], verbs: set[str]) -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and key in verbs:
            yield from _pairs(value, verbs)
        else:
            yield key, value


def defaults(files: Sequence[File], options: Iterable[Option], environ: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Return what the files set and nothing above them does, as a tree: verb by verb."""
    tree: dict[str, Any] = {}
    for option in options:
        setting = resolve(option, files, environ)
        if any(setting.source == str(file.path) for file in files):
            table = tree
            for word in option.verb.split():
                table = table.setdefault(word, {})
            value = setting.value
            table[option.parameter] = list(value) if isinstance(value, tuple) else value
    return tree


def resolve(option: Option, files: Sequence[File], environ: Mapping[str, str]) -> Setting:
    """Return an option's value and where it comes from. Raise UsageError for a wrong type."""

    def found(value: Any, source: str) -> Setting:  # noqa: ANN401
        return Setting(option.verb, option.name, value, source)

    own = [name for name in option.variables if name.startswith(("CCCI_", "PLUGIN_"))]
    for name in own:
        if environ.get(name):
            return found(environ[name], name)
    for file in files if option.name not in NEVER else ():
        value = file.of(option)
        if value is not None:
            return found(_checked(option, value, file.path), str(file.path))
    for name in option.variables:
        if environ.get(name):
            return found(environ[name], name)
    return found(option.default, "default")


def _checked(option: Option, value: Any, path: Path) -> Any:  # noqa: ANN401
    if option.many:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise UsageError(f"{path}: {option.name} is a list of texts")
    if isinstance(option.default, bool) is not isinstance(value, bool) or not isinstance(
        value, (str, int, float)
    ):
        kind = "true or false" if isinstance(option.default, bool) else "a text or a number"
        raise UsageError(f"{path}: {option.name} is {kind}")
    return value if isinstance(value, bool) else str(value)


def document(files: Sequence[File], found: Sequence[Setting]) -> dict[str, Any]:
    """Return the settings as the JSON that `--json` prints; values that are secret are hidden."""
    told = Settings(tuple(str(each.path) for each in files), tuple(map(_shown, found)))
    return {"schema": SCHEMA, **to_json(told)}


def _shown(setting: Setting) -> Setting:
    if not isinstance(setting.value, (str, tuple)):
        return setting
    words = setting.value.split("\n") if isinstance(setting.value, str) else setting.value
    hidden = [_hidden(str(each)) for each in words]
    value = tuple(hidden) if isinstance(setting.value, tuple) else "\n".join(hidden)
    return Setting(setting.verb, setting.option, value, setting.source)


def _hidden(word: str) -> str:
    key, equals, value = word.partition("=")
    if equals and is_secret(key, value):
        return f"{key}={HIDDEN}"
    return without_credentials(word)


def table(found: Sequence[Setting]) -> list[str]:
    """Return the settings as people read them: one a line, those of all verbs alike as one."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in map(_shown, found):
        value = each.value
        words = value if isinstance(value, tuple) else () if value is None else (value,)
        told = " ".join(str(word).replace("\n", " ") for word in words)
        key = (each.option, told, each.source)
        rows.setdefault(key, []).append(each.verb)
    lines = [("OPTION", "VALUE", "FROM", "VERBS")]
    lines += [
        (option, value or "-", source, ", ".join(verbs))
        for (option, value, source), verbs in rows.items()
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return [
        "  ".join([*(cell.ljust(widths[at]) for at, cell in enumerate(line[:3])), line[3]])
        for line in lines
    ]
