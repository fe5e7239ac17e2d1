"""To explain: the story of a recorded run, told again from its files alone."""

from pathlib import Path

from ccci.records import reopening
from ccci.report.model import Report


def explain(root: Path, target: str = reopening.LAST, *, timeline: bool = False) -> Report:
    """Return the report of a recorded run, with its time line if wanted.

    Raise as `overlaid.open_report` does.
    """
    return reopening.open_report(root, target, timeline=timeline)
