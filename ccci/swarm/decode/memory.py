"""How much memory a container holds, as the kernel and the Engine tell it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ccci.errors import EngineError
from ccci.swarm.decode.typed import Json, inside, text, whole
from ccci.swarm.model import Sample, TaskState

MOST = 120
"""Samples that are kept of one task: with more of them, every second one is dropped."""

_LIKE, _TRIFLE = 0.02, 2**18
"""A share, and bytes, by which a sample has to differ from the last one to be another."""

_BYTES = re.compile(r"[0-9]{1,20}")
_STILL = 5.0
"""Seconds between two samples that are alike."""


@dataclass(frozen=True, slots=True)
class Held:
    """A task whose container is on the node that is asked, and the container's first process."""

    task: str
    container: str
    process: int


def held(tasks: Iterable[Json], node: str) -> tuple[Held, ...]:
    """Return the tasks of a listing that have a container which runs on a node."""
    found = []
    for each in tasks:
        status = inside(each, "Status")
        container = inside(status, "ContainerStatus")
        identifier = text(container, "ContainerID")
        running = text(status, "State") in {TaskState.STARTING, TaskState.RUNNING}
        if running and identifier and text(each, "NodeID") == node:
            found.append(Held(text(each, "ID"), identifier, whole(container, "PID") or 0))
    return tuple(found)


def cgroup_of(said: str, container: str) -> tuple[str, bool] | None:
    """Return a container's cgroup by what `/proc/PID/cgroup` says, and whether it is of version 2.

    None where the process is not the container's: its number may be one of another machine.
    """
    for line in said.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if container not in path or ".." in path.split("/"):
            continue
        if not controllers:
            return path, True
        if "memory" in controllers.split(","):
            return path, False
    return None


def working_set(usage: str, stat: str) -> int | None:
    """Return the bytes that the kernel cannot simply take back, of a cgroup's files.

    It is what `docker stats` tells: the usage without the pages of files that nobody used lately.
    """
    lines = (line.split() for line in stat.splitlines())
    known = {words[0]: words[1] for words in lines if len(words) == 2}  # noqa: PLR2004
    idle = known.get("total_inactive_file", known.get("inactive_file", "0"))
    if not _BYTES.fullmatch(usage.strip()) or not _BYTES.fullmatch(idle):
        return None
    return max(int(usage) - int(idle), 0)


def of_stats(stats: object) -> int | None:
    """Return the same of an answer to `/containers/ID/stats`, None where it has ended."""
    try:
        memory = inside(stats if isinstance(stats, dict) else {}, "memory_stats")
        usage, stat = whole(memory, "usage"), inside(memory, "stats")
        idle = whole(stat, "total_inactive_file" if "total_inactive_file" in stat else _V2)
    except EngineError:
        return None
    return None if usage is None else max(usage - (idle or 0), 0)


_V2 = "inactive_file"


class Series:
    """The samples of one task while they come in; the highest one is always kept.

    What is kept depends on what was offered alone, so that a recording gives the same.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, Sample]] = []
        self._apart = 0.0
        self._highest = -1

    def offer(self, at: float, sample: Sample) -> bool:
        """Take a sample that was made at `at` (seconds, never less than before); say if kept."""
        if self._kept:
            before, last = self._kept[-1]
            moved = abs(sample.bytes - last.bytes) > max(last.bytes * _LIKE, _TRIFLE)
            higher = sample.bytes > self._highest and moved
            due = at >= before + (self._apart if moved else max(self._apart, _STILL))
            if not (due or higher):
                return False
        self._highest = max(self._highest, sample.bytes)
        self._kept.append((at, sample))
        if len(self._kept) > MOST:
            self._thin()
        return True

    def _thin(self) -> None:
        last = len(self._kept) - 1
        top = next(n for n, (_, each) in enumerate(self._kept) if each.bytes == self._highest)
        self._kept = [each for n, each in enumerate(self._kept) if n % 2 == 0 or n in {top, last}]
        spans = (self._kept[-1][0] - self._kept[0][0]) / (MOST // 2)
        self._apart = max(2 * self._apart, spans)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Return what is kept, the oldest first."""
        return tuple(each for _, each in self._kept)
