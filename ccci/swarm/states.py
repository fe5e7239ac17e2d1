"""The words that Swarm itself has for updates, tasks and modes. `model` hands them on. Pure."""

from enum import StrEnum


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

    rank: int
    """The place in swarmkit's order, in which a task only ever moves forward."""

    ended: bool
    """Whether a task in this state has stopped for good."""


# Once, and not whenever it is asked: a look asks it of each task, several times.
for _rank, _state in enumerate(TaskState):
    _state.rank = _rank
for _state in TaskState:
    _state.ended = _state.rank > TaskState.RUNNING.rank


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
