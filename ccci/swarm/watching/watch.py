"""Watching a stack: events say when to look, inspecting says what is true."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from ccci.errors import CcciError, EngineError, EngineUnavailable
from ccci.host import clock
from ccci.swarm.decode import listings, observation
from ccci.swarm.decode.typed import UnknownWord
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Evidence, Observation, Sample
from ccci.swarm.watching.events import Subscription
from ccci.swarm.watching.evidence import EVIDENCE_PATIENCE, Collector
from ccci.swarm.watching.memory import Sampler
from ccci.swarm.watching.protocol import End, EngineVersion, Started, Watching
from ccci.swarm.watching.snapshot import Gone, Snapshots
from ccci.swarm.watching.trace import Trace

SOON = 1.0
QUIET = 2.5
SOON_FOR = 5.0
GAP = 0.05
"""Seconds between the starts of two looks at least, so that a burst of events is one look."""

_SHARE = 2.0
"""A look that takes long, of a big stack or on a slow Engine, is followed by as long a rest."""

_BACKOFF = (0.25, 0.5, 1.0, 2.0)
_PATIENCE_AFTER_FAILURE = 2.0
_PATIENCE_WITH_A_NODE = 30.0
_COMMAND_EVERY = 0.05
_STRANGE = 3
"""Looks in a row with a word that nobody knows, after which it is no fault of the moment."""

_AFTER_THE_DEADLINE = 1.0
"""Seconds that a look may last beyond the deadline."""


def observe(engine: Engine, stack: str) -> Observation:
    """Look at a stack once. Raise EngineUnavailable or EngineError."""
    with engine.sibling() as own:
        return observation.observation(Snapshots(own, stack).take())


class Opens(Protocol):
    """How a watch on a stack is opened: what it gives is used with `with`, from one thread.

    `Watch` is one, and `fake.FakeWatch.opened` another.
    """

    def __call__(
        self, engine: Engine, stack: str, *, trace: Trace | None = ..., samples: bool = ...
    ) -> AbstractContextManager[Watching]:
        """Return a watch; with `samples` the memory of tasks is sampled on the way."""


class Watch:
    """Looks at a stack again and again; use it with `with`, from one thread.

    `command` is COMMAND, once it runs. `wake_at` is when to look at the latest, on the monotonic
    clock, and `deadline` when the rollout has to be over, so that no look may last much longer; set
    them while iterating, None leaves the pace to the watch.
    """

    def __init__(
        self,
        engine: Engine,
        stack: str,
        *,
        command: Started | None = None,
        trace: Trace | None = None,
        secrets: Iterable[str] = (),
        samples: bool = False,
    ) -> None:
        self.command = command
        self.wake_at: float | None = None
        self.deadline: float | None = None
        self.stack = stack
        self._trace = trace
        self._version = EngineVersion(engine.release, engine.api_version)
        self._engine = engine.sibling()
        self._timeout = engine.timeout
        self._snapshots = Snapshots(self._engine, stack)
        report = trace.evidence if trace else lambda _: None
        self._collector = Collector(engine, secrets=secrets, report=report)
        self._sampler: Sampler | None = None
        if samples:
            note = trace.memory if trace else lambda _at, _wall, _bytes: None
            self._sampler = Sampler(engine, report=note)
        heard = self._sampler.event if self._sampler else lambda _event: None
        self._events = Subscription(engine, stack, self._collector, heard)
        self._raw: Mapping[str, Any] = {}
        self._before: Mapping[str, Any] | None = None
        self._asked: Mapping[str, Any] | None = None

    def __enter__(self) -> Self:
        """Subscribe to the Engine's events. Raise EngineUnavailable when it refuses us for good."""
        self._events.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()
        self._collector.close()
        if self._sampler is not None:
            self._sampler.close()
        self._engine.close()

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """Return the evidence of failing tasks so far, by task."""
        return self._collector.found

    @property
    def memory(self) -> Mapping[str, tuple[Sample, ...]]:
        """Return how much memory tasks were seen to hold so far, by task."""
        return self._sampler.found if self._sampler is not None else {}

    def settle_evidence(self, timeout: float = EVIDENCE_PATIENCE) -> bool:
        """Wait for evidence that is on its way, at most so long; say whether all of it came."""
        return self._collector.settle(timeout)

    def now(self) -> float:
        """Return the time on the clock of the observations' `at`, in seconds."""
        return clock.monotonic()

    def look(self) -> Observation:
        """Look once, before a rollout begins. Raise EngineUnavailable or EngineError."""
        self._snapshots.changed()
        self._engine.until = clock.monotonic() + self._timeout
        try:
            raw = self._see()
        except Gone:
            raw = self._see()
        seen = observation.observation(raw)
        self._collector.look(raw, seen, self._snapshots.own_node)
        self._before = self._raw = raw
        return seen

    def begin(self, rollout: Rollout) -> None:
        """Record how a rollout begins, whose baseline, if it has one, is what `look` saw."""
        if self._trace is not None:
            self._trace.keep_secret(self._collector.secrets)
            self._trace.begin(rollout, self._before, self._version)

    def end(self, ended: End) -> None:
        """Record how the rollout ended."""
        if self._trace is not None:
            self._trace.end(ended)

    def observations(self) -> Iterator[Observation]:
        """Yield what is seen: at once, at each event of the stack, and now and then without.

        A look that fails, or whose answers cannot be read or believed, is yielded as unreachable,
        and tried again without end. Raise EngineUnavailable when the Engine refuses us for good (no
        permission, not a manager), and EngineError when it is not one that we understand.
        """
        failures = 0
        strange = 0
        failing_since = changed_at = clock.monotonic()
        while True:
            begun = clock.monotonic()
            self._engine.timeout = self._patience(failures)
            self._engine.until = self._limit(begun)
            before = self._raw
            try:
                seen = self._digest(self._see())
                failures = strange = 0
            except (EngineError, EngineUnavailable) as error:
                failing_since = failing_since if failures else begun
                strange = strange + 1 if isinstance(error, UnknownWord) else 0
                if self._is_for_good(error, strange, begun - failing_since):
                    raise
                seen = self._digest(self._failed(error))
                failures += 1
            if _differs(before, self._raw):
                changed_at = seen.at
            took = clock.monotonic() - begun
            yield seen
            pause = _BACKOFF[min(failures, len(_BACKOFF)) - 1] if failures else _pace(changed_at)
            if self._wait(begun + max(GAP, _SHARE * min(took, QUIET)), seen.at, pause):
                changed_at = clock.monotonic()

    def _is_for_good(self, error: CcciError, strange: int, failing_for: float) -> bool:
        if isinstance(error, UnknownWord):
            return not self._raw or strange >= _STRANGE
        # A node that comes back may say "not a manager" until its swarm is up, also when no look
        # fell into the time while it was away.
        refused = isinstance(error, EngineUnavailable)
        return refused and (not self._raw or failing_for > _PATIENCE_WITH_A_NODE)

    def _limit(self, begun: float) -> float:
        """Return when a look that begins now has to be over."""
        limit = begun + self._engine.timeout
        if self.deadline is None:
            return limit
        return min(limit, max(begun, self.deadline) + _AFTER_THE_DEADLINE)

    def _patience(self, failures: int) -> float:
        """Return how long to wait for an answer.

        An Engine that starts accepts calls and then drops them, so that it pays to ask again soon;
        one that is slow gets its time in the end.
        """
        if not failures:
            return self._timeout
        return min(self._timeout, _PATIENCE_AFTER_FAILURE * float(2 ** (failures - 1)))

    def _see(self) -> dict[str, Any]:
        # The command is asked first: what it did before it ended is then in the answers.
        command = self._ask_command()
        raw = self._snapshots.take()
        listed = self._collector.unhealthy.intersection(listings.identifiers(raw["tasks"]))
        return {**raw, "unhealthy": sorted(listed), "command": command}

    def _failed(self, error: CcciError) -> dict[str, Any]:
        self._snapshots.suspect()
        return {
            "at": clock.monotonic(),
            "wall": clock.now(),
            "unreachable": error.message,
            "command": self._ask_command(),
        }

    def _digest(self, raw: dict[str, Any]) -> Observation:
        seen = observation.observation(raw)
        if seen.unreachable is None:
            self._collector.look(raw, seen, self._snapshots.own_node)
            if self._sampler is not None:
                self._sampler.look(raw["tasks"], self._snapshots.own_node)
            self._raw = raw
        if self._trace is not None:
            self._trace.keep_secret(self._collector.secrets)
            self._trace.look(raw)
        return seen

    def _ask_command(self) -> dict[str, Any] | None:
        if self.command is None:
            return None
        asked = {"argv": list(self.command.argv), "code": self.command.code}
        if asked != self._asked:
            self._snapshots.changed()  # what COMMAND did last is seen at its end at the latest
            if self._trace is not None:
                self._trace.note("command", **asked)
        self._asked = asked
        return asked

    def _wait(self, earliest: float, seen_at: float, pause: float) -> bool:
        """Wait for an event, the end of COMMAND or the time; say whether something happened."""
        until = clock.monotonic() + pause
        if self.wake_at is not None and seen_at < self.wake_at <= until:
            until = self.wake_at
            self._snapshots.changed()  # nothing is decided on what was listed a while ago
        running = self.command is not None and self.command.code is None
        happened = False
        while not happened and (left := until - clock.monotonic()) > 0:
            happened = self._events.hears(min(left, _COMMAND_EVERY) if running else left)
            if running and self.command is not None and self.command.code is not None:
                happened = True
        clock.sleep(earliest - clock.monotonic())
        self._events.tell(self._snapshots)
        return happened


def _pace(changed_at: float) -> float:
    return SOON if clock.monotonic() < changed_at + SOON_FOR else QUIET


def _differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return any(before.get(name) != after.get(name) for name in ("services", "tasks"))
