"""An end with 0 of which nobody heard whether the task's health check had failed. Pure.

Swarm stops a task that turned unhealthy, and one that then exits with 0 is `complete` without any
error (moby daemon/cluster/executor/container/controller.go: Start, Wait). Only the Engine of its
own node tells of the check, and one node alone is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from ccci.swarm.model import HealthCheck, Task, TaskState


@dataclass(frozen=True, slots=True)
class Span:
    """Between which looks a task ran: it can have run no longer."""

    since: float
    """The last look at which it had not started."""
    until: float | None = None
    """The first look at which it had ended."""


def spans(
    before: Mapping[str, Span],
    tasks: Iterable[Task],
    *,
    old: frozenset[str] | None,
    last: float,
    at: float,
) -> dict[str, Span]:
    """Return the spans of tasks as of the look at `at`, given those as of `last`, the one before.

    `old` are the tasks that were there before the rollout, None for whatever is listed: those that
    had ended are nobody's matter, and the others may have run for ever.
    """
    found = dict(before)
    for task in tasks:
        was_there = old is None or task.id in old
        if task.id not in found and task.state.rank >= TaskState.STARTING.rank:
            if was_there and task.state.ended:
                continue
            found[task.id] = Span(-inf if was_there else last)
        if task.state.ended and task.id in found and found[task.id].until is None:
            found[task.id] = replace(found[task.id], until=at)
    return found


def unhealthy_at_soonest(check: HealthCheck) -> float:
    """Return the seconds that failing probes take at least to turn a container unhealthy.

    The first that counts comes an interval after the start or a good one, or, from engine 25 on,
    when the start period is over (moby daemon/health.go: monitor, handleProbeResult).
    """
    first = min(check.start_period or check.interval, check.interval)
    return first + (check.retries - 1) * check.interval


def unheard(
    tasks: Iterable[Task], known: Mapping[str, Span], health: HealthCheck | None, asked: str
) -> bool:
    """Say whether one of these tasks ended with 0 on a node that was not asked, perhaps unhealthy.

    Not one that ended before its check can have failed often enough. `asked` is the node whose
    Engine is asked, empty where nobody says.
    """
    if health is None or not asked:
        return False
    return any(
        task.node != asked
        and task.state is TaskState.COMPLETE
        and not task.exit_code
        and (span := known.get(task.id)) is not None
        and (span.until or inf) - span.since >= unhealthy_at_soonest(health)
        for task in tasks
    )
