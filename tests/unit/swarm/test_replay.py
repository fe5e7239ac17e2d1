"""Recorded rollouts of a real Swarm, judged again without Docker.

`make integration` with `--record` writes the recordings; the made ones say so in their name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from ccci.durations import seconds
from ccci.swarm import account, trace
from ccci.swarm.baseline import take
from ccci.swarm.model import Observation
from ccci.swarm.rollout import Policy, Rollout, advance, begin

FOLDER = Path(__file__).parents[2] / "recordings" / "rollouts"
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))
NAMES = [path.stem for path in RECORDINGS]
EVERY = pytest.mark.parametrize("path", RECORDINGS, ids=NAMES)

BEFORE_THE_FIRST_LOOK = 0.5
"""Seconds between a rollout's begin, from which the deadline counts, and its first look."""


@dataclass(frozen=True, slots=True)
class Recording:
    looks: tuple[Observation, ...]
    expected: dict[str, Any]
    stack: str
    policy: Policy

    def judged(self) -> Rollout:
        """Fold the looks; the first one, before COMMAND's first change, is the baseline."""
        baseline = take(self.stack, self.looks[0]) if self.expected["baseline"] else None
        rollout = begin(baseline, self.policy, self.looks[0].at - BEFORE_THE_FIRST_LOOK)
        for seen in self.looks:
            rollout = advance(rollout, seen)
        return rollout


def recording(path: Path) -> Recording:
    (expected,) = (note for note in trace.notes(path) if note["what"] == "expected")
    options = dict(_options(expected["options"]))
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    policy = Policy(
        timeout=seconds(options.get("--timeout"), "--timeout"),
        soak=seconds(options.get("--soak"), "--soak"),
        fail_fast="--fail-fast" in options,
    )
    return Recording(tuple(trace.replay(path)), expected, first["stack"], policy)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, _, value = word.partition("=")
        yield name, value


def told(rollout: Rollout, path: Path) -> dict[str, dict[str, str | None]]:
    reports = account.services(rollout, trace.evidence(path))
    return {
        each.name: {
            "verdict": each.verdict.value,
            "cause": each.cause.code.value if each.cause else None,
        }
        for each in reports
    }


@EVERY
def test_a_recorded_rollout_is_judged_as_it_was(path: Path) -> None:
    recorded = recording(path)
    rollout = recorded.judged()
    assert rollout.verdict == recorded.expected["verdict"]
    assert told(rollout, path) == recorded.expected["services"]


@EVERY
@pytest.mark.parametrize("hours", [-3, 5])
def test_an_engine_whose_clock_is_wrong_is_judged_alike(
    path: Path, hours: int, tmp_path: Path
) -> None:
    # All times of the Engine are compared with each other alone; `wall` is ours.
    def shifted(time: re.Match[str]) -> str:
        moved = datetime.fromisoformat(f"{time[1]}+00:00") + timedelta(hours=hours)
        return moved.strftime("%Y-%m-%dT%H:%M:%S") + time[2]

    def dated(date: re.Match[str]) -> str:
        moved = parsedate_to_datetime(date[1]) + timedelta(hours=hours)
        return f'"date":"{format_datetime(moved, usegmt=True)}"'

    text = path.read_text(encoding="utf-8")
    moved = re.sub(r"(?<!\"wall\":\")(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+Z)", shifted, text)
    other = tmp_path / path.name
    other.write_text(re.sub(r'"date":"([^"]*)"', dated, moved), encoding="utf-8")
    assert moved != text
    assert recording(other).judged().verdict == recording(path).expected["verdict"]


@EVERY
@pytest.mark.parametrize("hours", [-3, 5])
def test_a_node_whose_clock_is_wrong_changes_no_verdict(
    path: Path, hours: int, tmp_path: Path
) -> None:
    # A task's status is stamped by its node, all else by managers (swarmkit agent). Without the
    # age of its tasks a service has to be watched for the whole soak: then there is no verdict yet.
    def shifted(time: re.Match[str]) -> str:
        moved = datetime.fromisoformat(f"{time[2]}+00:00") + timedelta(hours=hours)
        return time[1] + moved.strftime("%Y-%m-%dT%H:%M:%S")

    other = tmp_path / path.name
    text = path.read_text(encoding="utf-8")
    moved = re.sub(r'("Status":\{"Timestamp":")([^".]*)', shifted, text)
    other.write_text(moved, encoding="utf-8")
    assert moved != text
    assert recording(other).judged().verdict in {recording(path).expected["verdict"], None}


def test_there_are_recordings() -> None:
    assert len(RECORDINGS) > 25
