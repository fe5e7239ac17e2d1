"""The time line of a rollout: what became of each task, and what Swarm said, as values. Pure.

`chronicle` folds it from the looks of a rollout; writers draw it. Times are RFC 3339 in UTC: a
task's are its node's, an update's are a manager's, so that two of them may be apart by as much as
their clocks are.
"""

from dataclasses import dataclass
from enum import StrEnum

from ccci.exits import Verdict
from ccci.swarm.model import CauseCode, Sample, Transition


class Side(StrEnum):
    """Which spec a task is made of: the one that was asked for, or another."""

    NEW = "new"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Bar:
    """One task."""

    task: str
    slot: str
    node: str
    side: Side
    since: str
    states: tuple[Transition, ...] = ()
    """By Swarm's own times."""
    until: str | None = None
    """None while it was still there at the end."""
    died: bool = False
    """Whether it ended by itself and not as it was meant to."""
    cause: CauseCode | None = None
    """What it died of."""
    words: str = ""
    """What it died of, in words."""
    exit_code: int | None = None
    limit: int | None = None
    """Its memory limit in bytes, None without one."""
    samples: tuple[Sample, ...] = ()
    """Only of tasks on the node that was asked, oldest first."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What Swarm said of an update, in its wire spelling, and when.

    `exact` says that the time is Swarm's own, else it is that of the look which saw it first.
    """

    at: str
    state: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One service: its tasks by when they were made, what Swarm said, and what was judged when.

    `left_out` is how many tasks are not among the bars, since there were so many.
    """

    service: str
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    verdict: Verdict | None = None
    judged_at: str | None = None
    left_out: int = 0

    def of(self, side: Side) -> tuple[Bar, ...]:
        """Return the tasks of one spec."""
        return tuple(each for each in self.bars if each.side is side)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A whole rollout, from its first look to its last; empty where none was followed.

    `memory` is how many bytes each node has, by its name, as far as Swarm tells it.
    """

    begun: str = ""
    ended: str = ""
    lanes: tuple[Lane, ...] = ()
    memory: tuple[tuple[str, int], ...] = ()

    def of(self, service: str) -> Lane | None:
        """Return a service's lane, by its name as in the compose file."""
        return next((each for each in self.lanes if each.service == service), None)
