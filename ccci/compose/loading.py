"""Compose files in, services out, and whether the docker CLI would take the set at all.

What docker refuses is not the end: whatever can still be read is, so that a sweep can speak of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccci.compose import merge, schema, sections
from ccci.compose.interpolation import Interpolation, Variables
from ccci.compose.reading import Reader
from ccci.compose.sections import Sections
from ccci.compose.service import Place, Service
from ccci.compose.shape import check
from ccci.compose.source import Fault, Ignore, Source, read_plain
from ccci.compose.tree import ComposeError, Map, Seq, text_of

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
