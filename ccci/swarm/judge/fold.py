"""The fold step of one service: its history after one more look. Pure."""

from dataclasses import replace

from ccci.swarm.baseline import ServiceBaseline
from ccci.swarm.judge.blockers import held_up
from ccci.swarm.judge.diagnose import BLOCKERS, code_of, signature
from ccci.swarm.judge.endings import ended_by_itself
from ccci.swarm.judge.history import (
    Asked,
    Failure,
    History,
    Life,
    Since,
    Tasks,
    our_status,
)
from ccci.swarm.judge.moment import Moment
from ccci.swarm.model import (
    Service,
    Task,
    TaskState,
    Transition,
    UpdateState,
    UpdateStatus,
)


def first(now: Moment, before: ServiceBaseline | None, *, compared: bool) -> History:
    """Return the empty history of a service first seen; `compared`: there is a baseline.

    Without a baseline, tasks that had ended by the first look are no evidence.
    """
    service = now.service
    baseline = before if before is not None and before.id == service.id else None
    if baseline is not None:
        old = baseline.tasks
    elif compared:
        old = frozenset()
    else:
        old = frozenset(task.id for task in service.tasks if task.state.ended)
    target = None if _is_rolling_back(baseline, now) else service.spec
    return History(
        id=service.id,
        name=service.name,
        service=service,
        slots=now.slots,
        asked=Asked(baseline, before, target, rolled=compared and baseline is None),
        tasks=Tasks(old),
        since=Since(seen=now.at),
    )


def remember(history: History, now: Moment) -> History:
    """Return the history after one more look."""
    history = _with_status(history, now)
    tasks = _tasks(history, now)
    return replace(
        history,
        service=now.service,
        slots=now.slots,
        health=now.health,
        ending=now.ending,
        asked=replace(history.asked, rolled=_rolled(history.asked, now)),
        tasks=tasks,
        since=_since(history, now),
    )


def _since(history: History, now: Moment) -> Since:
    """Return since when each thing lasts that a look shows: from its first look on."""
    before, slots = history.since, now.slots
    asked = history.asked
    nowhere = not (slots.expected or slots.live or slots.stopping)

    def lasts(since: float | None, *, holds: bool, ago: float | None = 0.0) -> float | None:
        if not holds:
            return None
        return since if since is not None else now.at - (ago or 0.0)

    status = our_status(asked.baseline, now.service)
    state, ago = (status.state, status.age) if status is not None else (None, None)
    undone = state is UpdateState.ROLLBACK_COMPLETED
    done = state is UpdateState.COMPLETED or (undone and asked.put_back)
    return Since(
        seen=now.at,
        up=lasts(before.up, holds=slots.up),
        dead=lasts(before.dead, holds=bool(slots.dead)),
        nowhere=lasts(before.nowhere, holds=nowhere),
        completed=lasts(before.completed, holds=done, ago=ago),
        back=lasts(before.back, holds=undone and not asked.put_back, ago=ago),
        disarmed=lasts(before.disarmed, holds=_is_disarmed(now)),
        blocked=held_up(before.blocked, now, history.tasks.old),
    )


def _rolled(asked: Asked, now: Moment) -> bool:
    """Say whether something rolled or was stopped: then the service is not unchanged."""
    base, listed = asked.baseline, now.service.tasks
    if asked.rolled or now.slots.due:
        return True
    if base is None:
        return False
    if any(task.live and task.id not in base.tasks for task in listed):
        return True
    left = {task.id for task in listed if task.live or ended_by_itself(task)}
    return not base.held <= left


def _is_rolling_back(baseline: ServiceBaseline | None, now: Moment) -> bool:
    status = our_status(baseline, now.service)
    asked = now.may_roll_back and _by_hand(now.service)
    return status is not None and status.state.is_rollback and not asked


def _by_hand(service: Service) -> bool:
    """Say whether somebody asked for the rollback that a service shows.

    Swarm's own clears PreviousSpec (swarmkit orchestrator/update/updater.go), one that is asked
    for sets it to what it replaces (swarmkit controlapi/service.go).
    """
    return service.previous is not None


def _with_status(history: History, now: Moment) -> History:
    """Return the history with what Swarm says now, and with what is asked for now."""
    service = now.service
    status = our_status(history.asked.baseline, service)
    put_back = _put_back(history.asked, now, status)
    history = replace(history, asked=replace(history.asked, put_back=put_back))
    before = history.asked.ours
    back = status is not None and status.state.is_rollback and not put_back
    was_rolling = before is not None and before.state is UpdateState.UPDATING
    overtaken = history.rolling_back and (status is None or not status.state.is_rollback)
    unset = service.update is None and history.asked.settled is not None and was_rolling
    if not back and not overtaken:
        history = _retarget(history, service)
    asked = history.asked
    said = asked.said
    if status is not None and (not said or said[-1].message != status.message):
        said = (*said, status)
    rolls = status is not None and status.state is not UpdateState.COMPLETED
    return replace(
        history,
        asked=replace(
            asked,
            settled=asked.settled or (service.spec if now.settled and not back else None),
            ours=before if overtaken else status,
            overtaken=asked.overtaken or overtaken,
            said=said,
            transitions=_transitions(asked, service, status),
            unset_mid_roll=asked.unset_mid_roll or unset,
            rolled=asked.rolled or rolls,
        ),
    )


