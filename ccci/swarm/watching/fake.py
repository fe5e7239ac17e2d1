"""A watch that plays what it is told to, in no time: for tests of whatever follows a stack.

    watch = FakeWatch([look_1, look_2], stack="app")
    outcome = follow(watch, baseline=None, options=Options(), view=view)
    report = converge(Request("app"), Output(), opens=watch.opened)
    workspace = replace(workspace, opens=watch.opened, observes=watch.observed)

Its clock is that of the looks. The last one is what is there from then on, an error too: it is
seen again each time the pace of a watch, or `wake_at`, would have it, so that soaks and deadlines
pass at once. Where no look is given, a stack without services is seen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ccci.errors import EngineError, EngineUnavailable
from ccci.swarm.exit_codes import SIGTERM
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Command, Evidence, Observation, Sample
from ccci.swarm.watching.protocol import End, Started

PACE = 1.0
FOREVER = 10_000
"""Looks after which a fake watch gives up: what follows it would never end."""

Step = Observation | EngineError | EngineUnavailable


class FakeCommand:
    """A COMMAND that ends with `code` after so many looks, or once it is ended, if ever."""

    def __init__(
        self,
        code: int = 0,
        *,
        argv: Iterable[str] = ("deploy",),
        output: str = "",
        looks: int | None = 0,
    ) -> None:
        self.argv = tuple(argv)
        self.output = output
        self.ended_by_us = False
        self.patience: float | None = None
        self._code = code
        self._left = looks

    @property
    def code(self) -> int | None:
        """Return its exit code, or None while it runs."""
        if self.ended_by_us:
            return SIGTERM
        return self._code if self._left == 0 else None

    @property
    def reason(self) -> str:
        """Return the last line of its output that says something."""
        said = [line.strip() for line in self.output.splitlines() if line.strip()]
        return said[-1] if said else ""

    def end(self, patience: float = 10.0) -> None:
        """End it; harmless when it has ended."""
        self.patience = patience
        self.ended_by_us = self.ended_by_us or self.code is None

    def passes(self) -> None:
        """Let the time of one look pass."""
        self._left = max(0, self._left - 1) if self._left is not None else None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a fake watch was told of the rollouts that followed it."""

    begun: list[Rollout]
    ended: list[End]


class FakeWatch:
    """Plays these looks in turn; an error in their place is a look that fails.

    An Engine that refuses us for good before any look succeeded ends it, as it ends the real one.
    `before` is what `look` sees (else the first of the looks), `evidence` what it takes of failing
    tasks, `memory` what it sampled of them. `on_look` is called with the number of each look,
    before it is yielded. `recorded` keeps how rollouts began and ended.
    """

    def __init__(
        self,
        looks: Iterable[Step],
        *,
        stack: str = "stack",
        before: Observation | None = None,
        evidence: Mapping[str, Evidence] | None = None,
        memory: Mapping[str, Sequence[Sample]] | None = None,
        on_look: Callable[[int], None] = lambda _number: None,
    ) -> None:
        self.command: Started | None = None
        self.wake_at: float | None = None
        self.deadline: float | None = None
        self.stack = stack
        self.recorded = Recorded([], [])
        self._looks = list(looks) or [before or Observation(0.0, "")]
        self._before = before
        self._looked = False
        self._evidence = dict(evidence or {})
        self._memory = dict(memory or {})
        self._on_look = on_look
        first = before or next(
            (each for each in self._looks if isinstance(each, Observation)), None
        )
        self._now = first.at if first else 0.0
        self._last = first or Observation(0.0, "")

    def opened(
        self, engine: object, stack: str, *, trace: object = None, samples: bool = False
    ) -> AbstractContextManager["FakeWatch"]:
        """Return itself as a watch on this stack, in the place of one on an Engine."""
        del engine, trace, samples
        self.stack = stack
        return nullcontext(self)

    def observed(self, engine: object, stack: str) -> Observation:
        """Return what is seen by a look apart from the watch: what it has come to by then."""
        del engine
        self.stack = stack
        return self._last

    def now(self) -> float:
        """Return the time on the clock of the observations' `at`, in seconds."""
        return self._now

    def look(self) -> Observation:
        """Look once, before a rollout begins. Raise EngineUnavailable or EngineError."""
        first = self._before or self._looks[0]
        if not isinstance(first, Observation):
            raise first
        self._looked = True
        return self._seen(first)

    def begin(self, rollout: Rollout) -> None:
        """Record how a rollout begins."""
        self.recorded.begun.append(rollout)

    def observations(self) -> Iterator[Observation]:
        """Yield what is seen; see the class. Raise EngineUnavailable where it was told to."""
        reached = self._looked
        for number in range(FOREVER):
            self._on_look(number)
            step = self._looks[number] if number < len(self._looks) else self._again()
            if isinstance(step, EngineUnavailable) and not reached:
                raise step
            if not isinstance(step, Observation):
                self._now = self._next()
                wall = _later(self._last.wall, self._now - self._last.at)
                yield replace(self._seen(Observation(self._now, wall)), unreachable=step.message)
                continue
            reached = reached or step.unreachable is None
            self._now, self._last = max(self._now, step.at), step
            yield self._seen(step)
        raise AssertionError("a rollout was followed for ever")

    def _next(self) -> float:
        """Return when a watch would look again."""
        at = self._now + PACE
        if self.wake_at is not None and self._now < self.wake_at < at:
            return self.wake_at
        return at

    def _again(self) -> Step:
        if not isinstance(self._looks[-1], Observation):
            return self._looks[-1]
        at = self._next()
        later = at - self._last.at
        services = tuple(
            replace(
                service,
                tasks=tuple(
                    replace(task, since=task.since + later) if task.since is not None else task
                    for task in service.tasks
                ),
            )
            for service in self._last.services
        )
        wall = _later(self._last.wall, later)
        return replace(self._last, at=at, wall=wall, services=services)

    def _seen(self, look: Observation) -> Observation:
        if self.command is None:
            return look
        seen = replace(look, command=Command(self.command.argv, self.command.code))
        if isinstance(self.command, FakeCommand):
            self.command.passes()
        return seen

    def end(self, ended: End) -> None:
        """Record how the rollout ended."""
        self.recorded.ended.append(ended)

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """Return the evidence of failing tasks so far, by task."""
        return self._evidence

    @property
    def memory(self) -> Mapping[str, Sequence[Sample]]:
        """Return how much memory tasks were seen to hold, by task."""
        return self._memory

    def settle_evidence(self, timeout: float) -> bool:
        """Say that all of it came; no time passes."""
        return timeout >= 0


def _later(wall: str, seconds: float) -> str:
    """Return a time of the wall so many seconds later, as the clock writes it.

    What is no time is returned as it is: a test may not care.
    """
    try:
        moment = datetime.fromisoformat(wall) + timedelta(seconds=seconds)
    except ValueError:
        return wall
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
