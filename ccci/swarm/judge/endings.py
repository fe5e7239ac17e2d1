"""What it means when a task of a service ends with 0: its policy says, and its practice. Pure."""

import math
from enum import Enum

from ccci.swarm.judge.limits import BY_THE_CLOCK
from ccci.swarm.model import HealthCheck, Mode, Spec, Task, TaskState


class Ending(Enum):
    """What an exit code of 0 is to a service."""

    EARLY = "early"
    """A failure: it is to stay."""
    DONE = "done"
    """Its work is done: a job, or a one-shot."""
    AGAIN = "again"
    """Its work is done until its restart delay is over: a schedule."""
    UNHEARD = "unheard"
    """Its work would be done, but nobody heard whether its health check had failed."""

    @property
    def meant(self) -> bool:
        """Say whether it may end so."""
        return self in {Ending.DONE, Ending.AGAIN}


def ending_of(
    spec: Spec, health: HealthCheck | None, *, stays: bool, patience: float = math.inf
) -> Ending:
    """Return what an end with 0 is to a service, `health` being its effective check.

    `stays`: the baseline saw a task of it run. Practice says more than the policy: a worker that
    ran until the upgrade and then ends, with a usage text and 0, has not done its work. (A task of
    swarm-cronjob's that was at work is none.) `patience` is how long the rollout may take: who
    starts again only after that runs by the clock (`condition: any, delay: 24h`; moby issue 38733),
    if nobody waits for it: it has no health check and no port.
    """
    if spec.mode.is_job:
        return Ending.DONE
    late = spec.restart.delay > patience and (not stays or spec.restart.delay >= BY_THE_CLOCK)
    if spec.restart.condition == "any" and late and health is None and not spec.ports:
        return Ending.AGAIN
    if stays and not spec.cronjob:
        return Ending.EARLY
    return Ending.DONE if is_one_shot(spec, health) else Ending.EARLY


def is_one_shot(spec: Spec, health: HealthCheck | None) -> bool:
    """Say whether a replicated service may end: what its policy calls an end, not a failure.

    `none`, or `on-failure` without health check and ports. With a check, exit 0 may be an app that
    turned unhealthy and stopped gracefully, and Swarm reports no error at all.
    """
    if spec.mode is not Mode.REPLICATED:
        return False
    if spec.restart.condition == "none":
        return True
    return spec.restart.condition == "on-failure" and health is None and spec.ports == 0


def ended_by_itself(task: Task) -> bool:
    """Say whether a task ended on its own account; `shutdown` is an end that was asked for."""
    return task.state in {TaskState.FAILED, TaskState.REJECTED, TaskState.COMPLETE}


def ended_well(task: Task, unhealthy: frozenset[str]) -> bool:
    """Say whether a task ended with 0, and not because its check had failed.

    Swarm stops a task that turned unhealthy, and one that then exits with 0 is `complete` without
    any error (moby daemon/cluster/executor/container/controller.go).
    """
    return task.state is TaskState.COMPLETE and not task.exit_code and task.id not in unhealthy
