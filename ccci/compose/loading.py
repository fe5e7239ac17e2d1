"""Compose files in, services out, and whether the docker CLI would take the set at all.

What docker refuses is not the end: whatever can still be read is, so that a sweep can speak of it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccci.compose import merge, schema, sections
from ccci.compose.interpolation import Interpolation, Variables
from ccci.compose.reading import Reader
from ccci.compose.sections import Sections
from ccci.compose.service import Place, Service
from ccci.compose.shape import check
from ccci.compose.source import Fault, Ignore, Source
from ccci.compose.tree import ComposeError, Map, Seq, TooMuchError, text_of
from ccci.plain_file import read_plain

# docker reads env files with Go's bufio.Scanner, whose buffer ends here.
_LONGEST_LINE = 64 * 1024
_MOST_BYTES = 16 * 2**20
"""Bytes that the env files of a set may have together."""

_FORBIDDEN = (
    "extends",
    "volume_driver",
    "volumes_from",
    "cpu_quota",
    "cpu_shares",
    "cpuset",
    "mem_limit",
    "memswap_limit",
)
_LONGEST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Loaded:
    """A set of files read and merged."""

    services: dict[str, Service]
    sections: Sections
    fault: Fault | None = None
    """The first thing docker stops at."""
    unset: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """What only a deployment has: the names of variables and env files. Where nothing but their
    absence is wrong, `fault.needs` names some of them.
    """
    ignores: tuple[Ignore, ...] = ()
    older: tuple[tuple[Place, str], ...] = ()
    """What docker CLIs before 28.0 read in another way, and where."""
    trees: tuple[Map, ...] = ()
    """The files in order, each with its variables replaced and nothing else changed."""
    unknown: frozenset[Place] = frozenset()
    """The places whose value depends on a variable that nobody has set."""


@dataclass(frozen=True, slots=True)
class _File:
    """One file with its variables replaced."""

    source: Source
    tree: Map
    version: str
    services: dict[str, Service]
    sections: Sections
    faults: tuple[Fault, ...]
    unset: frozenset[str]
    unknown: frozenset[Place]
    env_files: tuple[tuple[str, Place], ...] = field(default=())


class Loader:
    """Loads sets under one set of variables; a file that several sets share is read once.

    With `inside`, no `env_file` that leads out of that folder is opened. What a file of `beside`
    names may lie in the folder given for it, which is sought first.
    """

    def __init__(
        self,
        values: Mapping[str, str],
        *,
        inside: Path | None = None,
        beside: Mapping[Path, Path] | None = None,
    ) -> None:
        self._values = values
        self._inside = inside
        self._beside = beside or {}
        self._files: dict[Path, _File] = {}
        self._read_env: dict[str, tuple[str, int]] = {}

    def load(self, sources: Sequence[Source]) -> Loaded:
        """Return the set, merged in order."""
        broken = [source.fault for source in sources if source.fault is not None]
        files = [self._file(source) for source in sources]
        faults = broken + self._mismatches(files)
        services: dict[str, Service] = {}
        below = Sections({}, {}, {}, {})
        folder = sources[0].path.parent
        room = _MOST_BYTES
        for index, each in enumerate(files):
            faults += each.faults
            beside = self._beside.get(sources[index].path)
            of_env_files, room = self._env_faults(each, folder, beside, room)
            faults += of_env_files
            services = merge.services(services, each.services) if index else dict(each.services)
            below = each.sections.over(below)
        return Loaded(
            services,
            below,
            min(faults, key=lambda fault: bool(fault.needs), default=None),
            tuple(sorted(frozenset().union(*(each.unset for each in files)))),
            tuple(dict.fromkeys(name for fault in faults for name in fault.needs)),
            tuple(ignore for source in sources for ignore in source.ignores),
            tuple(
                (Place(source.name, each.line), each.what)
                for source in sources
                for each in source.older
            ),
            tuple(each.tree for each in files),
            frozenset().union(*(each.unknown for each in files)),
        )

    def _mismatches(self, files: Sequence[_File]) -> list[Fault]:
        first = files[0].version
        return [
            Fault(
                f"version mismatched between two composefiles : {first} and {each.version}",
                Place(each.source.name, each.source.tree.line_of("version")),
            )
            for each in files[1:]
            if each.version != first and each.source.tree
        ]

    def _env_faults(
        self, file: _File, folder: Path, beside: Path | None, room: int
    ) -> tuple[list[Fault], int]:
        """Return what docker says of each `env_file`, and how much room is left for more.

        It opens them relative to the first file; here each is read once however it is spelled.
        """
        faults = []
        known: set[str] = set()
        for name, place in file.env_files:
            path, inside = folder / name, self._inside
            if beside is not None and os.path.lexists(beside / name):
                path, inside = beside / name, beside
            real = _real(path)
            if real not in self._read_env:
                self._read_env[real] = _env_complaint(path, inside)
            complaint, size = self._read_env[real]
            if real not in known:
                known.add(real)
                room -= size
            if room < 0:
                message = f"its env files have more than {_MOST_BYTES} bytes together"
                faults.append(Fault(message, place, unreadable=True))
                break
            if complaint:
                needs = () if os.path.lexists(path) else (name,)
                faults.append(Fault(complaint, place, needs=needs))
        return faults, room

    def _file(self, source: Source) -> _File:
        if source.path not in self._files:
            self._files[source.path] = self._read(source)
        return self._files[source.path]

    def _read(self, source: Source) -> _File:
        raw = source.tree
        version = _version(raw)
        faults = _forbidden(raw)
        variables = Variables(self._values)
        replacing = Interpolation(variables)
        tree = replacing.tree(raw)
        faults += replacing.failures
        if source.fault is None:
            faults += _schema_faults(tree, version, replacing.lacking)
        reader = Reader(source.name)
        services = _services(tree, raw, reader)
        faults += reader.faults
        below = sections.read(tree, source.name, faults)
        return _File(
            source,
            tree,
            version,
            services,
            below,
            tuple(
                Fault(
                    each.message,
                    Place(source.name, each.line),
                    unreadable=isinstance(each, TooMuchError),
                    needs=tuple(sorted(replacing.lacking.get(each.line, ()))),
                )
                for each in faults
            ),
            frozenset(variables.unset),
            frozenset(Place(source.name, line) for line in replacing.lacking),
            tuple(_env_files(tree, source.name)),
        )


def _version(tree: Map) -> str:
    if "version" not in tree:
        return schema.DEFAULT_VERSION
    value = tree["version"]
    text = "<nil>" if value is None else text_of(value)
    return schema.DEFAULT_VERSION if text in {"", "3"} else text


def _forbidden(tree: Map) -> list[ComposeError]:
    services = tree.get("services")
    if not isinstance(services, Map):
        return []
    return [
        ComposeError(
            f"Configuration contains forbidden properties: services.{name}.{key}",
            service.lines[key],
        )
        for name, service in services.items()
        if isinstance(service, Map)
        for key in _FORBIDDEN
        if key in service
    ]


def _schema_faults(
    tree: Map, version: str, lacking: Mapping[int, set[str]]
) -> Iterator[ComposeError]:
    """Yield the fault that docker reports; behind one for want of a variable, the next other."""
    shape = schema.compose_file(version)
    if shape is None:
        line = tree.line_of("version")
        yield ComposeError(f"unsupported Compose file version: {version}", line)
        return
    for fault in check(tree, shape):
        yield ComposeError(fault.message, fault.line)
        if fault.line not in lacking:
            return


def _services(tree: Map, raw: Map, reader: Reader) -> dict[str, Service]:
    services, before = tree.get("services"), raw.get("services")
    if not isinstance(services, Map) or not isinstance(before, Map):
        return {}
    result = {}
    for name, value in services.items():
        if isinstance(value, Map):
            service = reader.service(name, value, before[name])
            service.places[""] = Place(reader.file, services.lines[name])
            result[name] = service
    return result


def _env_files(tree: Map, file: str) -> Iterator[tuple[str, Place]]:
    """Yield each `env_file` and where it is named first."""
    services = tree.get("services")
    known: set[str] = set()
    for service in services.values() if isinstance(services, Map) else ():
        value = service.get("env_file") if isinstance(service, Map) else None
        if isinstance(value, str) and value not in known:
            known.add(value)
            yield value, Place(file, service.lines["env_file"])
        for name, line in value.located() if isinstance(value, Seq) else ():
            if str(name) not in known:
                known.add(str(name))
                yield str(name), Place(file, line)


def _real(path: Path) -> str:
    """Return where a path leads; one that no file can have is as it is written."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def _env_complaint(path: Path, inside: Path | None) -> tuple[str, int]:
    """Return what is wrong with an env file, or nothing, and how many bytes it has."""
    try:
        if inside is None and path.is_char_device():
            return "", 0
        content = read_plain(path, inside)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        shown = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:_LONGEST_SHOWN]}…"
        return f"open {shown}: {(reason or 'not readable').lower()}", 0
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        complaint = _line_complaint(line, number, path)
        if complaint:
            return complaint, len(content)
    return "", len(content)


def _line_complaint(line: bytes, number: int, path: Path) -> str:
    if len(line) >= _LONGEST_LINE:
        return f"bufio.Scanner: token too long ({path}, line {number})"
    try:
        text = line.decode().strip("\r").lstrip()
    except UnicodeDecodeError:
        return f"invalid env file ({path}): invalid utf8 bytes at line {number}"
    key = text.partition("=")[0]
    if text and text[0] != "#":
        if not key:
            return f"invalid env file ({path}): no variable name on line {number}"
        if " " in key or "\t" in key:
            return f"invalid env file ({path}): variable on line {number} contains whitespaces"
    return ""
