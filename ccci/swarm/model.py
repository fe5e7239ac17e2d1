"""The vocabulary of a rollout: frozen values, no behaviour beyond what they are.

Facts about Swarm cite `swarmkit` or `moby` source, or the page `docs/explanation/swarm.md`.
Durations are seconds; `at` is seconds on the watcher's monotonic clock; times of the Engine are
RFC 3339 strings as it gave them, since clocks of other machines are never compared with ours.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ccci.swarm.findings import Cause, CauseCode, Evidence, Judgement, Transition

__all__ = [
    "Cause",
    "CauseCode",
    "Command",
    "Evidence",
    "HealthCheck",
    "HealthSource",
    "Identity",
    "Judgement",
    "Mode",
    "Node",
    "Observation",
    "RestartPolicy",
    "Service",
    "Spec",
    "Task",
    "TaskState",
    "Transition",
    "UpdatePolicy",
    "UpdateState",
    "UpdateStatus",
]


class UpdateState(StrEnum):
    """Swarm's own word for an update, in its wire spelling (API `UpdateStatus.State`)."""

    UPDATING = "updating"
    PAUSED = "paused"
    COMPLETED = "completed"
    ROLLBACK_STARTED = "rollback_started"
    ROLLBACK_PAUSED = "rollback_paused"
    ROLLBACK_COMPLETED = "rollback_completed"

    @property
    def is_rollback(self) -> bool:
        """Say whether this is one of the three states of a rollback."""
        return self.value.startswith("rollback_")


class TaskState(StrEnum):
    """A task's state, in the order of swarmkit's api/types.proto."""

    NEW = "new"
    ALLOCATED = "allocated"
    PENDING = "pending"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETE = "complete"
    SHUTDOWN = "shutdown"
    FAILED = "failed"
    REJECTED = "rejected"
    REMOVE = "remove"
    ORPHANED = "orphaned"

    @property
    def rank(self) -> int:
        """Return the place in swarmkit's order, in which a task only ever moves forward."""
        return _RANKS[self]

    @property
    def ended(self) -> bool:
        """Say whether a task in this state has stopped for good."""
        return self.rank > _RANKS[TaskState.RUNNING]


_RANKS = {state: rank for rank, state in enumerate(TaskState)}


class Mode(StrEnum):
    """How a service decides how many tasks it has."""

    REPLICATED = "replicated"
    GLOBAL = "global"
    REPLICATED_JOB = "replicated-job"
    GLOBAL_JOB = "global-job"

    @property
    def is_job(self) -> bool:
        """Say whether its tasks are meant to complete."""
        return self in {Mode.REPLICATED_JOB, Mode.GLOBAL_JOB}

    @property
    def is_global(self) -> bool:
        """Say whether it has one task on each fitting node."""
        return self in {Mode.GLOBAL, Mode.GLOBAL_JOB}


@dataclass(frozen=True, slots=True)
class Identity:
    """What a service's labels say was deployed: version, image, commit as labelled, dirty."""

    version: str | None
    image: str | None
    commit: str | None
    dirty: bool = False

    def __str__(self) -> str:
        """Return it as people say it: `7ae7b0f7+U (0.9.0+3.5.0)`."""
        commit = f"{self.commit}{'+U' if self.dirty else ''}" if self.commit else ""
        if commit and self.version:
            return f"{commit} ({self.version})"
        return commit or self.version or self.image or "an unlabelled spec"


@dataclass(frozen=True, slots=True)
class UpdatePolicy:
    """An `update_config` or `rollback_config` as Swarm applies it, its defaults filled in.

    Defaults: pause, stop-first, monitor 5 s, ratio 0, parallelism 1, delay 0
    (swarmkit api/defaults/service.go).
    """

    failure_action: str = "pause"
    order: str = "stop-first"
    monitor: float = 5.0
    max_failure_ratio: float = 0.0
    parallelism: int = 1
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A health check with Docker's defaults filled in (3 retries, 30 s, 30 s, no start period)."""

    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0

    @property
    def unhealthy_after(self) -> float:
        """Return the seconds of failing probes after which Docker says unhealthy.

        The interval restarts after each probe ends, so a hanging probe costs both
        (moby daemon/health.go).
        """
        return self.retries * (self.interval + self.timeout)


