"""Watching a stack: events say when to look, inspecting says what is true."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from ccci import clock
from ccci.errors import CcciError, EngineError, EngineUnavailable
from ccci.process import Running
from ccci.swarm import decode
from ccci.swarm.ear import Ear
from ccci.swarm.engine import Engine
from ccci.swarm.evidence import PATIENCE, Collector
from ccci.swarm.look import Eye
from ccci.swarm.model import Evidence, Observation
from ccci.swarm.trace import Trace

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


class Watch:
    """Looks at a stack again and again; use it with `with`, from one thread.

    `command` is COMMAND, once it runs. `wake_at` is when to look at the latest, on the monotonic
    clock; set it while iterating, None leaves the pace to the watch.
    """

    def __init__(
        self,
        engine: Engine,
        stack: str,
        *,
        command: Running | None = None,
        trace: Trace | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.command = command
        self.wake_at: float | None = None
        self._stack = stack
        self._trace = trace
        self._engine = engine.sibling()
        self._timeout = engine.timeout
        self._eye = Eye(self._engine, stack)
        report = trace.evidence if trace else lambda _: None
        self._collector = Collector(engine, secrets=secrets, report=report)
        self._ear = Ear(engine, stack, self._collector)
        self._raw: Mapping[str, Any] = {}
        self._asked: Mapping[str, Any] | None = None

    def __enter__(self) -> Self:
        """Subscribe to the Engine's events. Raise EngineUnavailable when it refuses us for good."""
        self._ear.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._ear.close()
        self._collector.close()
        self._engine.close()

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        """Return the evidence of failing tasks so far, by task."""
        return self._collector.found

    def settle_evidence(self, timeout: float = PATIENCE) -> bool:
        """Wait for evidence that is on its way, at most so long; say whether all of it came."""
        return self._collector.settle(timeout)

    def look(self) -> Observation:
        """Look once. Raise EngineUnavailable or EngineError when that fails."""
        return self._digest(self._see())

    def observations(self) -> Iterator[Observation]:
        """Yield what is seen: at once, at each event of the stack, and now and then without.

        A look that fails is yielded as unreachable, and tried again without end. Raise
        EngineUnavailable when the Engine refuses us for good (no permission, not a manager), and
        EngineError when its answers make no sense.
        """
        failures = 0
        failing_since = changed_at = clock.monotonic()
        while True:
            begun = clock.monotonic()
            self._engine.timeout = self._patience(failures)
            try:
                raw = self._see()
                failures = 0
            except EngineUnavailable as error:
                # A node that comes back may say "not a manager" until its swarm is up, also when
                # no look fell into the time while it was away.
                failing_since = failing_since if failures else begun
                if not self._raw or begun > failing_since + _PATIENCE_WITH_A_NODE:
                    raise
                raw = self._failed(error)
                failures += 1
            except EngineError as error:
                failing_since = failing_since if failures else begun
                raw = self._failed(error)
                failures += 1
            before = self._raw
            seen = self._digest(raw)
            if _differs(before, self._raw):
                changed_at = seen.at
            took = clock.monotonic() - begun
            yield seen
            pause = _BACKOFF[min(failures, len(_BACKOFF)) - 1] if failures else _pace(changed_at)
            if self._wait(begun + max(GAP, _SHARE * took), seen.at, pause):
                changed_at = clock.monotonic()

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
        raw = self._eye.look()
        listed = {task["ID"] for task in raw["tasks"]}
        return {
            **raw,
            "unhealthy": sorted(self._collector.unhealthy & listed),
            "command": command,
        }

    def _failed(self, error: CcciError) -> dict[str, Any]:
        self._eye.suspect()
        return {
            "at": clock.monotonic(),
            "wall": clock.now(),
            "unreachable": error.message,
            "command": self._ask_command(),
        }

    def _digest(self, raw: dict[str, Any]) -> Observation:
        seen = decode.observation(raw)
        if seen.unreachable is None:
            self._collector.look(raw, seen, self._eye.own_node)
            self._raw = raw
        if self._trace is not None:
            self._trace.keep_secret(self._collector.secrets)
            self._trace.look(raw)
        return seen

    def _ask_command(self) -> dict[str, Any] | None:
        if self.command is None:
            return None
        asked = {"argv": list(self.command.argv), "code": self.command.code}
        if self._trace is not None and asked != self._asked:
            self._trace.note("command", **asked)
        self._asked = asked
        return asked

    def _wait(self, earliest: float, seen_at: float, pause: float) -> bool:
        """Wait for an event, the end of COMMAND or the time; say whether something happened."""
        until = clock.monotonic() + pause
        if self.wake_at is not None and self.wake_at > seen_at:
            until = min(until, self.wake_at)
        running = self.command is not None and self.command.code is None
        happened = False
        while not happened and (left := until - clock.monotonic()) > 0:
            happened = self._ear.hears(min(left, _COMMAND_EVERY) if running else left)
            if running and self.command is not None and self.command.code is not None:
                happened = True
        clock.sleep(earliest - clock.monotonic())
        self._ear.tell(self._eye)
        return happened


def _pace(changed_at: float) -> float:
    return SOON if clock.monotonic() < changed_at + SOON_FOR else QUIET


def _differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return any(before.get(name) != after.get(name) for name in ("services", "tasks"))
