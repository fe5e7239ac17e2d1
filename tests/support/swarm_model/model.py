"""A small executable model of Docker Swarm's orchestrator: what a rollout looks like from outside.

Written after swarmkit's manager/orchestrator (replicated, global, jobs, restart, taskreaper) and
controlapi/service.go; its updater is in `swarm_updater`. The judge is tested against it, since it
can make histories that a real Swarm shows once in a thousand runs, and knows the truth of each.
Time goes in ticks (`swarm_agents`); a task lives as its revision's `Behaviour` says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ccci.swarm.model import (
    HealthCheck,
    Mode,
    Node,
    RestartPolicy,
    TaskState,
    UpdatePolicy,
    UpdateState,
    UpdateStatus,
)

TICK = 0.25
HISTORY = 5
OLD_TASK_TIMEOUT = 60.0
RUNNING, READY, SHUTDOWN = TaskState.RUNNING, TaskState.READY, TaskState.SHUTDOWN


@dataclass(frozen=True)
class Behaviour:
    """How the tasks of a revision live.

    Each takes `starts` seconds to RUNNING, then runs for `lives` seconds (None: for ever) and
    exits with `exit_code`. `stuck` is a state it never leaves (PENDING, PREPARING, STARTING),
    `rejected` says that it is refused before it starts, `unhealthy` that it fails while STARTING.
    The fault strikes the first `faults` tasks of each slot (None: all), or of the slot `only`.
    Stopping takes `stops` seconds and ends as `stop_code` says.
    """

    starts: float = 1.0
    lives: float | None = None
    exit_code: int = 1
    stuck: TaskState | None = None
    rejected: bool = False
    unhealthy: bool = False
    faults: int | None = None
    only: str | None = None
    stops: float = 0.5
    stop_code: int = 0

    @property
    def good(self) -> bool:
        """Say whether such a task starts and stays."""
        return self.lives is None and self.stuck is None and not (self.rejected or self.unhealthy)


@dataclass(frozen=True)
class Revision:
    """A service's spec. `template` names what the tasks are made of, `labels` the rest."""

    template: str
    labels: str = ""
    replicas: int = 1
    mode: Mode = Mode.REPLICATED
    behaviour: Behaviour = field(default_factory=Behaviour)
    update: UpdatePolicy = field(default_factory=UpdatePolicy)
    rollback: UpdatePolicy = field(default_factory=UpdatePolicy)
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    health: HealthCheck | None = None
    endpoint: str = "-"


@dataclass(eq=False)
class SimTask:
    """One task in the store."""

    id: str
    slot: str
    revision: Revision
    spec_version: int
    attempt: int
    created: float
    desired: TaskState
    node: str = ""
    state: TaskState = TaskState.NEW
    entered: float = 0.0
    stopping: float | None = None
    exit_code: int | None = None
    error: str = ""
    iteration: int | None = None

    @property
    def runnable(self) -> bool:
        """Say whether the orchestrator still wants it."""
        return self.desired.rank <= RUNNING.rank

    @property
    def faulty(self) -> bool:
        """Say whether its revision's fault strikes it."""
        behaviour = self.revision.behaviour
        here = behaviour.only is None or behaviour.only == self.slot
        return here and (behaviour.faults is None or self.attempt < behaviour.faults)


@dataclass(eq=False)
class SimService:
    """One service in the store, and what the orchestrator remembers of it."""

    id: str
    name: str
    spec: Revision
    spec_version: int
    version: int
    previous: tuple[Revision, int] | None = None
    status: UpdateStatus | None = None
    ended: float = 0.0
    iteration: int | None = None
    tasks: list[SimTask] = field(default_factory=list)
    attempts: dict[tuple[str, str], int] = field(default_factory=dict)
    restarts: dict[str, tuple[int, int]] = field(default_factory=dict)
    events: list[SimTask] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    ends: list[tuple[SimTask, UpdateState | None]] = field(default_factory=list)

    def dirty(self, task: SimTask) -> bool:
        """Swarm's own test of whether a task is out of date (swarmkit orchestrator/task.go)."""
        if task.spec_version == self.spec_version:
            return False
        mine, its = self.spec, task.revision
        return (mine.template, mine.endpoint) != (its.template, its.endpoint)


@dataclass
class DelayedStart:
    """A READY task that starts at `at`, once `old` has stopped or 60 s later."""

    at: float
    old: SimTask | None
    patience: float