def _put_back(asked: Asked, now: Moment, status: UpdateStatus | None) -> bool:
    """Say whether the rollback that a service shows is one that COMMAND itself asked for."""
    if status is None or not status.state.is_rollback:
        return False
    if asked.ours is not None and asked.ours.state.is_rollback:
        return asked.put_back
    return now.may_roll_back and _by_hand(now.service)


def _retarget(history: History, service: Service) -> History:
    """Return the history with the spec that is asked for now.

    When COMMAND changes it, what its tasks did before says nothing about the new one. A look lists
    services and tasks one after the other: the first tasks of the new one may be known already.
    """
    asked, tasks = history.asked, history.tasks
    if asked.settled is not None or asked.target is None:
        return replace(history, asked=replace(asked, target=asked.target or service.spec))
    if asked.target.whole == service.spec.whole:
        return history
    made = service.spec.template
    fresh = {task.id for task in service.tasks if task.template == made != asked.target.template}
    old = tasks.old | (tasks.known - fresh)
    return replace(
        history,
        asked=replace(asked, target=service.spec),
        tasks=replace(tasks, old=old, failures={}, longest_life=0.0),
        since=replace(history.since, blocked={}),
    )


def _transitions(
    asked: Asked, service: Service, status: UpdateStatus | None
) -> tuple[Transition, ...]:
    """Return the states with one more where it is another, and since when by Swarm's own word.

    An accepted update writes the service as it takes the status away (swarmkit
    controlapi/service.go), so that a status is unset since the service was last written.
    """
    before, seen = asked.ours, asked.transitions
    if status is not None:
        known = before is not None and (before.state, before.started_at) == (
            status.state,
            status.started_at,
        )
        return seen if known else (*seen, Transition(status.since, status.state.value))
    if service.update is None and seen and seen[-1].state != "none":
        return (*seen, Transition(service.written_at, "none"))
    return seen


def _is_disarmed(now: Moment) -> bool:
    """Say whether a service shows that its spec was sent twice while it rolled.

    PreviousSpec then equals Spec, there is no status, and tasks stay that Swarm itself calls
    dirty, for good (swarmkit updater.go, "updated since we started").
    """
    service = now.service
    return (
        service.update is None
        and bool(now.slots.dirty)
        and service.previous is not None
        and service.previous.template == service.spec.template
        and service.previous.endpoint == service.spec.endpoint
    )


def _tasks(history: History, now: Moment) -> Tasks:
    before, listed, at = history.tasks, now.service.tasks, now.at
    running = dict(before.running_since)
    failures = dict(before.failures)
    stopped = before.asked_to_stop | {t.id for t in listed if not t.live and not t.state.ended}
    longest = before.longest_life
    counted = {failure.task for slot in failures.values() for failure in slot}
    for task in listed:
        if task.state is TaskState.RUNNING and task.id not in running:
            running[task.id] = _running_from(history, task, at)
    for task in now.failed:
        if task.id in before.old or task.id in counted or task.id in stopped:
            continue
        ran_from = running.get(task.id)
        if ran_from is not None:
            longest = max(longest, at - ran_from)
        died = max(at - (task.since or 0.0), min(history.since.seen, at))
        blocked, refused = code_of(task) in BLOCKERS, task.state is TaskState.REJECTED
        failure = Failure(task.id, signature(task), died, ran_from, blocked, refused)
        failures[task.slot] = (*failures.get(task.slot, ()), failure)
    lives = {
        task.id: _life(before.lives.get(task.id), task)
        for task in listed
        if task.id in before.lives or task.id not in before.old or not task.state.ended
    }
    return Tasks(
        old=before.old,
        known=before.known | {task.id for task in listed},
        asked_to_stop=stopped,
        unhealthy=now.unhealthy,
        running_since=running,
        ran=now.ran,
        failures=failures,
        longest_life=longest,
        lives={**before.lives, **lives},
    )


def _life(before: Life | None, task: Task) -> Life:
    since = before.since if before is not None else None
    until = before.until if before is not None else None
    if task.state is TaskState.RUNNING:
        since = since or task.timestamp or None
    if task.state.ended:
        until = until or task.timestamp or None
    return Life(task, since, until)


def _running_from(history: History, task: Task, at: float) -> float:
    """Return since when a task runs: no earlier than our last look, if that saw it not running."""
    by_engine = at - (task.since or 0.0)
    return max(by_engine, history.since.seen) if task.id in history.tasks.known else by_engine
