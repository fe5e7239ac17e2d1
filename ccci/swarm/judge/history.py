"""What the judge remembers of one service from look to look: values only. Pure.

Only tasks made since the baseline are evidence: old failures stay in Swarm's history, and Portainer
once failed good updates on them (portainer issue 13281).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ccci.swarm.baseline import ServiceBaseline
from ccci.swarm.judge.blockers import Blocked
from ccci.swarm.judge.endings import Ending
from ccci.swarm.judge.limits import TROUBLED
from ccci.swarm.judge.slots import Slots
from ccci.swarm.judge.unreported_health import Span
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


@dataclass(frozen=True, slots=True)
class Failure:
    """A task of this rollout that ended by itself, and not as it was meant to."""

    task: str
    signature: str
    """What makes two failures the same."""
    seen_at: float
    """When it ended, on our clock."""
    ran_from: float | None
    """Since when it ran, None when it never was seen to."""
    blocked: bool
    """It was kept from ever starting, and by what no number of retries helps against."""
    refused: bool = False
    """Its node refused it before it started."""


@dataclass(frozen=True, slots=True)
class Life:
    """One task as last listed, and by the Engine's clock since when it ran and when it ended."""

    task: Task
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and what Swarm said about it."""

    baseline: ServiceBaseline | None
    """The service before COMMAND; None when it was not there, or nobody looked."""
    before: ServiceBaseline | None
    """The same, or the removed one of its name: what it did before, whoever made it anew."""
    target: Spec | None
    """The spec that was asked for; None while only its rollback was seen."""
    settled: Spec | None = None
    """The spec once COMMAND has ended: a later change is somebody else's."""
    ours: UpdateStatus | None = None
    """The last update status of our own roll."""
    said: tuple[UpdateStatus, ...] = ()
    """Every status of our own roll, since Swarm overwrites its message."""
    transitions: tuple[Transition, ...] = ()
    """The states that were seen, with the time of the look."""
    rolled: bool = False
    """Something rolled, or was stopped."""
    put_back: bool = False
    """COMMAND itself asked Swarm for the rollback: what it put back is what was asked for."""
    overtaken: bool = False
    """Something else followed the rollback of ours."""
    unset_mid_roll: bool = False
    """The status was unset while our update was rolling, after COMMAND had ended."""
    removed_by_command: bool = False
    """The service is gone, and COMMAND itself removed it, as far as the looks tell."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """What became of the service's tasks."""

    old: frozenset[str]
    """Those that are no evidence: made before the baseline, or of a spec that COMMAND replaced."""
    known: frozenset[str] = frozenset()
    """All that were ever listed."""
    asked_to_stop: frozenset[str] = frozenset()
    """Those that were seen to be stopped while they lived: their end is no failure."""
    unhealthy: frozenset[str] = frozenset()
    """Those of the stack whose check is known to have failed."""
    running_since: Mapping[str, float] = field(default_factory=dict)
    """Since when each was running."""
    ran: Mapping[str, Span] = field(default_factory=dict)
    """The longest that each can have run."""
    failures: Mapping[str, tuple[Failure, ...]] = field(default_factory=dict)
    """The failures of each slot, oldest first."""
    longest_life: float = 0.0
    """How long the longest-lived of those that failed had run."""
    lives: Mapping[str, Life] = field(default_factory=dict)
    """All of this rollout, those that Swarm has forgotten too."""


@dataclass(frozen=True, slots=True)
class Since:
    """Since when something lasts, on the clock of the looks; None while it does not."""

    seen: float
    """The last look."""
    up: float | None = None
    """All slots are filled."""
    dead: float | None = None
    """A slot is empty that Swarm will not fill again."""
    nowhere: float | None = None
    """No task is expected, and none is left."""
    completed: float | None = None
    """Swarm calls our update completed."""
    back: float | None = None
    """Swarm calls its rollback of ours completed."""
    disarmed: float | None = None
    """The service shows that its spec was sent twice while it rolled."""
    gone: float | None = None
    """The service is not there."""
    blocked: Mapping[str, Blocked] = field(default_factory=dict)
    """What holds each slot up."""


@dataclass(frozen=True, slots=True)
class History:
    """The whole memory of the judge about one service."""

    id: str
    name: str
    service: Service
    """The service as last seen."""
    slots: Slots
    """What its slots held then."""
    asked: Asked
    tasks: Tasks
    since: Since
    health: HealthCheck | None = None
    """Its effective health check."""
    ending: Ending = Ending.EARLY
    """What an exit code of 0 is to it."""
    verdict: Judgement | None = None
    """The failing judgement, which stays."""

    @property
    def touched(self) -> bool:
        """Say whether the service is new or was updated since the baseline."""
        return self.asked.baseline is None or was_touched(self.asked.baseline, self.service)

    @property
    def rolling_back(self) -> bool:
        """Say whether a rollback of ours was seen that COMMAND had not asked for."""
        ours = self.asked.ours
        return ours is not None and ours.state.is_rollback and not self.asked.put_back

    @property
    def updating(self) -> bool:
        """Say whether Swarm is working on what was asked for."""
        state = self.asked.ours.state if self.asked.ours is not None else None
        return state is UpdateState.UPDATING or (
            self.asked.put_back and state is UpdateState.ROLLBACK_STARTED
        )

    @property
    def counting(self) -> bool:
        """Say whether Swarm's own failure action may still decide.

        With `continue` no failure watch is opened at all (swarmkit updater.go).
        """
        spec = self.service.spec
        policy = spec.rollback if self.asked.put_back else spec.update
        return self.updating and policy.failure_action in {"pause", "rollback"}

    @property
    def troubled(self) -> bool:
        """Say whether the service fails on its own account, so that nobody need wait for it."""
        return self.verdict is not None or any(
            len(each) >= TROUBLED for each in self.tasks.failures.values()
        )


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


def our_status(baseline: ServiceBaseline | None, service: Service) -> UpdateStatus | None:
    """Return the update status of a service if it belongs to our rollout.

    Its StartedAt differs from the baseline's; not "is later": clocks of managers may step back,
    and a rollback keeps the StartedAt of the update it undoes (swarmkit updater.go).
    """
    status = service.update
    if status is None or (baseline is not None and status.started_at == baseline.update_started_at):
        return None
    return status
