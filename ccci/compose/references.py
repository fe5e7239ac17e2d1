"""The files that a service has its configs and secrets as. Pure."""

from typing import NamedTuple

from ccci.compose.tree import Map, Seq, text_of


class FileReference(NamedTuple):
    """A config or secret (`kind`: `configs`, `secrets`) as a file of a service's containers."""

    kind: str
    source: str
    target: str


def file_references(service: Map) -> tuple[FileReference, ...]:
    """Return what a service refers to; without a target a file has the source's name."""
    result: list[FileReference] = []
    for kind in ("configs", "secrets"):
        entries = service.get(kind)
        for entry in entries if isinstance(entries, Seq) else ():
            if isinstance(entry, Map):
                source = text_of(entry.get("source") or "")
                result.append(FileReference(kind, source, text_of(entry.get("target") or source)))
            else:
                result.append(FileReference(kind, text_of(entry), text_of(entry)))
    return tuple(result)
