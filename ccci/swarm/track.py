"""What the judge remembers of one service from look to look: values only. Pure.

Only tasks made since the baseline are evidence: old failures stay in Swarm's history, and Portainer
once failed good updates on them (portainer issue 13281).
"""

from dataclasses import dataclass, field

from ccci.swarm.baseline import ServiceBaseline
from ccci.swarm.model import (
    HealthCheck,
    Judgement,
    Service,
    Spec,
    Task,
    Transition,
    UpdateState,
    UpdateStatus,
)
from ccci.swarm.obstacles import Blocked
from ccci.swarm.slots import Slots


@dataclass(frozen=True, slots=True)
class Failure:
    """A task of this rollout that ended by itself: seen at (our clock), and how it lived.

    `ran_from` is when it was first seen running, or None when it never was.
    """

    task: str
    signature: str
    seen_at: float
    ran_from: float | None
    blocked: bool


@dataclass(frozen=True, slots=True)
class Life:
    """One task as last listed, and by the Engine's clock since when it ran and when it ended."""

    task: Task
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """The whole memory of the judge about one service.

    `target` is the spec that was asked for, None while only its rollback was seen; `settled` the
    spec once COMMAND has ended, after which a change is somebody else's; `ours` the last update
    status of our own roll, `overtaken` that something else followed our rollback;
    `completed_since` when that became `completed`; `running_since` since when each task was seen
    running, `unhealthy` the tasks whose check is known to have failed; `failures` the failures of
    each slot, oldest first; `blocked` what holds a slot up; `said` every status of it, since Swarm
    overwrites its message; `up_since` since when all slots are filled; `rolled` says that something
    rolled; `lives` are all tasks seen, forgotten ones too.
    """

    id: str
    name: str
    baseline: ServiceBaseline | None
    target: Spec | None
    service: Service
    slots: Slots
    health: HealthCheck | None = None
    settled: Spec | None = None
    ours: UpdateStatus | None = None
    overtaken: bool = False
    said: tuple[UpdateStatus, ...] = ()
    transitions: tuple[Transition, ...] = ()
    completed_since: float | None = None
    unset_mid_roll: bool = False
    disarmed_since: float | None = None
    old_tasks: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    running_since: dict[str, float] = field(default_factory=dict)
    unhealthy: frozenset[str] = frozenset()
    longest_life: float = 0.0
    failures: dict[str, tuple[Failure, ...]] = field(default_factory=dict)
    blocked: dict[str, Blocked] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    dead_since: float | None = None
    up_since: float | None = None
    rolled: bool = False
    seen_at: float = 0.0
    gone_since: float | None = None
    verdict: Judgement | None = None

    @property
    def touched(self) -> bool:
        """Say whether the service is new or was updated since the baseline."""
        return self.baseline is None or was_touched(self.baseline, self.service)

    @property
    def rolling_back(self) -> bool:
        """Say whether a rollback of ours was seen."""
        return self.ours is not None and self.ours.state.is_rollback

    @property
    def counting(self) -> bool:
        """Say whether Swarm's own failure action may still decide.

        With `continue` no failure watch is opened at all (swarmkit updater.go).
        """
        return (
            self.ours is not None
            and self.ours.state is UpdateState.UPDATING
            and self.service.spec.update.failure_action in {"pause", "rollback"}
        )

    @property
    def troubled(self) -> bool:
        """Say whether the service fails on its own account, so that nobody need wait for it."""
        return self.verdict is not None or any(len(each) >= 3 for each in self.failures.values())  # noqa: PLR2004


def was_touched(baseline: ServiceBaseline, service: Service) -> bool:
    """Say whether somebody sent the service anew since the baseline.

    Its version alone says little: the updater writes its status, too, and moves it. Each accepted
    update unsets the status, so one of the same StartedAt is the baseline's own roll going on
    (swarmkit controlapi/service.go).
    """
    if service.version == baseline.version:
        return False
    status = service.update
    if status is not None and status.started_at == baseline.update_started_at:
        return not status.state.is_rollback and service.spec.whole != baseline.spec.whole
    return True
