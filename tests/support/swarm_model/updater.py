"""The updater of the model of Swarm, and the reconciling around it.

After swarmkit manager/orchestrator/update/updater.go and replicated/services.go: an update is a
generator that is resumed once a tick. Its rules are the source's own, its code is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from support.swarm_model.agents import tick
from support.swarm_model.model import (
    READY,
    RUNNING,
    SHUTDOWN,
    TICK,
    Cluster,
    SimService,
    SimTask,
    delay_start,
    is_rollback,
    make_task,
    moment,
    say,
    should_restart,
)

from ccci.swarm.model import TaskState, UpdatePolicy, UpdateState, UpdateStatus

Slot = list[SimTask]
STOPPED = {UpdateState.PAUSED, UpdateState.ROLLBACK_PAUSED}
WORKING = {UpdateState.UPDATING, UpdateState.ROLLBACK_STARTED}


def advance(cluster: Cluster, until: float) -> None:
    """Run the cluster until a moment."""
    while cluster.now < until:
        tick(cluster, orchestrate)


def restart_orchestrator(cluster: Cluster, *, kills: bool = False) -> None:
    """Forget every update and delay, as a new leader does; `kills` ends every container too."""
    cluster.reign += 1
    cluster.updaters.clear()
    cluster.delays.clear()
    for service in cluster.services.values():
        service.events.clear()
        for task in service.tasks:
            if task.desired == READY and not task.state.ended:
                delay_start(cluster, task, None, task.revision.restart.delay)
            if kills and task.state in {TaskState.STARTING, RUNNING}:
                task.state, task.entered = TaskState.FAILED, cluster.now
                task.exit_code, task.error = 137, "task: non-zero exit (137)"
        cluster.reconcile.add(service.name)


def orchestrate(cluster: Cluster) -> None:
    """Reconcile the services that were written, then let each updater go on."""
    for service in cluster.services.values():
        if service.spec.mode.is_job:
            _run_job(cluster, service)
    while cluster.reconcile:
        service = cluster.services[cluster.reconcile.pop()]
        if service.spec.mode.is_global:
            _reconcile_global(cluster, service)
        elif not service.spec.mode.is_job:
            _reconcile(cluster, service)
    for name in list(cluster.updaters):
        held = cluster.updaters.get(name)
        if held and next(held[1], "ended") == "ended" and cluster.updaters.get(name) is held:
            del cluster.updaters[name]


def _slots(service: SimService) -> dict[str, Slot]:
    """Return the updatable slots (restart.go, UpdatableTasksInSlot)."""
    by_slot: dict[str, Slot] = {}
    for task in service.tasks:
        by_slot.setdefault(task.slot, []).append(task)
    updatable: dict[str, Slot] = {}
    for number, tasks in by_slot.items():
        live = [task for task in tasks if task.runnable]
        newest = max(tasks, key=lambda task: task.entered)
        if live:
            updatable[number] = live
        elif not is_rollback(service) and not should_restart(service, newest):
            updatable[number] = [newest]
    return updatable


def _reconcile(cluster: Cluster, service: SimService) -> None:
    slots = _slots(service)
    wanted = service.spec.replicas
    ranked = sorted(
        slots, key=lambda slot: (not any(t.state == RUNNING for t in slots[slot]), int(slot))
    )
    for extra in ranked[wanted:]:
        for task in slots[extra]:
            task.desired = TaskState.REMOVE
    service.tasks = [t for t in service.tasks if t.slot in slots or len(slots) < wanted]
    _update(cluster, service, [slots[slot] for slot in ranked[:wanted]])
    free = (str(number) for number in range(1, 1000) if str(number) not in slots)
    for _ in range(wanted - len(slots)):
        make_task(cluster, service, next(free), RUNNING)


def _reconcile_global(cluster: Cluster, service: SimService) -> None:
    slots = _slots(service)
    usable = [node.id for node in cluster.nodes.values() if node.usable]
    for node in usable:
        if node not in slots:
            make_task(cluster, service, node, RUNNING)
    for node, tasks in slots.items():
        if node not in usable:
            for task in tasks:
                task.desired = SHUTDOWN
    _update(cluster, service, [slots[node] for node in usable if node in slots])


def _run_job(cluster: Cluster, service: SimService) -> None:
    """Run a job's current iteration (jobs/replicated/reconciler.go)."""
    for task in service.tasks:
        if task.iteration != service.iteration and task.state.rank <= RUNNING.rank:
            task.desired = TaskState.REMOVE
    taken = {task.slot for task in service.tasks if task.iteration == service.iteration}
    for number in range(service.spec.replicas):
        if str(number) not in taken:
            make_task(cluster, service, str(number), TaskState.COMPLETE)


def _update(cluster: Cluster, service: SimService, slots: list[Slot]) -> None:
    """Start an update unless one works towards an equal spec already (Supervisor.Update)."""
    held = cluster.updaters.get(service.name)
    if held and held[0] == service.spec:
        return
    cluster.updaters[service.name] = (service.spec, _run(cluster, service, slots))


