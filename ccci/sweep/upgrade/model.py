"""What a rule about two commits finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ccci.compose.service import Place
from ccci.sweep.rules.model import Confidence, Severity
from ccci.sweep.upgrade.revision import Pair

NOWHERE = Place("", 0)


@dataclass(frozen=True, slots=True)
class Slip:
    """One finding: the rule's number, a sentence, a next step, the line of the newer commit.

    `severity` and `confidence` stand above the rule's own where this one is another case.
    """

    rule: str
    message: str
    hint: str
    place: Place = NOWHERE
    service: str | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None


Look = Callable[[Pair], Iterator[Slip]]
"""One rule's look, or that of a few that belong together."""
