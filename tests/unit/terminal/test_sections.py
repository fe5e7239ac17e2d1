"""Sections of a CI's log: made by the printer alone, and closed whatever happens."""

import re

import pytest
from support.hostile_texts import COMMANDS, DANGEROUS

from ccci.errors import CcciError
from ccci.steps import Steps
from ccci.terminal.output import Output
from ccci.terminal.sections import folded

_START = re.compile(r"\x1b\[0Ksection_start:(\d+):([a-z0-9_]+)(\[collapsed=true\])?\r\x1b\[0K(.*)")
_END = re.compile(r"\x1b\[0Ksection_end:(\d+):([a-z0-9_]+)\r\x1b\[0K")


@pytest.fixture(params=["GITLAB_CI", "GITHUB_ACTIONS"])
def ci(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(request.param, "true")
    return str(request.param)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.split("\n")[:-1]


def test_gitlab_folds_the_base_and_can_fold_the_head(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    steps = Steps(Output())
    for name in ("checkout", "base deploy", "head deploy"):
        with steps.step(name):
            steps.output.progress(f"{name} goes on")
    said = lines(capsys)
    assert [line.partition(" (")[0] for line in said if "section_" not in line] == [
        *("checkout goes on", "checkout: passed"),
        *("base deploy goes on", "base deploy: passed"),
        *("head deploy goes on", "head deploy: passed"),
    ]
    starts = [found for line in said if (found := _START.fullmatch(line))]
    ends = [found for line in said if (found := _END.fullmatch(line))]
    assert [found[4] for found in starts] == ["base deploy", "head deploy"]
    assert [bool(found[3]) for found in starts] == [True, False]
    assert [found[2] for found in starts] == [found[2] for found in ends]
    assert len({found[2] for found in starts}) == 2
    assert all(int(start[1]) <= int(end[1]) for start, end in zip(starts, ends, strict=True))


def test_github_folds_the_base_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    steps = Steps(Output())
    for name in ("base deploy", "head deploy"):
        with steps.step(name):
            steps.output.progress("it goes on")
    said = [line.partition(" (")[0] for line in lines(capsys)]
    base = ["::group::base deploy", "it goes on", "::endgroup::", "base deploy: passed"]
    assert said == [*base, "it goes on", "head deploy: passed"]


def test_a_section_is_closed_before_an_error_is_told(
    ci: str, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = Steps(Output())
    with pytest.raises(CcciError), steps.step("base deploy"):
        raise CcciError("no route", "hint")
    *_, end, told = lines(capsys)
    assert _END.fullmatch(end) if ci == "GITLAB_CI" else end == "::endgroup::"
    assert told.startswith("base deploy: no route")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_title_is_a_command(ci: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with folded(Output(), command, hidden=True):
        pass
    begin, end = lines(capsys)
    if ci == "GITLAB_CI":
        found = _START.fullmatch(begin)
        assert found is not None
        assert _END.fullmatch(end)
        title = found[4]
        assert "\x1b" not in title
        assert not re.search("section_(start|end):", title)
    else:
        assert begin.startswith("::group::")
        assert not DANGEROUS.search(begin.removeprefix("::group::"))
        assert end == "::endgroup::"


def test_who_is_quiet_or_no_ci_has_no_section(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with folded(Output(), "base deploy", hidden=True):
        pass
    monkeypatch.setenv("GITLAB_CI", "true")
    with folded(Output(verbosity=-1), "base deploy", hidden=True):
        pass
    assert lines(capsys) == []
