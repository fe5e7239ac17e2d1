"""Looks that are believed: one answer decides nothing, it may be a lagging manager's, or not whole.

What is seen after a rollout is held against what was judged last; where nothing was seen before,
one look is held against the next.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ccci.errors import SEVERAL_MANAGERS, EngineError
from ccci.host import clock
from ccci.swarm.judge.stale import older
from ccci.swarm.model import Observation, Service, Task, TaskState

LOOKS = 3
"""How often is looked at most."""
AGAIN_AFTER = 1.0
"""Seconds between looks that cannot be true after what was seen before."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A look, and the services that were there before and are not in any look since."""

    seen: Observation
    gone: tuple[str, ...] = ()


def look(
    observes: Callable[[], Observation], last: Observation | None, named: Collection[str]
) -> Confirmed:
    """Return a look at a stack, by `observes`, that can be true after the `last` one.

    What of the services `named` is not there any more has to be missing in each of LOOKS looks.
    Raise EngineError where the last of them cannot be believed.
    """
    for number in range(1, LOOKS + 1):
        if number > 1:
            clock.sleep(AGAIN_AFTER)
        try:
            seen = observes()
        except EngineError:
            if number == LOOKS:
                raise
            continue
        doubt = older(last, seen) or _lacks_tasks(last, seen)
        gone = _gone(last, seen, named)
        if not doubt and (not gone or number == LOOKS):
            return Confirmed(seen, gone)
    raise EngineError(
        0,
        f"the Engine's answer cannot be believed: {doubt}",
        SEVERAL_MANAGERS,
    )


def agreed(looks: Callable[[], tuple[Service, ...]], stack: str) -> tuple[Service, ...]:
    """Return the services of a stack as two looks in a row tell of them.

    Where each look tells something else, as while tasks come and go, it is the last. Raise
    EngineError where that one tells of nothing, and another did not.
    """
    seen = [looks()]
    while len(seen) < LOOKS and seen[-1:] != seen[-2:-1]:
        seen.append(looks())
    if any(seen) and not seen[-1]:
        raise EngineError(
            0,
            f"the Engine tells of services of {stack}, and in the same moment of none",
            f"ask again; {SEVERAL_MANAGERS}",
        )
    return seen[-1]


def _gone(last: Observation | None, seen: Observation, named: Collection[str]) -> tuple[str, ...]:
    there = {each.id for each in seen.services}
    before = last.services if last is not None else ()
    return tuple(each.name for each in before if each.name in named and each.id not in there)


def _lacks_tasks(last: Observation | None, seen: Observation) -> str:
    """Return what of the tasks cannot be whole: Swarm forgets one that ran for another alone."""
    before = {each.id: each for each in last.services} if last is not None else {}
    for service in seen.services:
        was = before.get(service.id)
        if was is not None and was.version == service.version:
            slots = {task.slot for task in service.tasks}
            lost = [task for task in _running(was) if task.slot not in slots]
            if lost:
                return f"{service.name} has no task {lost[0].slot}, where one ran a moment ago"
    return ""


def _running(service: Service) -> list[Task]:
    return [
        task
        for task in service.tasks
        if task.state is TaskState.RUNNING and task.desired is TaskState.RUNNING
    ]