@dataclass
class Update:
    """What one updater knows; `updated` holds when each of its tasks came up, or None."""

    cluster: Cluster
    service: SimService
    policy: UpdatePolicy
    dirty: int
    rolling_back: bool
    updated: dict[str, float | None] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    stopped: bool = False

    def acts(self, task: SimTask) -> bool:
        """Take one failure; say whether the failure action ended this update."""
        if task.id in self.failed or task.id not in self.updated:
            return False
        up = self.updated[task.id]
        if up is not None and self.cluster.now - up > self.policy.monitor:
            return False
        self.failed.add(task.id)
        if len(self.failed) / self.dirty <= self.policy.max_failure_ratio:
            return False
        reason = f"due to failure or early termination of task {task.id}"
        self.stopped = True
        if self.policy.failure_action == "pause" or self.rolling_back:
            _pause(self.cluster, self.service, reason)
        else:
            _roll_back(self.cluster, self.service, reason)
        return True

    def failures(self) -> bool:
        """Take what failed since the last time; say whether that ended this update."""
        if self.policy.failure_action == "continue":
            return False
        while self.service.events:
            if self.acts(self.service.events.pop(0)):
                return True
        return False


def _run(cluster: Cluster, service: SimService, slots: list[Slot]) -> Iterator[None]:
    status = service.status
    if status and status.state in STOPPED:
        return
    dirty = [slot for slot in slots if len(slot) > 1 or service.dirty(slot[0])]
    if not dirty:
        if status and status.state in WORKING:
            _complete(cluster, service)
        return
    if status is None:
        begun = UpdateStatus(UpdateState.UPDATING, "update in progress", moment(cluster.now))
        say(cluster, service, begun)
    service.events.clear()
    back = bool(status and status.state == UpdateState.ROLLBACK_STARTED)
    policy = service.spec.rollback if back else service.spec.update
    update = Update(cluster, service, policy, len(dirty), back)
    yield from _work(update, dirty)
    if not update.stopped:
        yield from _watch(update)
    if not update.stopped:
        _complete(cluster, service)


def _work(update: Update, dirty: list[Slot]) -> Iterator[None]:
    """Hand the slots to the workers. While the last ones work, failures wait in the queue."""
    workers: list[Iterator[None]] = []
    queue = list(dirty)
    while queue:
        if not update.cluster.late and update.failures():
            break
        while queue and len(workers) < (update.policy.parallelism or len(dirty)):
            workers.append(_replace(update, queue.pop(0)))
        workers = [worker for worker in workers if next(worker, "ended") != "ended"]
        if queue and update.failures():
            break
        yield
    while workers:
        workers = [worker for worker in workers if next(worker, "ended") != "ended"]
        yield


def _watch(update: Update) -> Iterator[None]:
    """Watch for failures for one monitor after the last slot."""
    policy = update.policy
    longest = policy.delay + 1 if policy.delay >= policy.monitor else policy.monitor
    end = update.cluster.now + longest
    while update.cluster.now < end - TICK / 2 and not update.failures():
        yield


def _replace(update: Update, slot: Slot) -> Iterator[None]:
    """Bring one slot up to date (updater.go, worker and updateTask)."""
    cluster, service = update.cluster, update.service
    clean = [task for task in slot if not service.dirty(task) and task.runnable]
    clean.sort(key=lambda task: task.desired != RUNNING)
    if clean:
        old = _shut_down([task for task in slot if task is not clean[0]])
        if clean[0].desired != RUNNING:
            delay_start(cluster, clean[0], old)
            while clean[0].id in cluster.delays:
                yield
    else:
        yield from _replace_dirty(update, slot)
    end = cluster.now + update.policy.delay
    while cluster.now < end:
        yield


def _replace_dirty(update: Update, slot: Slot) -> Iterator[None]:
    cluster, service = update.cluster, update.service
    start_first = update.policy.order == "start-first"
    old = None if start_first else _shut_down(slot)
    if not start_first and old is None and any(t.state.ended for t in slot if t.runnable):
        return
    task = make_task(cluster, service, slot[0].slot, READY)
    update.updated[task.id] = None
    delay_start(cluster, task, old)
    while task.state.rank < RUNNING.rank:
        yield
    update.updated[task.id] = cluster.now
    if start_first and task.state == RUNNING:
        _shut_down(slot)


def _shut_down(tasks: Slot) -> SimTask | None:
    stopped = None
    for task in tasks:
        if task.runnable:
            task.desired, stopped = SHUTDOWN, task
    return stopped


def _pause(cluster: Cluster, service: SimService, reason: str) -> None:
    if service.status is None:
        return
    back = service.status.state == UpdateState.ROLLBACK_STARTED
    state = UpdateState.ROLLBACK_PAUSED if back else UpdateState.PAUSED
    word = "rollback" if back else "update"
    say(cluster, service, replace(service.status, state=state, message=f"{word} paused {reason}"))


def _roll_back(cluster: Cluster, service: SimService, reason: str) -> None:
    if service.status is None or service.previous is None:
        return
    service.spec, service.spec_version = service.previous
    service.previous = None
    message = f"update rolled back {reason}"
    status = replace(service.status, state=UpdateState.ROLLBACK_STARTED, message=message)
    say(cluster, service, status)


def _complete(cluster: Cluster, service: SimService) -> None:
    if service.status is None:
        return
    back = service.status.state == UpdateState.ROLLBACK_STARTED
    status = UpdateStatus(
        UpdateState.ROLLBACK_COMPLETED if back else UpdateState.COMPLETED,
        "rollback completed" if back else "update completed",
        service.status.started_at,
        moment(cluster.now),
    )
    say(cluster, service, status)
