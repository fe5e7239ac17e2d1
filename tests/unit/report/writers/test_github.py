"""Workflow commands: those that we mean, read as GitHub's runner reads them, and no other."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from support.forms import ALL, rendered
from support.hostile_reports import hostile, repeated
from support.hostile_texts import DANGEROUS, TEXTS

from ccci.report.model import Report

COMMAND = re.compile(r"^::(?P<word>[a-z]+)(?: (?P<properties>.*?))?::(?P<data>.*)$")


def unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the commands of a log (actions/runner, src/Runner.Common/ActionCommand.cs)."""
    found = []
    for line in text.split("\n"):
        match = COMMAND.match(line.strip())
        if match:
            pairs = [each.partition("=") for each in (match["properties"] or "").split(",") if each]
            known = {key: unescaped(value) for key, _, value in pairs}
            found.append((match["word"], known, unescaped(match["data"])))
        else:
            assert not DANGEROUS.search(line)
    return found


def test_an_error_per_service_that_failed_behind_the_story_in_a_group() -> None:
    report = ALL["oom"]()
    first, second, third = commands(rendered("github", report))
    assert first == ("group", {}, "ccci converge shop: rolled-back")
    assert second == ("endgroup", {}, "")
    assert third[0] == "error"
    assert third[1] == {"title": "ccci converge shop: app: oom-killed"}
    cause = report.services[0].cause
    assert cause is not None
    assert third[2] == f"rolled back: {cause.detail}\nNext: {cause.hint}"


@pytest.mark.parametrize("name", ["scaled", "done", "thirty-that-passed"])
def test_what_passed_has_no_annotation(name: str) -> None:
    assert [each[0] for each in commands(rendered("github", ALL[name]()))] == ["group", "endgroup"]


def test_ten_are_shown_and_the_last_counts_the_others() -> None:
    bad = ALL["oom"]().services[0]
    many = tuple(replace(bad, name=f"s{number}") for number in range(31))
    found = commands(rendered("github", replace(ALL["oom"](), services=many)))[2:]
    assert len(found) == 10
    assert found[-1][2] == "22 more issues: see the log"
    exactly = commands(rendered("github", replace(ALL["oom"](), services=many[:10])))[2:]
    assert len(exactly) == 10
    assert "more" not in exactly[-1][2]


@pytest.mark.parametrize("name", ["unable", "refused", "interrupted"])
def test_what_judged_nothing_is_a_warning(name: str) -> None:
    (only,) = commands(rendered("github", ALL[name]()))[2:]
    assert only[0] == "warning"


def words(report: Report) -> list[str]:
    return [each[0] for each in commands(rendered("github", report))]


@given(TEXTS)
def test_no_text_adds_a_command_or_ends_one(text: str) -> None:
    assert words(hostile(text)) == ["group", "endgroup", "error"]
    assert words(repeated(hostile(text))) == ["group", "endgroup", "error"]


def test_what_the_runner_would_read_is_escaped() -> None:
    report = ALL["oom"]()
    service = replace(report.services[0], name="a,b: 50%0A::error::x")
    (error,) = commands(rendered("github", replace(report, services=(service,))))[2:]
    assert error[1] == {"title": "ccci converge shop: a,b: 50%0A: :error::x: oom-killed"}
