"""Which spec a task is made of: the one that was asked for, or the one before it. Pure."""

from dataclasses import replace

from ccci.swarm.judge.diagnose import called
from ccci.swarm.judge.history import History
from ccci.swarm.model import Cause, Spec, Task, UpdateState


def is_new(task: Task, history: History) -> bool:
    """Say whether a task is made of the spec that was asked for.

    After a rollback Swarm's own test means the old spec; the reader asks about the new one.
    """
    if not history.rolling_back:
        return task.up_to_date
    target = history.asked.target
    return task.template == target.template if target is not None else not task.up_to_date


def spec_of(task: Task, history: History) -> Spec | None:
    """Return the spec that a task is made of, as far as one is known."""
    base = history.asked.baseline
    known: tuple[Spec | None, ...] = (
        history.asked.target,
        history.service.spec,
        base.spec if base is not None else None,
        history.service.previous,
    )
    return next((each for each in known if each and each.template == task.template), None)


def blamed(task: Task, history: History) -> Spec | None:
    """Return the spec in which a task's failure is put right: after a rollback it may be the old.

    Of every other rollout it is the one that was asked for.
    """
    if history.rolling_back and not is_new(task, history):
        return spec_of(task, history)
    return history.asked.target


def told_apart(cause: Cause, task: Task, node: str, history: History) -> Cause:
    """Return the cause of a rollback that Swarm stopped, with whose task it was that died.

    There both specs have failed: what is to be put right of either is said of that one.
    """
    ours = history.asked.ours
    if ours is None or ours.state is not UpdateState.ROLLBACK_PAUSED or not history.rolling_back:
        return cause
    name = called(task, node)
    whose = "new" if is_new(task, history) else "old"
    rest = cause.detail.removeprefix(name)
    return replace(
        cause,
        detail=f"{name}, of the {whose} spec,{rest}" if rest != cause.detail else cause.detail,
        hint=f"deploy a repaired spec, for the rollback goes no further; of the {whose} one: "
        f"{cause.hint}",
    )
