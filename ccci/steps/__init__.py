"""The steps of a run, one module each; commands put them together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ccci import clock, interrupts
from ccci.errors import CcciError, Interrupted
from ccci.output import Output
from ccci.report import Status, Step


@dataclass(slots=True)
class Steps:
    """What was done so far, how it went and how long it took, for the report's `steps`."""

    output: Output
    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, *, last: bool = False) -> Iterator["Progress"]:
        """Time a step. It failed when its body raises, or says so.

        Raise Interrupted instead of beginning when an interrupt got lost, unless it is a `last`
        step, which an interrupt leads to.
        """
        if not last:
            interrupts.check()
        began = clock.monotonic()
        progress = Progress(name, self.output)
        self.output.detail(f"{name} …")
        try:
            yield progress
        except BaseException as error:
            if isinstance(error, CcciError | Interrupted):
                reason = error.message
            else:
                reason = type(error).__name__
            self._add(progress, began, Status.FAILED, reason)
            raise
        self._add(progress, began, progress.status, progress.reason)

    def skip(self, name: str, reason: str) -> None:
        """Record a step that was not taken, and why."""
        self.done.append(Step(name, Status.SKIPPED, 0.0, reason))

    def _add(self, progress: "Progress", began: float, status: Status, reason: str) -> None:
        seconds = clock.monotonic() - began
        self.done.append(Step(progress.name, status, seconds, reason))
        self.output.progress(f"{progress.name}: {reason or status.value} ({seconds:.1f} s)")


@dataclass(slots=True)
class Progress:
    """A step while it is taken."""

    name: str
    output: Output
    status: Status = Status.PASSED
    reason: str = ""

    def say(self, reason: str) -> None:
        """Say how it went, in a few words."""
        self.reason = reason

    def fail(self, reason: str) -> None:
        """Say that it failed although nothing was raised: the recipe did."""
        self.status, self.reason = Status.FAILED, reason
