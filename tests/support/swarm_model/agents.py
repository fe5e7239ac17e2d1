"""The agents, the clock and the task reaper of the model of Swarm."""

from collections.abc import Callable

from support.swarm_model.model import (
    HISTORY,
    READY,
    RUNNING,
    SHUTDOWN,
    TICK,
    Cluster,
    SimService,
    SimTask,
    restart,
)

from ccci.swarm.model import TaskState


def tick(cluster: Cluster, orchestrate: Callable[[Cluster], None]) -> None:
    """Let a quarter of a second pass: agents first, then the orchestrator, then the reaper."""
    cluster.now = round(cluster.now + TICK, 6)
    for service in cluster.services.values():
        for task in service.tasks:
            before = task.state
            _live(cluster, task)
            if before != task.state:
                task.entered = cluster.now
                if task.state.ended:
                    service.events.append(task)
                    _note_end(service, task)
    for service in cluster.services.values():
        for task in list(service.tasks):
            wanted = task.runnable or task.desired == TaskState.COMPLETE
            if task.state.ended and wanted and task.state != task.desired:
                restart(cluster, service, task)
    orchestrate(cluster)
    for service in cluster.services.values():
        _reap(service)


def _note_end(service: SimService, task: SimTask) -> None:
    """Keep, for the truth, a task that ended by itself and what Swarm said at that time."""
    if task.runnable:
        service.ends.append((task, service.status.state if service.status else None))


def _live(cluster: Cluster, task: SimTask) -> None:
    if task.state.ended:
        return
    _release(cluster, task)
    if not task.runnable and task.desired != TaskState.COMPLETE:
        _stop(cluster, task)
    elif task.state.rank < READY.rank:
        _prepare(cluster, task)
    elif task.state == READY and task.desired != READY:
        task.state = TaskState.STARTING
    elif task.state == TaskState.STARTING:
        _start(task, cluster.now - task.entered)
    elif task.state == RUNNING:
        _run(task, cluster.now - task.entered)


def _release(cluster: Cluster, task: SimTask) -> None:
    delayed = cluster.delays.get(task.id)
    if delayed is None or cluster.now < delayed.at:
        return
    if delayed.old is None or delayed.old.state.ended or cluster.now >= delayed.patience:
        del cluster.delays[task.id]
        if task.desired == READY:
            task.desired = RUNNING if task.iteration is None else TaskState.COMPLETE


def _start(task: SimTask, age: float) -> None:
    behaviour = task.revision.behaviour
    if age < behaviour.starts or (behaviour.stuck == TaskState.STARTING and task.faulty):
        return
    if behaviour.unhealthy and task.faulty:
        _end(task, TaskState.FAILED, 137, "task: non-zero exit (137): unhealthy container")
    else:
        task.state = RUNNING


def _run(task: SimTask, age: float) -> None:
    behaviour = task.revision.behaviour
    if behaviour.lives is not None and task.faulty and age >= behaviour.lives:
        code = behaviour.exit_code
        state = TaskState.FAILED if code else TaskState.COMPLETE
        _end(task, state, code, f"task: non-zero exit ({code})" if code else "")


def _prepare(cluster: Cluster, task: SimTask) -> None:
    behaviour = task.revision.behaviour
    if behaviour.stuck == TaskState.PENDING and task.faulty:
        task.state, task.error = TaskState.PENDING, "no suitable node (insufficient resources)"
        return
    usable = [node.id for node in cluster.nodes.values() if node.usable]
    if not (task.node or usable):
        task.state, task.error = TaskState.PENDING, "no suitable node"
        return
    task.node, task.error = task.node or usable[0], ""
    if behaviour.rejected and task.faulty:
        _end(task, TaskState.REJECTED, None, "No such image: nowhere/none:1")
    elif behaviour.stuck == TaskState.PREPARING and task.faulty:
        task.state = TaskState.PREPARING
    else:
        task.state = READY


def _stop(cluster: Cluster, task: SimTask) -> None:
    if task.state.rank < TaskState.ASSIGNED.rank:
        return  # never assigned: nobody moves it on, the reaper takes it
    task.stopping = cluster.now if task.stopping is None else task.stopping
    started = task.state.rank >= TaskState.STARTING.rank
    if not started or cluster.now - task.stopping >= task.revision.behaviour.stops:
        code = task.revision.behaviour.stop_code if started else None
        state = TaskState.FAILED if code else SHUTDOWN
        _end(task, state, code, f"task: non-zero exit ({code})" if code else "")


def _end(task: SimTask, state: TaskState, code: int | None, error: str) -> None:
    task.state, task.exit_code, task.error = state, code, error


def _reap(service: SimService) -> None:
    """Forget what history does not keep (taskreaper: 5 a slot, or max_attempts + 1)."""
    service.tasks = [
        task
        for task in service.tasks
        if task.desired != TaskState.REMOVE
        or not (task.state.ended or task.state.rank < TaskState.ASSIGNED.rank)
    ]
    if service.spec.mode.is_job:
        return
    keep = service.spec.restart.max_attempts + 1 if service.spec.restart.max_attempts else HISTORY
    for slot in {task.slot for task in service.tasks}:
        tasks = sorted((t for t in service.tasks if t.slot == slot), key=lambda t: t.entered)
        over = [
            task
            for task in tasks
            if task.state.ended or (task.state.rank < TaskState.ASSIGNED.rank and not task.runnable)
        ]
        for task in over[: max(0, len(tasks) - keep)]:
            service.tasks.remove(task)
