"""Dates without quotes, which go-yaml makes times of, and docker's decoder then refuses. Pure."""

from collections.abc import Iterable
from typing import Any

from ccci.compose.tree import Map, Seq, Timestamp

_PRINTED = {"environment", "labels", "sysctls", "driver_opts", "options", "args"}
_ANYTHING = {"extra_hosts", "expose", "shm_size"}
"""Keys whose value may be one; `shm_size` under `build` alone, of which Swarm uses nothing."""


def dates(value: Any, line: int, *, printed: bool = False) -> Iterable[int]:  # noqa: ANN401
    """Yield the lines of dates where docker wants a text; maps that are printed take anything."""
    if isinstance(value, Timestamp):
        if not printed:
            yield line
    elif isinstance(value, Map):
        for key, entry in value.items():
            if not key.startswith("x-"):
                below = printed or (key in _PRINTED and isinstance(entry, Map))
                below = below or key in _ANYTHING
                yield from dates(entry, value.lines[key], printed=below)
    elif isinstance(value, Seq):
        for entry, at in value.located():
            yield from dates(entry, at, printed=printed)
