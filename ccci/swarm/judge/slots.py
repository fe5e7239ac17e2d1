"""One service's tasks at one moment, slot by slot. Pure.

A slot is a replica's number, or a node for a global service. A live task is one that the
orchestrator wants running; `_up-to-date` is its own test of whether a task must be replaced
(swarmkit orchestrator/task.go IsTaskDirty).
"""

from collections.abc import Callable
from dataclasses import dataclass

from ccci.swarm.judge.endings import Ending, ended_by_itself, ended_well
from ccci.swarm.judge.placement import fitting
from ccci.swarm.model import Mode, Node, Service, Spec, Task, TaskState


@dataclass(frozen=True, slots=True)
class Slots:
    """What a service's slots hold."""

    expected: int
    """How many slots should be filled."""
    live: tuple[Task, ...]
    """The tasks that the orchestrator wants to run."""
    dirty: tuple[Task, ...]
    """Live ones that must be replaced."""
    running: tuple[Task, ...]
    """The up-to-date live ones that run."""
    done: tuple[Task, ...]
    """The tasks of slots that ended well for good."""
    dead: tuple[Task, ...]
    """The last tasks of slots that ended badly and are not retried."""
    missing: int
    """The number of slots that nothing fills, dead ones included."""
    surplus: bool
    """Whether tasks are live beyond what is expected."""
    stopping: tuple[Task, ...]
    """Tasks that were asked to stop and have not yet."""
    job: bool = False
    """Whether its tasks are meant to complete."""

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


def _newest(tasks: list[Task]) -> Task:
    return max(tasks, key=lambda task: task.created_at)


def read(
    service: Service,
    nodes: tuple[Node, ...],
    ending: Ending,
    unhealthy: frozenset[str] = frozenset(),
) -> Slots:
    """Return what a service's slots hold; `ending` is what an end with 0 is to it.

    `unhealthy` are the tasks whose check is known to have failed.
    """
    by_slot: dict[str, list[Task]] = {}
    for task in service.tasks:
        # Tasks of an older iteration of a job count as up to date and mean nothing any more
        # (swarmkit controlapi/service.go raises the iteration at each accepted update).
        if service.spec.mode.is_job and task.iteration != service.iteration:
            continue
        by_slot.setdefault(task.slot, []).append(task)

    def well(task: Task) -> bool:
        return ending.meant and ended_well(task, unhealthy)

    if ending is Ending.AGAIN:
        by_slot = {slot: _without_the_next(tasks, well) for slot, tasks in by_slot.items()}
    if service.spec.mode.is_job:
        return _job(service, by_slot, nodes, well)
    return _service(service, by_slot, nodes, well)


def _without_the_next(tasks: list[Task], well: Callable[[Task], bool]) -> list[Task]:
    """Return a slot's tasks without one that only waits for the restart delay of one that ended.

    Until then it is wanted to be READY and no more (swarmkit restart.go: DelayStart).
    """
    *before, last = sorted(tasks, key=lambda task: task.created_at)
    waits = last.desired is TaskState.READY and last.up_to_date and not last.state.ended
    if waits and before and before[-1].up_to_date and well(before[-1]):
        return before
    return tasks


def _service(
    service: Service,
    by_slot: dict[str, list[Task]],
    nodes: tuple[Node, ...],
    well: Callable[[Task], bool],
) -> Slots:
    spec = service.spec
    live = tuple(task for tasks in by_slot.values() for task in tasks if task.live)
    live_slots = {task.slot for task in live}
    ended = {
        slot: _newest(tasks) for slot, tasks in by_slot.items() if slot not in live_slots and tasks
    }
    # A dirty task in a dead slot will be replaced by the updater; a clean one never is.
    settled = [task for task in ended.values() if task.up_to_date and ended_by_itself(task)]
    done = tuple(task for task in settled if well(task))
    if spec.mode is Mode.GLOBAL:
        expected_slots = {node.id for node in fitting(spec, nodes)}
        usable = {node.id for node in nodes if node.usable}
        stuck = tuple(task for task in live if on_paused_node(spec, task, nodes))
        live = tuple(task for task in live if task.slot in expected_slots or task.slot in usable)
        live_slots = {task.slot for task in live}
        expected = len(expected_slots)
        done = tuple(task for task in done if task.slot in expected_slots)
        missing = len(expected_slots - live_slots - {task.slot for task in done})
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


def _job(
    service: Service,
    by_slot: dict[str, list[Task]],
    nodes: tuple[Node, ...],
    well: Callable[[Task], bool],
) -> Slots:
    spec = service.spec
    if spec.mode is Mode.GLOBAL_JOB:
        expected_slots = {node.id for node in fitting(spec, nodes)}
        by_slot = {slot: tasks for slot, tasks in by_slot.items() if slot in expected_slots}
        expected = len(expected_slots)
    else:
        expected = spec.replicas if spec.replicas is not None else 1

    def pick(test: Callable[[Task], bool]) -> tuple[Task, ...]:
        return tuple(task for tasks in by_slot.values() for task in tasks if test(task))

    done = pick(well)
    live = pick(lambda task: task.live and not task.state.ended)
    busy = {task.slot for task in (*done, *live)}
    dead = tuple(
        newest
        for slot, tasks in by_slot.items()
        if slot not in busy
        and ended_by_itself(newest := _newest(tasks))
        and (not newest.live or newest.state is TaskState.COMPLETE)
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
