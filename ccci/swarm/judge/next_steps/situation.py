"""What is known of a failure when its next step is chosen. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from ccci.swarm.judge.endings import Ending
from ccci.swarm.model import CauseCode, Evidence, Spec, Task


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a failure when its next step is chosen.

    `spec` is the one that was asked for, `node` the name of the task's node; either may be unknown.
    """

    code: CauseCode
    task: Task | None = None
    exit_code: int | None = None
    spec: Spec | None = None
    evidence: Evidence | None = None
    node: str = ""
    ending: Ending | None = None
    """What an exit code of 0 is to the service, where that is known."""
    was_up: bool = False
    """The task was seen to run; with a health check, that is after its first good probe."""
    alone: bool = False
    """No task of the service was there before: what it has to share, it shares with no old one."""

    @property
    def start_first(self) -> bool:
        """Say whether old and new run side by side in an update."""
        side_by_side = self.spec is not None and self.spec.update.order == "start-first"
        return side_by_side and not self.alone

    @property
    def error(self) -> str:
        """Return the Engine's message of the task."""
        return self.task.error if self.task is not None else ""

    @property
    def where(self) -> str:
        """Return words for the node that the task was on."""
        return self.node or "the task's node"


def listed(words: Iterable[str]) -> str:
    """Return words joined as a sentence has them."""
    return " and ".join(words)
