"""The compose files as the docker CLI gets them: written by us, with nothing left to look up.

Each of the recipe's files once more, in its order, so that docker merges them by its own rules;
but every variable is replaced, every `env_file` is in `environment`, every file of a config or
secret is a copy beside them, and every bind mount an absolute path. What was checked is then, byte
for byte, what is deployed: no second interpolation, home, link or working folder can point
elsewhere.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccci.compose.tree import Map, Seq, text_of
from ccci.compose.values import mount
from ccci.errors import CcciError, DeployRefused
from ccci.host import docker_cli
from ccci.recipe import files
from ccci.recipe.stack_file import StackFile

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_ODD = re.compile(r"[^A-Za-z0-9_.-]")
_MOST_COPIES = 500
_MOST_COPIED = 16 * 2**20
"""Bytes that the files of all configs and secrets may have together."""

_MOST_GIVEN = 200_000
"""Variables that all services may be given by `env_file`, each as often as it is named."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A set with nothing left to look up, not written yet."""

    folder: Path
    trees: tuple[tuple[str, Map], ...]
    """Its files with their names."""
    copies: Mapping[Path, bytes]
    """What is to lie beside them."""
    configs: Mapping[str, bytes]
    """The contents of those that the deploy makes, by their names on the swarm."""
    secrets: Mapping[str, bytes]
    """As `configs`."""
    variables: Mapping[str, frozenset[str]]
    """What each service has in its environment."""
    open: frozenset[str]
    """Those of the variables that nobody sets."""
    notes: tuple[str, ...] = ()
    borrowed: frozenset[Path] = frozenset()
    """The user's overlays that name files of their own folder."""


def resolve(
    stack: StackFile, values: Mapping[str, str], *, checkout: Path, folder: Path, name: str
) -> Resolved:
    """Return the set as docker is to be given it in `folder`; nothing is written.

    `values` are the app's variables, `name` is the stack's. Raise DeployRefused for a file that
    the recipe does not have, or not within it; a user's overlay may name files of its own folder.
    """
    work = _Work(stack, checkout, folder / "files", values)
    trees = tuple(
        (f"{number}.{_ODD.sub('_', path.name)[-80:]}", work.tree(number, tree))
        for number, (path, tree) in enumerate(zip(stack.files, stack.trees, strict=True))
    )
    return Resolved(
        folder,
        trees,
        work.copies,
        work.made("configs", name),
        work.made("secrets", name),
        {service: frozenset(names) for service, names in work.variables.items()},
        frozenset(work.open),
        tuple(dict.fromkeys(work.notes)),
        frozenset(work.borrowed),
    )


