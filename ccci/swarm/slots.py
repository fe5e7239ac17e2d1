"""One service's tasks at one moment, slot by slot. Pure.

A slot is a replica's number, or a node for a global service. A live task is one that the
orchestrator wants running; `_up-to-date` is its own test of whether a task must be replaced
(swarmkit orchestrator/task.go IsTaskDirty).
"""

from collections.abc import Callable
from dataclasses import dataclass

from ccci.swarm.model import HealthCheck, Mode, Node, Service, Spec, Task, TaskState
from ccci.swarm.placement import fitting

_OWN_END = frozenset({TaskState.FAILED, TaskState.REJECTED, TaskState.COMPLETE})


@dataclass(frozen=True, slots=True)
class Slots:
    """What a service's slots hold.

    `expected` is how many slots should be filled; `live` the live tasks; `dirty` those that must
    be replaced; `running` the up-to-date live tasks that run; `done` the tasks of slots that ended
    well for good; `dead` the last tasks of slots that ended badly and are not retried; `missing`
    the number of slots that nothing fills, dead ones included; `surplus` says that tasks are live
    beyond what is expected; `stopping` are tasks asked to stop that have not yet; `job` says that
    its tasks are meant to complete.
    """

    expected: int
    live: tuple[Task, ...]
    dirty: tuple[Task, ...]
    running: tuple[Task, ...]
    done: tuple[Task, ...]
    dead: tuple[Task, ...]
    missing: int
    surplus: bool
    stopping: tuple[Task, ...]
    job: bool = False

    @property
    def due(self) -> bool:
        """Say whether Swarm still has tasks to make: a dirty one to replace, or an open slot."""
        return bool(self.dirty) or self.missing > len(self.dead)

    @property
    def filled(self) -> bool:
        """Say whether every expected slot holds an up-to-date running task, or ended well."""
        return len(self.done) >= self.expected if self.job else self.up

    @property
    def up(self) -> bool:
        """Say whether nothing is starting any more; a job is up while it works."""
        return (
            not self.dirty
            and not self.missing
            and not self.surplus
            and len(self.running) == len(self.live)
        )


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


def away(nodes: tuple[Node, ...]) -> frozenset[str]:
    """Return the ids of the nodes that the managers hear nothing of."""
    return frozenset(node.id for node in nodes if not node.ready)


def on_paused_node(spec: Spec, task: Task, nodes: tuple[Node, ...]) -> bool:
    """Say whether an old task of a global service stays because its node is paused.

    Swarm neither adds nor replaces such tasks there, and the update completes without them
    (swarmkit orchestrator/global/global.go). Where a node is drained or down, it stops them.
    """
    if spec.mode is not Mode.GLOBAL or task.up_to_date or not task.live:
        return False
    return any(node.id == task.slot and node.ready and not node.active for node in nodes)


def ended_by_itself(task: Task) -> bool:
    """Say whether a task ended on its own account; `shutdown` is an end that was asked for."""
    return task.state in _OWN_END


def _newest(tasks: list[Task]) -> Task:
    return max(tasks, key=lambda task: task.created_at)


def read(service: Service, nodes: tuple[Node, ...], health: HealthCheck | None) -> Slots:
    """Return what a service's slots hold, given the nodes and its effective health check."""
    by_slot: dict[str, list[Task]] = {}
    for task in service.tasks:
        # Tasks of an older iteration of a job count as up to date and mean nothing any more
        # (swarmkit controlapi/service.go raises the iteration at each accepted update).
        if service.spec.mode.is_job and task.iteration != service.iteration:
            continue
        by_slot.setdefault(task.slot, []).append(task)
    if service.spec.mode.is_job:
        return _job(service, by_slot, nodes)
    return _service(service, by_slot, nodes, health)


