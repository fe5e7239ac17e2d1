"""The recorded rollouts, each decoded and judged once a process for all who ask."""

from functools import cache
from pathlib import Path

import pytest

from ccci.records.reopening import of_trace
from ccci.report.model import Report
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Observation
from ccci.swarm.watching import recording

RECORDINGS = Path(__file__).parents[1] / "recordings" / "rollouts"
EVERY = tuple(sorted(RECORDINGS.glob("*.jsonl")))
EACH = pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
"""Runs a test with the `path` of each recording."""


def recorded(name: str) -> Path:
    """Return the path of a recording."""
    return RECORDINGS / f"{name}.jsonl"


@cache
def replayed(path: Path) -> tuple[tuple[Observation, Rollout], ...]:
    """Return each look of a recording, and what the judge makes of it."""
    return tuple(recording.replay(path))


@cache
def reopened(path: Path) -> Report:
    """Return the report of a recording, as `ccci explain` would have it."""
    return of_trace(path)


def judged(path: Path) -> Rollout:
    """Return what the judge makes of a whole recording."""
    return replayed(path)[-1][1]
