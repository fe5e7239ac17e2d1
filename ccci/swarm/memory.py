"""The fold step of one service: its track after one more look. Pure."""

from dataclasses import replace

from ccci.swarm.baseline import ServiceBaseline
from ccci.swarm.diagnose import BLOCKERS, code_of, signature
from ccci.swarm.model import (
    HealthCheck,
    Node,
    Service,
    Task,
    TaskState,
    Transition,
    UpdateState,
    UpdateStatus,
)
from ccci.swarm.obstacles import held_up
from ccci.swarm.slots import Slots, ended_by_itself, is_one_shot, read
from ccci.swarm.track import Failure, Life, Track


def first(
    service: Service,
    nodes: tuple[Node, ...],
    health: HealthCheck | None,
    baseline: ServiceBaseline | None,
    *,
    compared: bool,
    at: float,
) -> Track:
    """Return the empty memory of a service first seen at `at`; `compared`: there is a baseline.

    Without a baseline, tasks that had ended by the first look are history.
    """
    if baseline is not None:
        old = baseline.tasks
    elif compared:
        old = frozenset()
    else:
        old = frozenset(task.id for task in service.tasks if task.state.ended)
    return Track(
        id=service.id,
        name=service.name,
        baseline=baseline,
        target=None if _is_rolling_back(baseline, service) else service.spec,
        service=service,
        slots=read(service, nodes, health),
        old_tasks=old,
        rolled=compared and baseline is None,
        seen_at=at,
    )


def remember(
    track: Track,
    service: Service,
    nodes: tuple[Node, ...],
    health: HealthCheck | None,
    *,
    at: float,
    wall: str,
    settled: bool,
    stopping: bool,
    unhealthy: frozenset[str] = frozenset(),
) -> Track:
    """Return the memory after one more look.

    `settled`: COMMAND has ended before it; `stopping`: tasks of the stack are still being stopped;
    `unhealthy`: tasks whose container is known to have turned unhealthy.
    """
    slots = read(service, nodes, health)
    track = _remember_update(track, service, slots, at=at, wall=wall, settled=settled)
    track = _remember_tasks(track, service, health, at)
    up = track.up_since if track.up_since is not None else at
    dead_since = track.dead_since if track.dead_since is not None else at
    return replace(
        track,
        service=service,
        slots=slots,
        health=health,
        unhealthy=unhealthy,
        blocked=held_up(
            track.blocked, service, nodes, at, old_tasks=track.old_tasks, stopping=stopping
        ),
        dead_since=dead_since if slots.dead else None,
        up_since=up if slots.up else None,
        rolled=track.rolled or slots.due or _new_tasks(track, service),
        seen_at=at,
        gone_since=None,
    )


def _new_tasks(track: Track, service: Service) -> bool:
    return track.baseline is not None and any(
        task.live and task.id not in track.baseline.tasks for task in service.tasks
    )


def _our_status(baseline: ServiceBaseline | None, service: Service) -> UpdateStatus | None:
    """Return the update status if it belongs to our rollout.

    Its StartedAt differs from the baseline's; not "is later": clocks of managers may step back,
    and a rollback keeps the StartedAt of the update it undoes (swarmkit updater.go).
    """
    status = service.update
    if status is None or (baseline is not None and status.started_at == baseline.update_started_at):
        return None
    return status


def _is_rolling_back(baseline: ServiceBaseline | None, service: Service) -> bool:
    status = _our_status(baseline, service)
    return status is not None and status.state.is_rollback


def _remember_update(
    track: Track, service: Service, slots: Slots, *, at: float, wall: str, settled: bool
) -> Track:
    status = _our_status(track.baseline, service)
    back = _is_rolling_back(track.baseline, service)
    before = track.ours
    was_rolling = before is not None and before.state is UpdateState.UPDATING
    overtaken = track.rolling_back and (status is None or not status.state.is_rollback)
    unset = service.update is None and track.settled is not None and was_rolling
    if not back and not overtaken:
        track = _retarget(track, service)
    return replace(
        track,
        settled=track.settled or (service.spec if settled and not back else None),
        ours=before if overtaken else status,
        overtaken=track.overtaken or overtaken,
        said=(
            (*track.said, status)
            if status is not None and (not track.said or track.said[-1].message != status.message)
            else track.said
        ),
        transitions=_transitions(track, service, status, wall),
        completed_since=_completed_since(track, status, at),
        unset_mid_roll=track.unset_mid_roll or unset,
        disarmed_since=((track.disarmed_since or at) if _is_disarmed(service, slots) else None),
        rolled=track.rolled or (status is not None and status.state is not UpdateState.COMPLETED),
    )


