"""Recorded rollouts of a real Swarm, judged again without Docker.

`make integration` with `--record` writes the recordings; the made ones say so in their name.
"""

import re
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest
from support.recordings import EACH, EVERY, judged

from ccci.exits import Verdict
from ccci.report import of_rollout
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.watching import recording
from ccci.swarm.watching.protocol import End, ServiceEnd

HOURS = (-3, pytest.param(5, marks=pytest.mark.slow))
"""How far clocks are off: of each recording one way at the desk."""
JUDGED_OTHERWISE: dict[str, str] = {}
"""The verdict of a recording that was another when it was recorded: name it here, and why."""


def verdict_of(text: str, folder: Path) -> Verdict | None:
    """Return the verdict of a recording whose text was changed."""
    path = folder / "changed.jsonl"
    path.write_text(text, encoding="utf-8")
    *_, (_, rollout) = recording.replay(path)
    return rollout.verdict


def ended(path: Path) -> End:
    found = recording.ending(path)
    assert found is not None
    return found


def told(rollout: Rollout, path: Path) -> dict[str, ServiceEnd]:
    reports = of_rollout.services(rollout, recording.evidence(path))
    return {
        each.name: ServiceEnd(each.verdict, each.cause.code if each.cause else None)
        for each in reports
    }


@EACH
def test_a_recorded_rollout_is_judged_as_it_was(path: Path) -> None:
    rollout = judged(path)
    if path.stem in JUDGED_OTHERWISE:
        assert rollout.verdict == JUDGED_OTHERWISE[path.stem] != ended(path).judged
        return
    assert rollout.verdict == ended(path).judged
    assert told(rollout, path) == ended(path).services


@EACH
@pytest.mark.parametrize("hours", HOURS)
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
    assert moved != text
    moved = re.sub(r'"date":"([^"]*)"', dated, moved)
    assert verdict_of(moved, tmp_path) == judged(path).verdict


@EACH
@pytest.mark.parametrize("hours", HOURS)
def test_a_node_whose_clock_is_wrong_changes_no_verdict(
    path: Path, hours: int, tmp_path: Path
) -> None:
    # A task's status is stamped by its node, all else by managers (swarmkit agent). Without the
    # age of its tasks a service has to be watched for the whole soak: then there is no verdict yet.
    def shifted(time: re.Match[str]) -> str:
        moved = datetime.fromisoformat(f"{time[2]}+00:00") + timedelta(hours=hours)
        return time[1] + moved.strftime("%Y-%m-%dT%H:%M:%S")

    text = path.read_text(encoding="utf-8")
    moved = re.sub(r'("Status":\{"Timestamp":")([^".]*)', shifted, text)
    assert moved != text
    assert verdict_of(moved, tmp_path) in {judged(path).verdict, None}


def test_there_are_recordings() -> None:
    assert len(EVERY) > 25
