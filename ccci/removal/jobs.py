"""Jobs, which have to be ended before they are removed.

Up to engine 20.10 nobody tells the tasks of a removed job to end (its swarmkit has no
EventDeleteService in manager/orchestrator/jobs/orchestrator.go; from 23.0 it has): a task that runs
runs on, on whatever node, without a service by which anybody could reach it, and what waits for a
node starts as soon as one fits. A job that asks for no task any more ends the ones it has: those of
an older iteration are set to `remove` (swarmkit manager/orchestrator/jobs/replicated, …/global).
"""

from collections.abc import Iterable
from contextlib import suppress

from ccci.errors import EngineError
from ccci.host import clock, interrupts
from ccci.swarm.decode.specs import mode_of
from ccci.swarm.decode.typed import Json, inside, text, whole
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.states import TaskState

END_WITHIN = 10.0
"""How long Swarm may take to tell the tasks of the jobs to end; it mostly does so at once."""
_LOOK_EVERY = 0.1
_NOWHERE = "node.id==none"


def is_at_work(task: Json) -> bool:
    """Say whether something is still to come of a task: its end, or its removal.

    Swarm forgets a task that it is to remove, and then its node removes the container. A job's task
    may outlive its service: what ended stays as it is, what waits for a node may wait for ever.
    Raise EngineError where the answer makes no sense.
    """
    if text(task, "DesiredState") == TaskState.REMOVE:
        return True
    if _state(text(inside(task, "Status"), "State")).ended:
        return False
    return bool(text(task, "NodeID")) or not is_of_a_job(task)


def is_of_a_job(task: Json) -> bool:
    """Say whether a task is meant to complete, by what Swarm desires of it."""
    return text(task, "DesiredState") == TaskState.COMPLETE


def end_jobs(engine: Engine, stack: str, within: float = END_WITHIN) -> tuple[str, ...]:
    """Have Swarm end the tasks of a stack's jobs, as far as they have not ended.

    Returns the names of the jobs whose tasks were not told to end `within` so many seconds. Raise
    EngineError where the Engine refuses to list what there is.
    """
    until = clock.monotonic() + within
    while working := _at_work(engine, stack):
        if clock.monotonic() >= until or interrupts.hurried():
            return tuple(text(inside(each, "Spec"), "Name") for each in working)
        for service in working:
            _ask_for_none(engine, service)
        clock.sleep(_LOOK_EVERY)
    return ()


def _at_work(engine: Engine, stack: str) -> list[Json]:
    """Return the jobs of a stack that have a task which goes on, or may start."""
    jobs = [each for each in engine.services(stack) if _mode(each)]
    if not jobs:
        return []
    tasks = engine.tasks({"label": [f"{STACK_LABEL}={stack}"]})
    going_on = {text(task, "ServiceID") for task in tasks if _goes_on(task)}
    return [each for each in jobs if text(each, "ID") in going_on]


def _goes_on(task: Json) -> bool:
    return is_of_a_job(task) and not _state(text(inside(task, "Status"), "State")).ended


def _mode(service: Json) -> str:
    mode = mode_of(inside(service, "Spec"))
    return next((name for name in ("ReplicatedJob", "GlobalJob") if name in mode), "")


def _ask_for_none(engine: Engine, service: Json) -> None:
    """Send a job's spec with no task in it, unless that was done already."""
    spec = dict(inside(service, "Spec"))
    template = dict(inside(spec, "TaskTemplate"))
    placement = inside(template, "Placement")
    if _mode(service) == "ReplicatedJob":
        wanted = inside(mode_of(spec), "ReplicatedJob")
        if whole(wanted, "TotalCompletions") == 0:
            return
        spec["Mode"] = {"ReplicatedJob": {**wanted, "TotalCompletions": 0}}
    else:
        if _NOWHERE in _texts(placement.get("Constraints")):
            return
        # Those of the recipe may be what the Engine of today refuses.
        template["Placement"] = {**placement, "Constraints": [_NOWHERE]}
        spec["TaskTemplate"] = template
    version = whole(inside(service, "Version"), "Index")
    # "update out of sequence": somebody changed it meanwhile, and the next look tells how.
    with suppress(EngineError):
        engine.post(
            f"/services/{text(service, 'ID')}/update", params={"version": version}, body=spec
        )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Iterable) else ()


def _state(word: str) -> TaskState:
    """Return a task's state; one that nobody knows is one that has not ended."""
    try:
        return TaskState(word)
    except ValueError:
        return TaskState.NEW