def _service(
    service: Service,
    by_slot: dict[str, list[Task]],
    nodes: tuple[Node, ...],
    health: HealthCheck | None,
) -> Slots:
    spec = service.spec
    live = tuple(task for tasks in by_slot.values() for task in tasks if task.live)
    live_slots = {task.slot for task in live}
    one_shot = is_one_shot(spec, health)
    ended = {
        slot: _newest(tasks) for slot, tasks in by_slot.items() if slot not in live_slots and tasks
    }
    # A dirty task in a dead slot will be replaced by the updater; a clean one never is.
    settled = [task for task in ended.values() if task.up_to_date and ended_by_itself(task)]
    done = tuple(task for task in settled if one_shot and _ended_well(task))
    if spec.mode is Mode.GLOBAL:
        expected_slots = {node.id for node in fitting(spec, nodes)}
        usable = {node.id for node in nodes if node.usable}
        stuck = tuple(task for task in live if on_paused_node(spec, task, nodes))
        live = tuple(task for task in live if task.slot in expected_slots or task.slot in usable)
        live_slots = {task.slot for task in live}
        expected = len(expected_slots)
        missing = len(expected_slots - live_slots)
        surplus = bool(live_slots - expected_slots)
        live, live_slots = (*live, *stuck), live_slots | {task.slot for task in stuck}
        settled = [task for task in settled if task.slot in expected_slots]
    else:
        expected = spec.replicas if spec.replicas is not None else 1
        missing = max(expected - len(live_slots) - len(done), 0)
        surplus = len(live_slots) > expected
    dead = [task for task in settled if task not in done][:missing]
    # A task that died during a start-first update leaves a second one of the new spec in its slot,
    # which Swarm stops only when it looks at the service again (swarmkit updater.go).
    surplus = surplus or len(live) > len(live_slots)
    return Slots(
        expected=expected,
        live=live,
        dirty=tuple(task for task in live if not task.up_to_date),
        running=_running(live),
        done=done,
        dead=tuple(dead),
        missing=missing,
        surplus=surplus,
        stopping=stopping(service, nodes),
    )


def _job(service: Service, by_slot: dict[str, list[Task]], nodes: tuple[Node, ...]) -> Slots:
    spec = service.spec
    if spec.mode is Mode.GLOBAL_JOB:
        expected_slots = {node.id for node in fitting(spec, nodes)}
        by_slot = {slot: tasks for slot, tasks in by_slot.items() if slot in expected_slots}
        expected = len(expected_slots)
    else:
        expected = spec.replicas if spec.replicas is not None else 1

    def pick(test: Callable[[Task], bool]) -> tuple[Task, ...]:
        return tuple(task for tasks in by_slot.values() for task in tasks if test(task))

    done = pick(_ended_well)
    live = pick(lambda task: task.live and not task.state.ended)
    busy = {task.slot for task in (*done, *live)}
    dead = tuple(
        newest
        for slot, tasks in by_slot.items()
        if slot not in busy and ended_by_itself(newest := _newest(tasks)) and not newest.live
    )
    return Slots(
        expected=expected,
        live=live,
        dirty=(),
        running=_running(live),
        done=done,
        dead=dead,
        missing=max(expected - len(done) - len({task.slot for task in live}), 0),
        surplus=False,
        stopping=stopping(service, nodes),
        job=True,
    )


def _running(live: tuple[Task, ...]) -> tuple[Task, ...]:
    return tuple(task for task in live if task.up_to_date and task.state is TaskState.RUNNING)


def stopping(service: Service, nodes: tuple[Node, ...]) -> tuple[Task, ...]:
    """Return the tasks that were asked to stop and have not yet.

    Not those of a node that is away: they keep their last state for a day, and hold nothing that
    another task could have (swarmkit manager/dispatcher: moveTasksToOrphaned).
    """
    gone = away(nodes)
    return tuple(
        task
        for task in service.tasks
        if not task.live and not task.state.ended and task.node not in gone
    )


def _ended_well(task: Task) -> bool:
    return task.state is TaskState.COMPLETE and not task.exit_code
