from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.command_line import invoke
from support.engine.server import recorded as recorded_of_engine
from support.recipes.repositories import commit, make_repository

from ccci.actions.identity import Request, _asked, look, verdict_of
from ccci.errors import EngineError, UsageError
from ccci.exits import Verdict
from ccci.records import runs
from ccci.records.runs import Record
from ccci.report.model import Report
from ccci.report.parts import BaseOf, Upgrade
from ccci.swarm.identity import Mismatch


@pytest.mark.parametrize(
    "arguments",
    [
        ["stack", "--expect", "abc"],
        ["stack", "--expect", "v1.2.3"],
        ["stack", "--expect", "7ae7b0f7+U"],
        ["stack", "--baseline", "/nonexistent/baseline.json"],
        ["--", "--odd"],
        [""],
    ],
)
def test_what_the_command_line_cannot_mean_is_refused_without_an_engine(
    arguments: list[str],
) -> None:
    result = invoke("identity", *arguments)
    assert result.exit_code == 2
    assert "USAGE: " in result.output
    assert "Traceback" not in result.output


def test_a_baseline_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text('{"schema": "other"}')
    assert invoke("identity", "s", "--baseline", str(path)).exit_code == 2


def test_every_mismatch_is_13_but_what_does_not_run_is_14() -> None:
    codes = {each: verdict_of(each, expected=True).exit_code for each in Mismatch}
    assert codes.pop(Mismatch.NOT_RUNNING) == 14
    assert set(codes.values()) == {13}
    assert verdict_of(None, expected=True) is Verdict.CONVERGED
    assert verdict_of(None, expected=False) is Verdict.DONE


def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> Record:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    run = runs.begin(tmp_path / "runs", "upgrade", target, stack="shop_x", recipe="shop")
    base = BaseOf("1.0.0+1", "b" * 40)
    run.finish(Report("upgrade", Verdict.CONVERGED, "", upgrade=Upgrade("a" * 40, base, None)))
    return run.record


def test_a_release_that_a_recorded_run_knows_needs_no_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = recorded(tmp_path, monkeypatch, "nowhere")
    asked = _asked(Request("shop_x", "1.0.0+1"), record)
    assert (asked.expected, dict(asked.releases)) == ("b" * 40, {"1.0.0+1": "b" * 40})


@pytest.mark.slow
def test_a_branch_is_asked_of_the_repository_that_the_run_was_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_repository(tmp_path / "shop")
    head = commit(shop, {"compose.yml": "services: {}"})
    record = recorded(tmp_path, monkeypatch, str(shop))
    assert _asked(Request("shop_x", "main"), record).expected == head
    with pytest.raises(UsageError, match="is no commit of 7 to 40 hex digits"):
        _asked(Request("shop_x", "no-such-branch"), record)


LISTED: list[dict[str, Any]] = recorded_of_engine("services")


@pytest.mark.parametrize("answers", [[[], LISTED, LISTED], [LISTED, [], LISTED], [LISTED, LISTED]])
def test_a_stack_is_there_though_one_answer_lacks_it(answers: list[list[dict[str, Any]]]) -> None:
    rest = list(answers)
    engine: Any = SimpleNamespace(services=lambda _: rest.pop(0), tasks=lambda _: [])
    assert len(look(engine, "t")) == len(LISTED)
    assert rest == []


def test_a_stack_is_gone_where_two_answers_in_a_row_say_so() -> None:
    rest: list[Any] = [[], []]
    engine: Any = SimpleNamespace(services=lambda _: rest.pop(0), tasks=lambda _: [])
    assert look(engine, "t") == ()
    rest = [LISTED, [], []]
    with pytest.raises(EngineError, match="in the same moment of none"):
        look(engine, "t")