class HealthSource(StrEnum):
    """Where a service's health check is written."""

    DEFINED = "defined"
    DISABLED = "disabled"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """A restart policy with Swarm's defaults: any, 5 s, no limit of attempts."""

    condition: str = "any"
    delay: float = 5.0
    max_attempts: int = 0
    window: float = 0.0


@dataclass(frozen=True, slots=True)
class Spec:
    """The parts of a service's spec that a rollout is judged by.

    `whole` is a fingerprint of the entire spec, `template` of what a task is made of (without
    Placement, whose change alone rolls nothing while the node still fits: swarmkit
    orchestrator/task.go), `endpoint` of the published ports. Equal fingerprints mean equal specs.
    """

    whole: str
    template: str
    endpoint: str
    mode: Mode = Mode.REPLICATED
    replicas: int | None = 1
    identity: Identity = field(default_factory=lambda: Identity(None, None, None))
    update: UpdatePolicy = field(default_factory=UpdatePolicy)
    rollback: UpdatePolicy = field(default_factory=UpdatePolicy)
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    health: HealthCheck | None = None
    health_source: HealthSource = HealthSource.INHERITED
    stop_grace: float = 10.0
    constraints: tuple[str, ...] = ()
    platforms: tuple[tuple[str, str], ...] = ()
    ports: int = 0
    host_ports: tuple[int, ...] = ()
    memory_limit: int = 0


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """What Swarm says of the last update: state, message, and when it started and ended.

    `age` is how many seconds ago it ended by the Engine's own clock, or None where unknown.
    """

    state: UpdateState
    message: str = ""
    started_at: str | None = None
    completed_at: str | None = None
    age: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task as listed. `slot` is the slot's number as text, or the node's id when global.

    `up_to_date` is Swarm's own test (the `_up-to-date` filter, swarmkit controlapi/task.go).
    `since` is how many seconds ago by the Engine's own clock it entered its state, or None where
    that cannot be trusted. `template` is the fingerprint of its own spec, as in Spec.
    """

    id: str
    slot: str
    state: TaskState
    desired: TaskState
    up_to_date: bool = True
    node: str = ""
    message: str = ""
    error: str = ""
    exit_code: int | None = None
    container: str = ""
    template: str = ""
    image: str = ""
    iteration: int | None = None
    created_at: str = ""
    timestamp: str = ""
    since: float | None = None

    @property
    def live(self) -> bool:
        """Say whether the orchestrator wants it to run (or, in a job, to complete)."""
        return self.desired.rank <= TaskState.RUNNING.rank or self.desired == TaskState.COMPLETE


@dataclass(frozen=True, slots=True)
class Service:
    """One service at one moment. `name` is as in the compose file, `full_name` as in Swarm."""

    id: str
    name: str
    full_name: str
    version: int
    spec: Spec
    previous: Spec | None = None
    update: UpdateStatus | None = None
    iteration: int | None = None
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `version` moves with its status, `spec_version` names its spec alone."""

    id: str
    hostname: str
    ready: bool = True
    active: bool = True
    manager: bool = False
    leader: bool = False
    os: str = ""
    architecture: str = ""
    role: str = "worker"
    labels: tuple[tuple[str, str], ...] = ()
    engine_labels: tuple[tuple[str, str], ...] = ()
    version: int = 0

    @property
    def usable(self) -> bool:
        """Say whether Swarm may give it tasks."""
        return self.ready and self.active


@dataclass(frozen=True, slots=True)
class Command:
    """The wrapped COMMAND at one moment; `code` is None while it runs."""

    argv: tuple[str, ...]
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a whole stack, or, with `unreachable`, one that failed.

    `orchestrator` names the reign of the leader; it changes when the leader does, or when it
    restarted. `nodes` is the last listing of the nodes, which may be older than the look.
    `absent_images` are images of the stack that the Engine asked does not have, `inherited` the
    health checks that images bring along, `unhealthy` the tasks whose container on the node asked
    was heard to turn unhealthy.
    """

    at: float
    wall: str
    services: tuple[Service, ...] = ()
    nodes: tuple[Node, ...] = ()
    command: Command | None = None
    orchestrator: str = ""
    unreachable: str | None = None
    absent_images: frozenset[str] = frozenset()
    inherited: tuple[tuple[str, HealthCheck], ...] = ()
    unhealthy: frozenset[str] = frozenset()
