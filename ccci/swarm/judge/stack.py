"""What the judge knows of a whole stack: the user's choice, and every service's history. Pure."""

from dataclasses import dataclass, field

from ccci.exits import Verdict
from ccci.swarm.baseline import Baseline
from ccci.swarm.judge.deadline import Deadline
from ccci.swarm.judge.history import History
from ccci.swarm.judge.limits import COMMAND_ALLOWANCE
from ccci.swarm.model import Judgement, Observation


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user chose: seconds for the deadline and the soak (None: derived), and whom.

    A `brief` soak ends once a health check has been asked again: whoever follows has to look at
    what it answered.
    """

    timeout: float | None = None
    soak: float | None = None
    fail_fast: bool = False
    services: frozenset[str] = frozenset()
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Rollout:
    """The whole memory of the judge."""

    policy: Policy
    baseline: Baseline | None
    """The stack before COMMAND, where somebody looked."""
    started_at: float
    histories: dict[str, History] = field(default_factory=dict)
    """The history of each service that was seen, by its id."""
    judgements: tuple[Judgement, ...] = ()
    """What is known of each service so far."""
    deadline: Deadline | None = None
    """The longest that was derived so far."""
    touched_at: float | None = None
    """When COMMAND's first change of the stack was seen."""
    orchestrator: str = ""
    """The reign of the leader that the rollout began under."""
    restarted: bool = False
    """The orchestrator restarted, or moved, since COMMAND's first change."""
    command_ended: bool = False
    dropped: tuple[str, ...] = ()
    """The services that COMMAND removed, and that are not held against it."""
    unreachable_since: float | None = None
    lost: str | None = None
    """Why nothing can be said: the Engine is out of reach."""
    last: Observation | None = None
    """The last look that succeeded."""
    verdict: Verdict | None = None
    """None while open."""

    @property
    def touched(self) -> bool:
        """Say whether COMMAND created, updated or removed a service of the stack."""
        return self.touched_at is not None

    @property
    def with_command(self) -> bool:
        """Say whether there is a COMMAND."""
        return self.last is not None and self.last.command is not None

    @property
    def removed_by_command(self) -> tuple[str, ...]:
        """Return the services that are judged to be gone because COMMAND itself removed them."""
        return tuple(
            each.name
            for each in self.judgements
            if each.verdict is Verdict.REMOVED
            and (
                self.histories[each.id].asked.removed_by_command
                if each.id in self.histories
                else self.with_command
            )
        )

    @property
    def deadline_at(self) -> float:
        """Return when time is up, on the clock of the observations.

        The recipe's own time counts from COMMAND's first change; until then COMMAND has its own
        allowance, which is part of the printed arithmetic.
        """
        if self.policy.timeout is not None:
            return self.started_at + self.policy.timeout
        seconds = self.deadline.seconds if self.deadline else 0.0
        return self.started_at + self.command_seconds + seconds

    @property
    def ends_at(self) -> float | None:
        """Return the deadline, or None while nothing was seen that it could be derived from."""
        known = self.policy.timeout is not None or self.deadline is not None
        return self.deadline_at if known else None

    @property
    def command_seconds(self) -> float:
        """Return the seconds between the start and COMMAND's first change, at most five minutes."""
        if self.last is None or self.last.command is None:
            return 0.0
        if self.touched_at is not None:
            return min(self.touched_at - self.started_at, COMMAND_ALLOWANCE)
        return COMMAND_ALLOWANCE

    @property
    def ripe_at(self) -> float:
        """Return when time alone may decide something: a soak's end, or the deadline."""
        ripe = [each.ripe_at for each in self.judgements if each.ripe_at is not None]
        return min([*ripe, self.deadline_at])

    @property
    def arithmetic(self) -> str:
        """Return the deadline's arithmetic in words."""
        if self.policy.timeout is not None:
            return f"{self.policy.timeout:g}s given by --timeout"
        words = self.deadline.arithmetic if self.deadline else "no service yet"
        before = self.command_seconds
        if self.touched_at is None and before:
            return f"{words}; before that COMMAND has {before:g}s for its first change"
        return f"{words}; counted from COMMAND's first change at {before:.0f}s" if before else words
