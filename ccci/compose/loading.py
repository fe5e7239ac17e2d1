"""Compose files in, services out, and whether the docker CLI would take the set at all.

What docker refuses is not the end: whatever can still be read is, so that a sweep can speak of it.
"""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccci.compose import merge, schema, sections
from ccci.compose.events import parse
from ccci.compose.interpolation import Interpolation, Variables
from ccci.compose.reading import Reader
from ccci.compose.sections import Sections
from ccci.compose.service import Place, Service
from ccci.compose.shape import check
from ccci.compose.tree import ComposeError, Map, Seq, text_of

LARGEST = 1024 * 1024
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
_IGNORE = re.compile(r"#\s*ccci:\s*ignore\s+(CCCI\d{3}(?:[\s,]+CCCI\d{3})*)[\s,:-]*(.*)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why docker would refuse a set, and where; `place.line` is 0 where there is no line."""

    message: str
    place: Place
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment `# ccci: ignore CCCI001 reason`; `service` is None where the whole file is meant.

    It is meant for the service in whose block it stands, or that it stands right above.
    """

    place: Place
    rules: tuple[str, ...]
    reason: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name as given, its tree before variables, what is wrong with it already."""

    name: str
    path: Path
    tree: Map
    fault: Fault | None = None
    ignores: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A set of files read and merged; `fault` is the first thing docker stops at."""

    services: dict[str, Service]
    sections: Sections
    fault: Fault | None = None
    unset: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """One file with its variables replaced."""

    source: Source
    version: str
    services: dict[str, Service]
    sections: Sections
    faults: tuple[Fault, ...]
    unset: frozenset[str]
    env_files: tuple[tuple[str, Place], ...] = field(default=())


def open_source(
    name: str, path: Path, *, inside: Path | None = None, content: bytes | None = None
) -> Source:
    """Return a file read and parsed; `name` is what to call it, `content` stands for what it holds.

    With `inside`, a link that leads out of that folder is not followed. Nothing that is no plain
    file is opened, so that a pipe cannot hang us. Every trouble is the source's `fault`.
    """
    try:
        content = read_plain(path, inside) if content is None else content
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Source(name, path, Map(), Fault(reason, Place(name, 0), unreadable=True))
    fault = None
    try:
        tree = parse(content)
    except ComposeError as error:
        fault = Fault(error.message, Place(name, error.line))
        tree = error.kept or Map()
    ignores = _ignores(content, name, tree) if b"ccci:" in content else ()
    return Source(name, path, tree, fault, ignores)


def read_plain(path: Path, inside: Path | None = None) -> bytes:
    """Return what a plain file of moderate size holds.

    With `inside`, what leads out of that folder, by a link or by `..`, is not followed. Nothing
    that is no plain file is read, so that a pipe cannot hang us. Raise OSError, or ValueError with
    the reason.
    """
    if inside is not None and not _real(path).is_relative_to(_real(inside)):
        raise ValueError("it leads out of the folder: not followed")
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("no plain file: not read")
        if status.st_size > LARGEST:
            raise ValueError(
                f"{status.st_size} bytes: larger than the {LARGEST} that are read of one file"
            )
        with open(number, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    finally:
        os.close(number)


def _real(path: Path) -> Path:
    # Path.resolve raises RuntimeError on a circle of links, which opening then reports better.
    return Path(os.path.realpath(path))


def _ignores(content: bytes, name: str, tree: Map) -> tuple[Ignore, ...]:
    lines = content.decode(errors="replace").splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        match = _IGNORE.search(line)
        if match:
            rules = tuple(re.findall(r"CCCI\d{3}", match[1]))
            service = _service_at(lines, number, tree)
            found.append(Ignore(Place(name, number), rules, match[2].strip(), service))
    return tuple(found)


def _service_at(lines: Sequence[str], number: int, tree: Map) -> str | None:
    """Return the service that a comment on a line speaks of, or None."""
    services = tree.get("services")
    if not isinstance(services, Map) or not lines[number - 1][:1].isspace():
        return None
    starts = {line: key for key, line in services.lines.items()}
    below = number
    while below < len(lines) and lines[below - 1].lstrip()[:1] in {"", "#"}:
        below += 1
    if below in starts:
        return starts[below]
    ends = sorted(line for line in tree.lines.values() if line > tree.lines["services"])
    if ends and number >= ends[0]:
        return None
    before = [line for line in starts if line <= number]
    return starts[max(before)] if before else None


class Loader:
    """Loads sets under one set of variables; a file that several sets share is read once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._files: dict[Path, _File] = {}

    def load(self, sources: Sequence[Source]) -> Loaded:
        """Return the set, merged in order."""
        broken = [source.fault for source in sources if source.fault is not None]
        files = [self._file(source) for source in sources]
        faults = broken + self._mismatches(files)
        services: dict[str, Service] = {}
        below = Sections({}, {}, {}, {})
        folder = sources[0].path.parent
        for index, each in enumerate(files):
            faults += each.faults
            faults += _env_faults(each, folder)
            services = merge.services(services, each.services) if index else dict(each.services)
            below = each.sections.over(below)
        return Loaded(
            services,
            below,
            faults[0] if faults else None,
            tuple(sorted(frozenset().union(*(each.unset for each in files)))),
            tuple(ignore for source in sources for ignore in source.ignores),
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
            fault = _schema_fault(tree, version)
            faults += [fault] if fault else []
        reader = Reader(source.name)
        services = _services(tree, raw, reader)
        faults += reader.faults
        below = sections.read(tree, source.name, faults)
        return _File(
            source,
            version,
            services,
            below,
            tuple(Fault(each.message, Place(source.name, each.line)) for each in faults),
            frozenset(variables.unset),
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


def _schema_fault(tree: Map, version: str) -> ComposeError | None:
    shape = schema.compose_file(version)
    if shape is None:
        return ComposeError(f"unsupported Compose file version: {version}", tree.line_of("version"))
    fault = check(tree, shape)
    return ComposeError(fault.message, fault.line) if fault else None


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


def _env_files(tree: Map, file: str) -> list[tuple[str, Place]]:
    services = tree.get("services")
    found: list[tuple[str, Place]] = []
    for service in services.values() if isinstance(services, Map) else ():
        value = service.get("env_file") if isinstance(service, Map) else None
        if isinstance(value, str):
            found.append((value, Place(file, service.lines["env_file"])))
        elif isinstance(value, Seq):
            found += [(str(name), Place(file, line)) for name, line in value.located()]
    return found


def _env_faults(file: _File, folder: Path) -> list[Fault]:
    """Return what docker says of each `env_file`: it opens them, relative to the first file."""
    faults = []
    for name, place in file.env_files:
        complaint = _env_complaint(folder / name)
        if complaint:
            faults.append(Fault(complaint, place))
    return faults


def _env_complaint(path: Path) -> str:
    try:
        if path.is_char_device():
            return ""
        content = read_plain(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"open {path}: {(reason or 'not readable').lower()}"
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
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
