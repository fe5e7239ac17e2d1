"""What it takes to follow a stack: a watch that looks at it, and a COMMAND that may still run.

`watch.Watch` watches a real Engine, `fake.FakeWatch` plays what it is told to; both pass one test.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ccci.exits import Verdict
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import CauseCode, Evidence, Observation, Sample


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """The Engine that was asked: its release, such as 28.2.2, and the API that it was asked in."""

    version: str
    api: str


@dataclass(frozen=True, slots=True)
class ServiceEnd:
    """What was said of one service."""

    verdict: Verdict
    cause: CauseCode | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a rollout ended.

    `verdict` is what the run said; `judged` what the services alone come to, which differs where
    COMMAND itself failed, and is None where nothing was decided. `services` are by name, `signal`
    is the number of the one that cut it short.
    """

    verdict: Verdict
    judged: Verdict | None = None
    services: Mapping[str, ServiceEnd] = field(default_factory=dict)
    signal: int | None = None


class Started(Protocol):
    """COMMAND, once it runs; `host.process.Running` is one."""

    @property
    def argv(self) -> tuple[str, ...]:
        """Return what runs."""

    @property
    def code(self) -> int | None:
        """Return its exit code, or None while it runs."""

    @property
    def output(self) -> str:
        """Return the last lines that it printed."""

    @property
    def reason(self) -> str:
        """Return the line that tells why it failed: the last of its errors, else of its output."""

    def end(self, patience: float = ...) -> None:
        """End it, by force after so many seconds; harmless when it has ended."""


class Watching(Protocol):
    """A watch on one stack, for one thread, subscribed to what happens there.

    `command` is COMMAND, once it runs: each observation tells how far it is. `wake_at` is when to
    look at the latest, on the watch's clock, None leaves the pace to the watch; `deadline` is when
    the rollout has to be over, and no look, however it fails, may last much longer.
    """

    command: Started | None
    wake_at: float | None
    deadline: float | None

    @property
    def stack(self) -> str:
        """Return the stack's name."""

    def now(self) -> float:
        """Return the time on the clock of the observations' `at`, in seconds."""

    def look(self) -> Observation:
        """Look once, before a rollout begins. Raise EngineUnavailable or EngineError."""

    def begin(self, rollout: Rollout) -> None:
        """Record how a rollout begins, whose baseline, if it has one, is what `look` saw."""

    def observations(self) -> Iterator[Observation]:
        """Yield what is seen, without end: at once, when something happens, and now and then.

        A look that fails is yielded as unreachable, and tried again. Raise EngineUnavailable when
        the Engine refuses us for good.
        """

    def end(self, ended: End) -> None:
        """Record how the rollout ended."""

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """Return the evidence of failing tasks so far, by task."""

    @property
    def memory(self) -> Mapping[str, Sequence[Sample]]:
        """Return how much memory tasks were seen to hold so far, by task."""

    def settle_evidence(self, timeout: float) -> bool:
        """Wait so long for evidence that is on its way; say whether all of it came."""