@dataclass(eq=False)
class Cluster:
    """The whole Swarm. `late` decides the updater's race between a free worker and a failure."""

    nodes: dict[str, Node]
    late: bool = False
    now: float = 0.0
    services: dict[str, SimService] = field(default_factory=dict)
    updaters: dict[str, tuple[Revision, Iterator[None]]] = field(default_factory=dict)
    delays: dict[str, DelayedStart] = field(default_factory=dict)
    reconcile: set[str] = field(default_factory=set)
    reign: int = 1
    serial: int = 100

    def number(self) -> int:
        """Return the next number of the store: versions and ids come from it."""
        self.serial += 1
        return self.serial


def one_node() -> Cluster:
    """Return a Swarm of one manager."""
    return Cluster({"node-1": Node("node-1", "one", manager=True, leader=True)})


def moment(at: float) -> str:
    """Return an Engine's time stamp; its clock is an hour wrong, which must not matter."""
    whole = 3600 + 3600 * 10 + at
    hours, rest = divmod(whole, 3600)
    return f"2026-03-01T{int(hours):02d}:{int(rest // 60):02d}:{rest % 60:09.6f}Z"


def submit(cluster: Cluster, name: str, revision: Revision) -> None:
    """Create or update a service, as one accepted API call does (controlapi/service.go)."""
    number = cluster.number()
    service = cluster.services.get(name)
    if service is None:
        service = SimService(f"id-{name}", name, revision, number, number)
        if revision.mode.is_job:
            service.iteration = 0
        cluster.services[name] = service
    else:
        service.previous = (service.spec, service.spec_version)
        service.spec, service.spec_version = revision, number
        service.status = None
        if service.iteration is not None:
            service.iteration += 1
    touched(cluster, service)


def touched(cluster: Cluster, service: SimService) -> None:
    """Note that a service object was written: its version moves and it is reconciled."""
    service.version = cluster.number()
    cluster.reconcile.add(service.name)


def say(cluster: Cluster, service: SimService, status: UpdateStatus) -> None:
    """Write a service's update status."""
    service.status, service.ended = status, cluster.now
    service.states.append(status.state.value)
    touched(cluster, service)


def make_task(cluster: Cluster, service: SimService, slot: str, desired: TaskState) -> SimTask:
    """Create a task of the service's current spec."""
    key = (slot, service.spec.template)
    attempt = service.attempts.get(key, 0)
    service.attempts[key] = attempt + 1
    task = SimTask(
        id=f"task{cluster.number()}",
        slot=slot,
        revision=service.spec,
        spec_version=service.spec_version,
        attempt=attempt,
        created=cluster.now,
        desired=desired,
        node=slot if service.spec.mode.is_global else "",
        entered=cluster.now,
        iteration=service.iteration,
    )
    service.tasks.append(task)
    return task


def delay_start(
    cluster: Cluster, task: SimTask, old: SimTask | None = None, delay: float = 0.0
) -> None:
    """Start a READY task later (restart.go, DelayStart)."""
    waits = old if old and old.state.rank <= RUNNING.rank else None
    patience = cluster.now + OLD_TASK_TIMEOUT
    cluster.delays[task.id] = DelayedStart(cluster.now + delay, waits, patience)


def should_restart(service: SimService, task: SimTask) -> bool:
    """Say whether the restart policy wants a successor of an ended task (restart.go)."""
    policy = task.revision.restart
    done = task.state == TaskState.COMPLETE
    if policy.condition == "none" or (policy.condition == "on-failure" and done):
        return False
    if service.spec.mode.is_job and done:
        return False
    version, count = service.restarts.get(task.slot, (task.spec_version, 0))
    if not policy.max_attempts or version != task.spec_version:
        return True
    return count < policy.max_attempts


def restart(cluster: Cluster, service: SimService, task: SimTask) -> None:
    """Replace a task that ended by itself, if its policy wants it (restart.go, Restart)."""
    if task.id in cluster.delays:
        return  # refused before its own delay was over: the next restart waits for that
    task.desired = SHUTDOWN
    if not should_restart(service, task):
        return
    successor = make_task(cluster, service, task.slot, READY)
    if service.spec.restart.max_attempts:
        version, count = service.restarts.get(task.slot, (0, 0))
        count = count if version == successor.spec_version else 0
        service.restarts[task.slot] = (successor.spec_version, count + 1)
    delay_start(cluster, successor, task, task.revision.restart.delay)


def drop_node(cluster: Cluster, name: str) -> None:
    """Drain a node: its tasks are shut down, and replicated ones start elsewhere."""
    cluster.nodes[name] = replace(cluster.nodes[name], active=False)
    for service in cluster.services.values():
        for task in list(service.tasks):
            if task.node == name and task.runnable:
                if service.spec.mode.is_global:
                    task.desired = SHUTDOWN
                else:
                    restart(cluster, service, task)


def is_rollback(service: SimService) -> bool:
    """Say whether a rollback is under way."""
    return bool(service.status and service.status.state == UpdateState.ROLLBACK_STARTED)
