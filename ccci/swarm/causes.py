"""The vocabulary of what is found out: causes, their evidence, judgements. Frozen values.

`model` hands these names on, so that one import has the whole vocabulary.
"""

from dataclasses import dataclass
from enum import StrEnum

from ccci.exits import Verdict


class CauseCode(StrEnum):
    """Why a service failed: stable codes for scripts."""

    EXIT_NONZERO = "exit-nonzero"
    EXITED_EARLY = "exited-early"
    OOM_KILLED = "oom-killed"
    UNHEALTHY = "unhealthy"
    IMAGE_UNAVAILABLE = "image-unavailable"
    MOUNT_FAILED = "mount-failed"
    NO_SUITABLE_NODE = "no-suitable-node"
    PORT_IN_USE = "port-in-use"
    START_TIMEOUT = "start-timeout"
    NETWORK_UNAVAILABLE = "network-unavailable"
    OLD_TASK_NOT_STOPPING = "old-task-not-stopping"
    CONFIG_IMMUTABLE = "config-immutable"
    CONFLICT = "conflict"
    ORCHESTRATOR_RESTARTED = "orchestrator-restarted"
    INTERFERENCE = "interference"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one failing task beyond its listing, taken while it could be had."""

    task: str
    local: bool = False
    """Whether its container could be inspected: only on the node asked."""
    exit_code: int | None = None
    oom_killed: bool = False
    """Known only of a local one."""
    unhealthy: bool = False
    health: tuple[str, ...] = ()
    """The last probes' output, oldest first; known only of a local one."""
    logs: tuple[str, ...] = ()
    """The last lines."""
    ran_for: float | None = None
    """Seconds; known only of a local one."""
    incomplete: str = ""
    """Why there may be more to know."""
    started_again: bool = False
    """Whether somebody started its container once more after it had died, which Swarm never does.
    """


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a service failed: the code, the sentence, the task that shows it, and the next step."""

    code: CauseCode
    detail: str
    hint: str
    task: str | None = None
    exit_code: int | None = None
    logs: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    evidence: str | None = None
    incomplete: str = ""
    """Why there may be more to know than the evidence holds, such as a log that cannot be read."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A state, and since when (RFC 3339).

    By Swarm's own time alone; None where it has none.
    """

    at: str | None
    state: str


class Phase(StrEnum):
    """How far a service is, before and when it is judged: the words that people read."""

    AS_BEFORE = "as before"
    STARTING = "starting"
    UPDATING = "updating"
    WAITING = "waiting"
    SOAKING = "soaking"
    STEADY = "steady"
    ROLLING_BACK = "rolling back"
    COMING_BACK = "coming back"
    ROLLED_BACK = "rolled back"
    PAUSED = "paused"
    ROLLBACK_PAUSED = "rollback paused"
    CRASHING = "crashing"
    STALLED = "stalled"
    DISTURBED = "disturbed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of one service so far."""

    name: str
    id: str
    phase: Phase
    verdict: Verdict | None = None
    """None while it is still open."""
    detail: str = ""
    """The reason, in one sentence."""
    tasks_at_fault: tuple[str, ...] = ()
    """The tasks that show it, the latest last."""
    cause: CauseCode | None = None
    hint: str = ""
    """The next step, where it differs from the cause's own."""
    ripe_at: float | None = None
    """When time alone may decide it."""
