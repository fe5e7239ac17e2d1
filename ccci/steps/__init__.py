"""The steps of a run, one module each; actions put them together."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from ccci.errors import CcciError, Interrupted
from ccci.host import clock, interrupts
from ccci.report.model import Status, Step
from ccci.terminal.output import Output
from ccci.terminal.sections import folded
from ccci.terminal.waiting import Waiting

_WAITS = {
    "head": "git to say which commit that is",
    "base": "git to find the release before it",
    "revision": "git to say which commit that is",
    "checkout": "git to lay out the tree",
    "secrets": "the secrets to be made",
    "check": "its files to be read and checked",
    "identity": "the Engine to say what runs",
}
"""What a step waits for that says nothing better itself, by the last word of its name."""

_FOLDED = {"base deploy": True, "head deploy": False}
"""Steps that print more than their own line, and whether a CI's log hides that at first.

How a base came up is rarely what a reader came for; of the head each death is to be seen.
"""


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
        self.output.detail(f"{name} …")
        progress = Progress(name, self.output, Waiting(self.output, name))
        usual = _WAITS.get(name.rpartition(" ")[2])
        if usual is not None:
            progress.waiting.begin(usual)
        try:
            with self._section(name), progress.waiting:
                yield progress
        except BaseException as error:
            if isinstance(error, CcciError | Interrupted):
                reason = error.message
            else:
                reason = type(error).__name__
            self._add(progress, began, Status.FAILED, reason)
            raise
        self._add(progress, began, progress.status, progress.reason)

    def _section(self, name: str) -> AbstractContextManager[None]:
        if name not in _FOLDED:
            return nullcontext()
        return folded(self.output, name, hidden=_FOLDED[name])

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
    waiting: Waiting
    """What it waits for, which is said where it takes long."""
    status: Status = Status.PASSED
    reason: str = ""

    def say(self, reason: str) -> None:
        """Say how it went, in a few words."""
        self.reason = reason

    def fail(self, reason: str) -> None:
        """Say that it failed although nothing was raised: the recipe did."""
        self.status, self.reason = Status.FAILED, reason
