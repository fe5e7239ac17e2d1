"""Which tasks show why a service fails: those of the spec asked for, or those put back. Pure."""

from ccci.swarm.judge.history import History
from ccci.swarm.model import TaskState


def recent_failures(history: History) -> tuple[str, ...]:
    """Return the tasks of this rollout that failed, the latest last; not those put back."""
    back = failed_after_rollback(history)
    return tuple(task for task in _failed(history) if task not in back)


def ended_well(history: History) -> tuple[str, ...]:
    """Return the tasks of the spec asked for that ended as a one-shot may.

    Within `monitor` Swarm takes these for failures, too (swarmkit updater.go).
    """
    template = history.asked.target.template if history.asked.target is not None else ""
    return tuple(
        life.task.id
        for life in history.tasks.lives.values()
        if life.task.template == template
        and life.task.state is TaskState.COMPLETE
        and life.task.id not in history.tasks.asked_to_stop
    )


def failed_after_rollback(history: History) -> tuple[str, ...]:
    """Return the tasks that a rollback brought back, and that fail, too; the latest last."""
    if not history.rolling_back or history.asked.target is None:
        return ()
    asked, now = history.asked.target.template, history.service.spec.template
    return tuple(
        task
        for task in _failed(history)
        if asked != now
        and task in history.tasks.lives
        and history.tasks.lives[task].task.template == now
    )


def _failed(history: History) -> tuple[str, ...]:
    failures = sorted(
        (each for slot in history.tasks.failures.values() for each in slot),
        key=lambda each: each.seen_at,
    )
    return tuple(each.task for each in failures)
