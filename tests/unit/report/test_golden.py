"""Stories of recorded rollouts, to be read as prose: what failed and what to do is in them.

The reports were made from recordings and are kept beside their stories, so that only what the
story says of them is held here. `CCCI_TEST_WRITE_GOLDEN=1` makes both anew; read what changed.
"""

from dataclasses import replace

import pytest
from support.stories import GOLDEN, MADE, NAMES, approved, kept

from ccci.exits import Verdict
from ccci.report.layout import widest
from ccci.report.text import ROWS, story, tell
from ccci.swarm.model import CauseCode

WIDTH = 100


@pytest.mark.parametrize("name", MADE)
def test_a_recorded_rollout_is_told_as_it_was_approved(name: str) -> None:
    told = tell(kept(name), WIDTH) + "\n"
    assert told == approved(GOLDEN / f"{name}.txt", told)


def test_each_verdict_of_a_rollout_and_each_cause_has_a_story_that_was_approved() -> None:
    reports = [kept(name) for name in MADE]
    services = [each for report in reports for each in report.services]
    told = {each.verdict for each in reports} | {each.verdict for each in services}
    assert set(Verdict) - told == {Verdict.DONE, Verdict.FINDINGS, Verdict.USAGE, Verdict.BUG}
    causes = {each.cause.code for each in services if each.cause}
    refusals = {each.rollout.refusal for each in reports if each.rollout}
    assert not {each for each in CauseCode if each not in causes and each not in refusals}


@pytest.mark.parametrize("name", MADE)
def test_each_end_that_passed_not_has_one_next_step_that_is_told_once(name: str) -> None:
    report = kept(name)
    if report.outcome.exit_code:
        told = [line for line in tell(report).splitlines() if line.startswith("  next ")]
        assert told
        assert len(set(told)) == len(told)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    assert widest(story(kept(name), width)) <= width


@pytest.mark.parametrize("name", NAMES)
def test_one_service_is_told_in_twelve_lines_the_verdict_last(name: str) -> None:
    report = kept(name)
    lines = tell(report, WIDTH).splitlines()
    assert len(lines) <= ROWS
    last = next(line for line in reversed(lines) if not line.startswith(" "))
    assert last.startswith(f"{report.verdict.value.upper()}: ")


def test_a_long_log_is_cut_so_that_the_story_stays_short() -> None:
    report = kept("oom")
    cause = report.services[0].cause
    assert cause is not None
    logs = (*(f"line {number}" for number in range(29)), "x" * 1_000_000)
    talkative = replace(report.services[0], cause=replace(cause, logs=logs))
    lines = tell(replace(report, services=(talkative,)), WIDTH).splitlines()
    assert len(lines) <= ROWS
    assert any("earlier" in line for line in lines)
    assert max(map(len, lines)) <= WIDTH
    unwrapped = tell(replace(report, services=(talkative,))).splitlines()
    assert max(map(len, unwrapped)) < 400
    everything = tell(replace(report, services=(talkative,)), WIDTH, verbose=True)
    assert "line 0" in everything


def test_thirty_services_that_passed_are_told_in_a_few_lines() -> None:
    assert len(tell(kept("thirty-that-passed"), WIDTH).splitlines()) <= 8


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"scaled", "identical"}])
def test_nothing_is_told_twice(name: str) -> None:
    report = kept(name)
    told = tell(report)
    for service in report.services:
        if service.cause is not None and service.verdict is not Verdict.REMOVED:
            assert told.count(service.cause.detail) <= 1
        assert not service.runs or told.count(f"{service.runs};") <= 1
