"""Variables in compose files, replaced as the docker CLI does (its cli/compose/template).

Its corners are kept: `$$` is a dollar, `$X-text` without braces takes a default up to the next `}`,
a default holds no `}`, and a wrong `$` goes unnoticed when a right one follows in the same text.
"""

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from ccci.compose.numbers import parse_float, parse_integer
from ccci.compose.tree import ComposeError, Map, Seq

LARGEST = 4 * 1024 * 1024
"""Characters that the texts of a file may have together once their variables are replaced."""

_NAME = re.compile(r"[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*")
_OPERATOR = re.compile(r":?[-?]")


class Variables:
    """What `${X}` stands for; remembers which names were asked for and not there.

    `unset` holds those that are taken as empty, `missed` those of the text at hand, the ones that
    a text requires included.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.unset: set[str] = set()
        self.missed: set[str] = set()

    def find(self, name: str) -> str | None:
        """Return the value, or None for a name that is not set."""
        return self.values.get(name)

    def replace(self, text: str) -> str:
        """Return what stands for a variable as written, with its default if it has one.

        Raise _InvalidError as docker would; nothing names a variable in an empty text.
        """
        if not text:
            raise _InvalidError(None)
        for mark, decide in _FORMS:
            if mark in text:
                name, _, rest = text.partition(mark)
                value = self.find(name)
                if (value is None and mark == "?") or (not value and mark == ":?"):
                    self.missed.add(name)
                return decide(value, name, rest)
        value = self.find(text)
        if value is None:
            self.unset.add(text)
            self.missed.add(text)
        return value or ""


class _InvalidError(Exception):
    """A `$` that docker cannot read; `reason` is None for one that names no variable."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason)
        self.reason = reason


def _default_if_empty(value: str | None, _name: str, default: str) -> str:
    return value or default


def _default_if_unset(value: str | None, _name: str, default: str) -> str:
    return default if value is None else value


def _required_and_full(value: str | None, name: str, message: str) -> str:
    if not value:
        raise _InvalidError(f"required variable {name} is missing a value: {message}")
    return value


def _required(value: str | None, name: str, message: str) -> str:
    if value is None:
        raise _InvalidError(f"required variable {name} is missing a value: {message}")
    return value


# The order is docker's: `${A-b:-c}` is the variable `A-b` with the default `c`.
_FORMS: tuple[tuple[str, Callable[[str | None, str, str], str]], ...] = (
    (":-", _default_if_empty),
    ("-", _default_if_unset),
    (":?", _required_and_full),
    ("?", _required),
)


class TooLongError(Exception):
    """A text gets longer than is allowed once its variables are replaced."""


def substitute(text: str, variables: Variables, most: int = LARGEST) -> str:
    """Return the text with its variables replaced, read once from its beginning to its end.

    Raise _InvalidError as docker would, TooLongError beyond `most` characters.
    """
    failed: _InvalidError | None = None
    parts: list[str] = []
    at, length = 0, 0
    closing = _Closing(text)
    while (begin := text.find("$", at)) >= 0:
        end, written = _variable(text, begin, closing)
        value = "$"
        if written is not None:
            try:
                value = variables.replace(written)
                # template.go keeps one error for the whole text, which the next success clears.
                failed = None
            except _InvalidError as error:
                value, failed = "", error
        parts += (text[at:begin], value)
        length += begin - at + len(value)
        if length > most:
            raise TooLongError
        at = end
    if failed is not None:
        raise failed
    if max(length + len(text) - at, len(text)) > most:
        raise TooLongError
    return "".join((*parts, text[at:]))


class _Closing:
    """Where the next `}` stands, found once for all that ask before it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = -1

    def after(self, at: int) -> int:
        """Return where the first `}` from `at` on stands, or the text's length."""
        if self._found < at:
            found = self._text.find("}", at)
            self._found = found if found >= 0 else len(self._text)
        return self._found


def _variable(text: str, begin: int, closing: _Closing) -> tuple[int, str | None]:
    """Return where a `$…` ends, and the variable it names with its default.

    That is None for `$$`, and empty where nothing is named.
    """
    if text.startswith("$", begin + 1):
        return begin + 2, None
    braced = text.startswith("{", begin + 1)
    name = _NAME.match(text, begin + 2 if braced else begin + 1)
    if name is None:
        return begin + 1, ""
    end = name.end()
    if _OPERATOR.match(text, end):
        end = closing.after(end)
    if not braced:
        return end, text[begin + 1 : end]
    if not text.startswith("}", end):
        return begin + 1, ""
    return end + 1, text[begin + 2 : end]


def _to_boolean(text: str) -> bool:
    word = text.lower()
    if word in {"y", "yes", "true", "on"}:
        return True
    if word in {"n", "no", "false", "off"}:
        return False
    raise ValueError(f"invalid boolean: {text}")