class _Work:
    """One set on its way: what was read, what is open, what a reader should know."""

    def __init__(
        self, stack: StackFile, checkout: Path, folder: Path, values: Mapping[str, str]
    ) -> None:
        self.stack = stack
        self.start = stack.folder.absolute()
        self.checkout = checkout
        self.folder = folder
        self.values = values
        self.copies: dict[Path, bytes] = {}
        self.env_files: dict[str, dict[str, str | None]] = {}
        self.given = 0
        self.copy_of: dict[tuple[str, str], Path] = {}
        self.variables: dict[str, set[str]] = {}
        self.open: set[str] = set()
        self.notes: list[str] = []
        self.borrowed: set[Path] = set()
        self._path = stack.files[0]

    def tree(self, number: int, tree: Map) -> Map:
        """Return a file's tree with everything in it that leads elsewhere resolved."""
        self._path = self.stack.files[number]
        result = _copied(tree)
        services = tree.get("services")
        if isinstance(services, Map):
            result["services"] = _copied(services)
            for name, service in services.items():
                if isinstance(service, Map):
                    result["services"][name] = self._service(name, service)
        for kind in ("configs", "secrets"):
            section = tree.get(kind)
            if isinstance(section, Map):
                # What a later file names again is replaced whole: docker never opens its file.
                later = self._named(kind, number + 1)
                kept = {key: entry for key, entry in section.items() if key not in later}
                result[kind] = Map(section.line)
                result[kind].lines = section.lines
                for key, entry in kept.items():
                    is_map = isinstance(entry, Map)
                    result[kind][key] = self._made_from(kind, key, entry) if is_map else entry
        return result

    def made(self, kind: str, stack: str) -> dict[str, bytes]:
        """Return the content of each config or secret that a deploy makes, by its full name."""
        return {
            each.called(stack): self.copies[self.copy_of[kind, key]]
            for key, each in getattr(self.stack.sections, kind).items()
            if (kind, key) in self.copy_of
        }

    def _named(self, kind: str, first: int) -> set[str]:
        later = (tree.get(kind) for tree in self.stack.trees[first:])
        return {key for section in later if isinstance(section, Map) for key in section}

    def _service(self, name: str, service: Map) -> Map:
        result = _copied(service)
        if service.get("env_file") or service.get("environment"):
            result["environment"] = found = self._environment(name, service)
            self.variables.setdefault(name, set()).update(found)
        result.pop("env_file", None)
        volumes = service.get("volumes")
        if isinstance(volumes, Seq):
            result["volumes"] = Seq(volumes.line)
            for entry, line in volumes.located():
                result["volumes"].append(self._volume(entry))
                result["volumes"].lines.append(line)
        return result

    def _environment(self, name: str, service: Map) -> Map:
        """Return what a file gives a service: `env_file`, and over it `environment`.

        A variable without a value, or with an empty one, is sought among the app's (docker's
        loader does so for both: cli/compose/loader, updateEnvironment).
        """
        declared = service.get("env_file")
        listed: Sequence[Any] = declared if isinstance(declared, Seq) else [declared]
        below: dict[str, Any] = {}
        for each in listed if declared else ():
            variables = self._env_file(text_of(each))
            self.given += 1 + len(variables)
            if self.given > _MOST_GIVEN:
                raise DeployRefused(
                    f"the services are given more than {_MOST_GIVEN} variables by env_file",
                    "is that meant? Name each file once, where it is needed",
                )
            below |= variables
        found = {key: value for key, value in below.items() if value is not None}
        found |= _assignments(service.get("environment"))
        result = Map(service.line_of("environment"))
        for key, value in found.items():
            if value is None or value == "":
                value = self.values.get(key, value)  # noqa: PLW2901
                if value is None or value == "":
                    self.open.add(key)
                    if docker_cli.needs(key):
                        self.notes.append(
                            f"{name} asks for the variable {key}, which the app does not set: "
                            "left out"
                        )
                        continue
            result[key] = value
        return result

    def _lies(self, name: str) -> tuple[Path, Path]:
        """Return the folder that a named file has to lie in, and where its name begins."""
        beside = self.stack.beside.get(self._path)
        folder, start = files.lies(self.checkout, name, self.start, beside)
        if folder == beside:
            self.borrowed.add(self._path)
        return folder, start

    def _env_file(self, name: str) -> dict[str, str | None]:
        """Return an env file's variables as docker reads it: no quotes, no comments behind.

        A name alone stands for the app's variable, and for nothing where the app has none
        (docker/cli opts, ParseEnvFile).
        """
        folder, start = self._lies(name)
        real = os.path.realpath(start / name)
        if real not in self.env_files:
            content = files.read(folder, name, start=start)
            found: dict[str, str | None] = {}
            for line in files.decoded(content, name).removeprefix("\ufeff").split("\n"):
                text = line.removesuffix("\r").lstrip()
                if text and not text.startswith("#"):
                    key, separator, value = text.partition("=")
                    found[key] = value if separator else self.values.get(key)
            self.env_files[real] = found
        return self.env_files[real]

    def _volume(self, entry: Any) -> Any:  # noqa: ANN401
        if isinstance(entry, str):
            one = mount(entry)
            if one.type == "bind":
                return self._absolute(one.source) + entry[len(one.source) :]
        elif isinstance(entry, Map) and entry.get("type") == "bind":
            result = _copied(entry)
            result["source"] = self._absolute(text_of(entry.get("source")))
            return result
        return entry

    def _absolute(self, source: str) -> str:
        if source.startswith("~") and "HOME" in self.values:
            source = source.replace("~", self.values["HOME"], 1)
        if source.startswith("/") or _WINDOWS.match(source):
            return source
        files.inside(self.checkout, source, start=self.start)
        found = os.path.normpath(self.start / source)
        if ":" in found.removesuffix(source):
            raise CcciError(
                f"the folder {self.start} has a colon in its name, which a bind mount cannot hold",
                "let CCCI_RUNS_DIR name another folder",
            )
        return found

    def _made_from(self, kind: str, key: str, entry: Map) -> Map:
        external = entry.get("external")
        name = entry.get("file")
        if external is True or isinstance(external, Map) or not name or entry.get("driver"):
            return entry
        folder, start = self._lies(text_of(name))
        path = files.inside(folder, text_of(name), start=start)
        with files.refusing(text_of(name)):
            if not os.path.lexists(path):
                raise DeployRefused(
                    f"{kind[:-1]} {key}: there is no file {files.shown(text_of(name))}",
                    "add it to the recipe"
                    if self._path not in self.stack.beside
                    else f"add it beside the overlay, in {self.stack.beside[self._path]}",
                )
        if len(self.copies) >= _MOST_COPIES:
            raise DeployRefused(
                f"more than {_MOST_COPIES} configs and secrets have files", "is that meant?"
            )
        copy = self.folder / f"{len(self.copies)}.{_ODD.sub('_', path.name)[-80:]}"
        self.copies[copy] = files.read(folder, text_of(name), start=start)
        if sum(map(len, self.copies.values())) > _MOST_COPIED:
            raise DeployRefused(
                f"the files of the configs and secrets have more than {_MOST_COPIED} bytes",
                "Swarm keeps them in the memory of every manager: is that meant?",
            )
        self.copy_of[kind, key] = copy
        result = _copied(entry)
        result["file"] = str(copy)
        return result


def _assignments(declared: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what `environment` says, a mapping or a list; None for a name alone."""
    if isinstance(declared, Map):
        return dict(declared)
    found: dict[str, Any] = {}
    for each in declared if isinstance(declared, Seq) else ():
        key, separator, value = text_of(each).partition("=")
        found[key] = value if separator else None
    return found


def _copied(tree: Map) -> Map:
    result = Map(tree.line)
    result.update(tree)
    result.lines = tree.lines
    return result
