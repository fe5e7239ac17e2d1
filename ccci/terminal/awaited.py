"""What a rollout waits for at this moment, in a few words. Pure."""

from ccci.host.durations import told
from ccci.swarm.judge.history import History
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import HealthCheck, Judgement, Observation, Phase, Task, TaskState

_SOAKS = {Phase.SOAKING, Phase.STEADY}
_ON_A_NODE = {TaskState.ASSIGNED, TaskState.ACCEPTED, TaskState.PREPARING}


def awaited(rollout: Rollout, seen: Observation, at: float) -> str:
    """Return what is waited for `at` a moment of the looks' clock, and how long at most.

    What has to happen first is named, and how many others there are. Nothing where all is done.
    """
    running = seen.command is not None and seen.command.code is None
    if running and not rollout.touched:
        return "COMMAND's first change"
    left = [each for each in rollout.judgements if each.verdict is None]
    if not left:
        return "COMMAND to end" if running else ""
    left.sort(key=lambda each: each.phase in _SOAKS)
    first = left[0]
    more = f", and {len(left) - 1} more" if left[1:] else ""
    return _of(first, rollout.histories.get(first.id), at) + more


def _of(judged: Judgement, history: History | None, at: float) -> str:
    if judged.phase in _SOAKS and judged.ripe_at is not None and judged.ripe_at > at:
        return f"{judged.name} to stay up, {_most(judged.ripe_at - at)}"
    if judged.phase in {Phase.ROLLING_BACK, Phase.COMING_BACK}:
        return f"Swarm to roll {judged.name} back"
    return judged.name if history is None else _of_tasks(judged.name, history)


def _of_tasks(name: str, history: History) -> str:
    """Return what the tasks of a service wait for."""
    made = [each for each in history.slots.live if each.up_to_date]
    starting = next((each for each in made if each.state is TaskState.STARTING), None)
    if starting is not None and history.health is not None:
        return f"{name}'s health check{_left(starting, history.health)}"
    if any(each.state in _ON_A_NODE for each in made):
        return f"the image of {name}, and its start"
    if any(each.state is TaskState.PENDING for each in made):
        return f"a node for {name}"
    return f"the old task of {name} to stop" if history.slots.stopping and not made else name


def _left(task: Task, check: HealthCheck) -> str:
    """Return for how long a check may go on failing before it is unhealthy, where that is known."""
    most = check.start_period + check.unhealthy_after - (task.since or 0.0)
    return f", {_most(most)}" if most > 0 else ""


def _most(seconds: float) -> str:
    return f"up to {told(max(seconds, 1.0))}"