Cast = Callable[[str], int | float | bool]
_UPDATE: dict[str, Cast] = {"parallelism": parse_integer, "max_failure_ratio": parse_float}
_SERVICE: dict[str, Cast] = {
    "configs.[].mode": parse_integer,
    "secrets.[].mode": parse_integer,
    "healthcheck.retries": parse_integer,
    "healthcheck.disable": _to_boolean,
    "deploy.replicas": parse_integer,
    **{
        f"deploy.{which}_config.{key}": cast
        for which in ("update", "rollback")
        for key, cast in _UPDATE.items()
    },
    "deploy.restart_policy.max_attempts": parse_integer,
    "deploy.placement.max_replicas_per_node": parse_integer,
    "ports.[].target": parse_integer,
    "ports.[].published": parse_integer,
    "ulimits.*": parse_integer,
    "ulimits.*.hard": parse_integer,
    "ulimits.*.soft": parse_integer,
    "privileged": _to_boolean,
    "oom_score_adj": parse_integer,
    "read_only": _to_boolean,
    "stdin_open": _to_boolean,
    "tty": _to_boolean,
    "volumes.[].read_only": _to_boolean,
    "volumes.[].volume.nocopy": _to_boolean,
}
_CASTS: dict[tuple[str, ...], Cast] = {
    **{("services", "*", *path.split(".")): cast for path, cast in _SERVICE.items()},
    **{("networks", "*", key): _to_boolean for key in ("external", "internal", "attachable")},
    **{(section, "*", "external"): _to_boolean for section in ("volumes", "secrets", "configs")},
}


def _cast_for(path: str) -> Cast | None:
    """Return what docker turns the text at a path into, once a variable stood in it.

    It splits the path at dots, so that a service with a dot in its name gets no casts.
    """
    parts = path.split(".")
    if len(parts) < 3:  # noqa: PLR2004
        return None
    parts[1] = "*"
    if len(parts) > 3 and parts[2] == "ulimits":  # noqa: PLR2004
        parts[3] = "*"
    return _CASTS.get(tuple(parts))


class Interpolation:
    """One pass over a file's tree; `failures` is what docker would stop at.

    `lacking` names, by line, the variables that nobody has set and that the text there depends on.
    """

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.failures: list[ComposeError] = []
        self.lacking: dict[int, set[str]] = {}
        self._left = LARGEST
        self._full = False

    def tree(self, value: Map) -> Map:
        """Return the tree with every text replaced; what needs no change is shared."""
        return self._map(value, "") if value.dollar else value

    def _value(self, value: Any, path: str, line: int) -> Any:  # noqa: ANN401
        if type(value) is str:
            return self._text(value, path, line) if "$" in value else value
        if isinstance(value, Map):
            return self._map(value, path) if value.dollar else value
        if isinstance(value, Seq) and value.dollar:
            result = Seq(value.line)
            result.lines = value.lines
            below = f"{path}.[]"
            result.extend(self._value(entry, below, line) for entry, line in value.located())
            return result
        return value

    def _map(self, value: Map, path: str) -> Map:
        result = Map(value.line)
        result.lines = value.lines
        prefix = f"{path}." if path else ""
        for key, entry in value.items():
            result[key] = self._value(entry, prefix + key, value.lines[key])
        return result

    def _note_missed(self, line: int) -> None:
        if self.variables.missed:
            self.lacking.setdefault(line, set()).update(self.variables.missed)

    def _text(self, text: str, path: str, line: int) -> str | int | float | bool:
        self.variables.missed.clear()
        result = "" if self._full else self._replaced(text, path, line)
        if result is None:
            self._note_missed(line)
            return text
        self._note_missed(line)
        cast = _cast_for(path)
        if cast is None or result == text:
            return result
        try:
            value = cast(result)
        except ValueError as error:
            self.failures.append(
                ComposeError(
                    f"error while interpolating {path}: failed to cast to expected type: {error}",
                    line,
                )
            )
            return result
        if not isfinite(value):
            self.failures.append(ComposeError("json: unsupported value: no finite number", line))
            return result
        return value

    def _replaced(self, text: str, path: str, line: int) -> str | None:
        """Return the text replaced, or None where docker would stop; both are counted.

        As it was read, too: an alias to a long text makes it be read again.
        """
        try:
            result = substitute(text, self.variables, self._left)
        except TooLongError:
            self._full = True
            told = f"more than {LARGEST} characters once its variables are replaced"
            self.failures.append(ComposeError(told, line))
            return ""
        except _InvalidError as error:
            self._left -= len(text)
            shown = text if error.reason is None else error.reason
            self.failures.append(
                ComposeError(
                    f'invalid interpolation format for {path}: "{shown}"; '
                    "you may need to escape any $ with another $",
                    line,
                )
            )
            return None
        self._left -= max(len(text), len(result))
        return result
