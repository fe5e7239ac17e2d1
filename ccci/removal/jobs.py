"""Jobs, which have to be ended before they are removed.

Up to engine 20.10 nobody tells the tasks of a removed job to end (its swarmkit has no
EventDeleteService in manager/orchestrator/jobs/orchestrator.go; from 23.0 it has): a task that runs
runs on, on whatever node, without a service by which anybody could reach it, and what waits for a
node starts as soon as one fits. A job that asks for no task any more ends the ones it has: those of
an older iteration are set to `remove` (swarmkit manager/orchestrator/jobs/replicated, …/global).
"""

from contextlib import suppress

from ccci.errors import EngineError
from ccci.host import clock, interrupts
from ccci.swarm.decode import jobs, tasks
from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.tasks import TaskEntry
from ccci.swarm.decode.typed import Json
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL

END_WITHIN = 10.0
"""How long Swarm may take to tell the tasks of the jobs to end; it mostly does so at once."""
_LOOK_EVERY = 0.1


def is_at_work(task: TaskEntry) -> bool:
    """Say whether something is still to come of a task: its end, or its removal.

    Swarm forgets a task that it is to remove, and then its node removes the container. A job's task
    may outlive its service: what ended stays as it is, what waits for a node may wait for ever.
    Raise EngineError where the answer makes no sense.
    """
    if task.is_to_be_removed:
        return True
    if task.ended:
        return False
    return bool(task.node) or not task.is_of_a_job


def end_jobs(engine: Engine, stack: str, within: float = END_WITHIN) -> tuple[str, ...]:
    """Have Swarm end the tasks of a stack's jobs, as far as they have not ended.

    Returns the names of the jobs whose tasks were not told to end `within` so many seconds. Raise
    EngineError where the Engine refuses to list what there is.
    """
    until = clock.monotonic() + within
    while working := _at_work(engine, stack):
        if clock.monotonic() >= until or interrupts.hurried():
            return tuple(listed(each).name for each in working)
        for service in working:
            _ask_for_none(engine, service)
        clock.sleep(_LOOK_EVERY)
    return ()


def _at_work(engine: Engine, stack: str) -> list[Json]:
    """Return the jobs of a stack that have a task which goes on, or may start."""
    there = [each for each in engine.services(stack) if jobs.is_job(each)]
    if not there:
        return []
    listing = tasks.entries(engine.tasks({"label": [f"{STACK_LABEL}={stack}"]}))
    going_on = {task.service for task in listing if task.is_of_a_job and not task.ended}
    return [each for each in there if listed(each).id in going_on]


def _ask_for_none(engine: Engine, service: Json) -> None:
    """Send a job's spec with no task in it, unless that was done already."""
    spec = jobs.emptied(service)
    if spec is None:
        return
    version = jobs.version_of(service)
    # "update out of sequence": somebody changed it meanwhile, and the next look tells how.
    with suppress(EngineError):
        engine.post(
            f"/services/{listed(service).id}/update", params={"version": version}, body=spec
        )