def _retarget(track: Track, service: Service) -> Track:
    """Return the memory with the spec that is asked for now.

    When COMMAND changes it, what its tasks did before says nothing about the new one.
    """
    if track.settled is not None or track.target is None:
        return replace(track, target=track.target or service.spec)
    if track.target.whole == service.spec.whole:
        return track
    return replace(
        track,
        target=service.spec,
        old_tasks=track.old_tasks | track.known,
        failures={},
        blocked={},
        longest_life=0.0,
    )


def _transitions(
    track: Track, service: Service, status: UpdateStatus | None, wall: str
) -> tuple[Transition, ...]:
    before = track.ours
    if status is not None:
        same = before is not None and (status.state, status.started_at) == (
            before.state,
            before.started_at,
        )
        return (
            track.transitions
            if same
            else (*track.transitions, Transition(wall, status.state.value))
        )
    if service.update is None and track.transitions and track.transitions[-1].state != "none":
        return (*track.transitions, Transition(wall, "none"))
    return track.transitions


def _completed_since(track: Track, status: UpdateStatus | None, at: float) -> float | None:
    if status is None or status.state is not UpdateState.COMPLETED:
        return None
    if track.completed_since is not None:
        return track.completed_since
    return at - (status.age or 0.0)


def _is_disarmed(service: Service, slots: Slots) -> bool:
    """Say whether a service shows that its spec was sent twice while it rolled.

    PreviousSpec then equals Spec, there is no status, and tasks stay that Swarm itself calls
    dirty, for good (swarmkit updater.go, "updated since we started").
    """
    return (
        service.update is None
        and bool(slots.dirty)
        and service.previous is not None
        and service.previous.template == service.spec.template
        and service.previous.endpoint == service.spec.endpoint
    )


def _remember_tasks(track: Track, service: Service, health: HealthCheck | None, at: float) -> Track:
    running = dict(track.running_since)
    failures = dict(track.failures)
    asked = set(track.asked)
    longest = track.longest_life
    counted = {failure.task for slot in failures.values() for failure in slot}
    for task in sorted(service.tasks, key=lambda task: task.created_at):
        if task.state is TaskState.RUNNING and task.id not in running:
            running[task.id] = _running_from(track, task, at)
        if not task.live and not task.state.ended:
            asked.add(task.id)
        history = task.id in track.old_tasks or task.id in counted or task.id in asked
        if history or not _failed(service, task, health):
            continue
        ran_from = running.get(task.id)
        if ran_from is not None:
            longest = max(longest, at - ran_from)
        died = max(at - (task.since or 0.0), min(track.seen_at, at))
        failure = Failure(task.id, signature(task), died, ran_from, code_of(task) in BLOCKERS)
        failures[task.slot] = (*failures.get(task.slot, ()), failure)
    return replace(
        track,
        running_since=running,
        failures=failures,
        asked=frozenset(asked),
        longest_life=longest,
        known=track.known | {task.id for task in service.tasks},
        lives=track.lives
        | {
            task.id: _life(track.lives.get(task.id), task)
            for task in service.tasks
            if task.id in track.lives or task.id not in track.old_tasks or not task.state.ended
        },
    )


def _life(before: Life | None, task: Task) -> Life:
    since = before.since if before is not None else None
    until = before.until if before is not None else None
    if task.state is TaskState.RUNNING:
        since = since or task.timestamp or None
    if task.state.ended:
        until = until or task.timestamp or None
    return Life(task, since, until)


def _failed(service: Service, task: Task, health: HealthCheck | None) -> bool:
    """Say whether a task's end is a failure: by itself, and not the end that it was made for."""
    if not ended_by_itself(task):
        return False
    may_end = service.spec.mode.is_job or is_one_shot(service.spec, health)
    return not (may_end and task.state is TaskState.COMPLETE and not task.exit_code)


def _running_from(track: Track, task: Task, at: float) -> float:
    """Return since when a task runs: no earlier than our last look, if that saw it not running."""
    by_engine = at - (task.since or 0.0)
    return max(by_engine, track.seen_at) if task.id in track.known else by_engine
