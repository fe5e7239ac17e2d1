"""The vocabulary of a rollout: frozen values, no behaviour beyond what they are.

Facts about Swarm cite `swarmkit` or `moby` source, or the page `docs/explanation/swarm.md`.
Durations are seconds; `at` is seconds on the watcher's monotonic clock; times of the Engine are
RFC 3339 strings as it gave them, since clocks of other machines are never compared with ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ccci.host.json_values import APART
from ccci.swarm.causes import Cause, CauseCode, Evidence, Judgement, Phase, Transition
from ccci.swarm.policies import (
    UNSET_CHECK,
    UNSET_RESTART,
    UNSET_STOP_GRACE,
    UNSET_UPDATE,
    HealthCheck,
    HealthSource,
    RestartPolicy,
    UpdatePolicy,
)
from ccci.swarm.states import Mode, TaskState, UpdateState

__all__ = [
    "UNSET_CHECK",
    "UNSET_RESTART",
    "UNSET_STOP_GRACE",
    "UNSET_UPDATE",
    "Cause",
    "CauseCode",
    "Command",
    "Container",
    "Evidence",
    "HealthCheck",
    "HealthSource",
    "Identity",
    "Judgement",
    "Mode",
    "Mount",
    "Node",
    "Observation",
    "Phase",
    "RestartPolicy",
    "Sample",
    "Service",
    "Spec",
    "Task",
    "TaskState",
    "Transition",
    "UpdatePolicy",
    "UpdateState",
    "UpdateStatus",
]


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
class Mount:
    """What a task mounts: the kind of mount, where from, where to, and the volume's driver."""

    kind: str
    source: str
    target: str
    driver: str = ""
    has_options: bool = False
    """Whether the volume is declared with options for its driver (NFS, a bind)."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a service's tasks start, as far as somebody may start it by hand."""

    image: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    """The words behind the entrypoint."""
    user: str = ""
    folder: str = ""
    variables: tuple[str, ...] = ()
    """The names of its variables, without a value."""
    files: tuple[str, ...] = ()
    """Where in it its secrets and configs lie."""
    test: tuple[str, ...] = ()
    """The words of its health check."""


@dataclass(frozen=True, slots=True)
class Spec:
    """The parts of a service's spec that a rollout is judged by.

    Equal fingerprints mean equal specs.
    """

    whole: str
    """A fingerprint of the entire spec."""
    template: str
    """A fingerprint of what a task is made of, without Placement, whose change alone rolls nothing
    while the node still fits (swarmkit orchestrator/task.go).
    """
    endpoint: str
    """A fingerprint of the published ports."""
    mode: Mode = Mode.REPLICATED
    replicas: int | None = 1
    identity: Identity = field(default_factory=lambda: Identity(None, None, None))
    update: UpdatePolicy = field(default_factory=UpdatePolicy)
    rollback: UpdatePolicy = field(default_factory=UpdatePolicy)
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    health: HealthCheck | None = None
    health_source: HealthSource = HealthSource.INHERITED
    stop_grace: float = UNSET_STOP_GRACE
    constraints: tuple[str, ...] = ()
    platforms: tuple[tuple[str, str], ...] = ()
    ports: int = 0
    host_ports: tuple[int, ...] = ()
    memory_limit: int = 0
    force_update: int = 0
    """The counter that `docker service update --force` moves."""
    cronjob: bool = False
    """Whether swarm-cronjob starts its tasks (label `swarm.cronjob.enable`)."""
    log_driver: str = ""
    mounts: tuple[Mount, ...] = ()
    container: Container = field(
        default_factory=Container, compare=False, repr=False, metadata={APART: True}
    )
    """What its tasks start; of nothing where the spec was saved."""
    raw: Mapping[str, Any] = field(
        default_factory=dict, compare=False, repr=False, metadata={APART: True}
    )
    """The spec as the Engine gave it, for `decode.fields` alone; empty where it was saved."""


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """What Swarm says of the last update: state, message, and when it started and ended.

    `age` is how many seconds ago it ended by the Engine's own clock, or None where unknown;
    `written_at` when Swarm last wrote the service, which is when it entered a state that has no
    time of its own.
    """

    state: UpdateState
    message: str = ""
    started_at: str | None = None
    completed_at: str | None = None
    age: float | None = None
    written_at: str | None = field(default=None, compare=False)

    @property
    def since(self) -> str | None:
        """Return since when it is in this state, by Swarm's own word; None where it has none."""
        if self.state is UpdateState.UPDATING:
            return self.started_at
        if self.state in {UpdateState.COMPLETED, UpdateState.ROLLBACK_COMPLETED}:
            return self.completed_at
        return self.written_at


@dataclass(frozen=True, slots=True)
class Task:
    """One task as listed."""

    id: str
    slot: str
    """The slot's number as text, or the node's id when global."""
    state: TaskState
    desired: TaskState
    up_to_date: bool = True
    """Swarm's own test (the `_up-to-date` filter, swarmkit controlapi/task.go)."""
    node: str = ""
    message: str = ""
    error: str = ""
    exit_code: int | None = None
    container: str = ""
    template: str = ""
    """The fingerprint of its own spec, as in Spec."""
    image: str = ""
    iteration: int | None = None
    created_at: str = ""
    timestamp: str = ""
    since: float | None = None
    """How many seconds ago by the Engine's own clock it entered its state; None where that cannot
    be trusted.
    """

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
    written_at: str | None = field(default=None, compare=False)  # as in UpdateStatus


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
    memory: int = 0
    """Its memory in bytes, 0 where nobody says."""
    address: str = ""
    """The address that the managers see it at, empty where nobody says."""

    @property
    def usable(self) -> bool:
        """Say whether Swarm may give it tasks."""
        return self.ready and self.active


@dataclass(frozen=True, slots=True)
class Sample:
    """How many bytes of memory a task's container held at `at` (RFC 3339, our clock).

    Pages of files that nobody used lately are left out: the kernel takes them back when it must.
    """

    at: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Command:
    """The wrapped COMMAND at one moment; `code` is None while it runs."""

    argv: tuple[str, ...]
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a whole stack, or one that failed."""

    at: float
    wall: str
    services: tuple[Service, ...] = ()
    nodes: tuple[Node, ...] = ()
    """The last listing of the nodes, which may be older than the look."""
    command: Command | None = None
    orchestrator: str = ""
    """The leader, since it leads; another one when the leader changes, or restarted."""
    unreachable: str | None = None
    """Why the look failed."""
    absent_images: frozenset[str] = frozenset()
    """Images of the stack that the Engine asked does not have."""
    inherited: tuple[tuple[str, HealthCheck], ...] = ()
    """The health checks that images bring along."""
    unhealthy: frozenset[str] = frozenset()
    """The tasks whose container on the node asked was heard to turn unhealthy."""
    asked: str = ""
    """The id of the node asked, empty where nobody says."""
