"""Converging on a watch that plays its looks: what COMMAND does is held against what was there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import recorded
from support.played import Script
from support.sandbox.rollouts import look, service, task

from ccci.actions import converge
from ccci.actions.converge import Request
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.records import baseline_file, runs
from ccci.report.model import Report
from ccci.steps.follow import Options
from ccci.swarm.baseline import take
from ccci.swarm.model import Observation
from ccci.swarm.watching.fake import FakeWatch
from ccci.terminal.output import Output

OLD = service("base", task("a1", template="base"))
BEFORE = replace(look(0, OLD), command=None)
UNTOUCHED = replace(look(1, OLD), command=None)
ROLLED = replace(
    look(3, service("head", task("b1"), version=2, previous=OLD.spec, update="completed")),
    command=None,
)
QUICK = Options(timeout=60.0, soak=2.0)


class Swarm:
    """An Engine as far as the watch does not ask it: what it lists, each time anew."""

    host, release = "unix:///x", "20.10"

    def __init__(self) -> None:
        self.listings: list[list[dict[str, Any]]] = [recorded("services")]

    def services(self) -> list[dict[str, Any]]:
        return self.listings.pop(0) if self.listings[1:] else self.listings[0]

    def environment(self) -> dict[str, str]:
        return {"DOCKER_HOST": self.host}

    def image(self, _: str) -> None:
        return None

    container = image


@pytest.fixture(autouse=True)
def swarm(reach: Callable[[object], None]) -> Swarm:
    made = Swarm()
    reach(made)
    return made


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    made = Script(("deployed",))
    monkeypatch.setattr(converge, "Running", made)
    return made


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    return tmp_path / "runs"


def converged(
    *looks: Observation, before: Observation | None = BEFORE, **asked: Any
) -> tuple[Report, FakeWatch]:
    watch = FakeWatch(looks, before=before)
    request = Request("stack", **{"command": ("deploy",), "options": QUICK, **asked})
    return converge.converge(request, Output(verbosity=-1), opens=watch.opened), watch


def test_what_command_changes_is_held_against_what_was_there_before(
    root: Path, script: Script
) -> None:
    report, watch = converged(ROLLED)
    assert report.verdict is Verdict.CONVERGED
    assert report.rollout is not None
    assert report.rollout.command_exit_code == 0
    assert [each.baseline for each in watch.recorded.begun] == [take("stack", BEFORE)]
    assert script.started == [("deploy",)]
    (record,) = runs.recent(root)
    assert (root / record.id / runs.COMMAND_LOG).read_text() == "deployed\n"


def test_a_command_that_changes_nothing_is_no_pass() -> None:
    report, _ = converged(UNTOUCHED)
    assert report.verdict is Verdict.UNABLE
    assert "COMMAND did not touch stack" in report.summary


def test_a_command_that_fails_is_told_with_its_words_and_what_mends_it(script: Script) -> None:
    script.lines, script.code = ("only updates to Labels are allowed",), 3
    report, _ = converged(UNTOUCHED)
    assert report.verdict is Verdict.DEPLOY_FAILED
    assert report.summary.startswith("COMMAND exited with 3 and changed no service: only updates")
    assert report.hint


def test_without_command_nothing_is_held_against_what_is_there() -> None:
    report, watch = converged(UNTOUCHED, command=())
    assert report.verdict is Verdict.UNCHANGED
    assert [each.baseline for each in watch.recorded.begun] == [None]
    assert report.rollout is not None
    assert report.rollout.command_exit_code is None


def test_a_baseline_that_is_given_is_the_one_that_is_held_against(tmp_path: Path) -> None:
    saved = tmp_path / "baseline.json"
    earlier = take("stack", replace(look(0, service("older")), command=None))
    baseline_file.save(earlier, saved)
    for command in ((), ("deploy",)):
        _, watch = converged(ROLLED, command=command, baseline=saved)
        (begun,) = watch.recorded.begun
        assert begun.baseline is not None
        assert [each.spec.template for each in begun.baseline.services] == ["older"]


def test_a_baseline_of_another_stack_is_refused_before_anything_runs(
    tmp_path: Path, root: Path, script: Script
) -> None:
    saved = tmp_path / "baseline.json"
    baseline_file.save(replace(take("other", BEFORE), stack="other"), saved)
    with pytest.raises(UsageError, match=r"is a baseline of other, not of stack"):
        converged(ROLLED, baseline=saved)
    assert script.started == []
    assert runs.recent(root) == []


@pytest.mark.parametrize(("planned_on", "ran"), [({"stack_app": 5}, False), ({}, True)])
def test_a_stack_that_moved_since_its_plan_is_left_alone(
    tmp_path: Path, script: Script, planned_on: dict[str, int], *, ran: bool
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"stack": "stack", "planned_on": planned_on}))
    report, watch = converged(ROLLED, plan=plan)
    assert report.verdict is (Verdict.CONVERGED if ran else Verdict.DISTURBED)
    assert bool(script.started) is ran
    assert bool(watch.recorded.begun) is ran
    assert report.engine is not None
    if not ran:
        assert "stack_app changed since; COMMAND was not started" in report.summary


def test_what_the_user_chose_is_what_is_judged_by() -> None:
    options = replace(QUICK, soak=7.0, services=frozenset({"app"}))
    report, watch = converged(ROLLED, options=options)
    assert watch.recorded.begun[0].policy.services == {"app"}
    assert report.rollout is not None
    assert report.rollout.soak_seconds == 7.0


def test_a_stack_that_command_changed_instead_is_named(swarm: Swarm) -> None:
    (there,) = swarm.listings
    changed = [{**each, "Version": {"Index": each["Version"]["Index"] + 1}} for each in there]
    swarm.listings = [there, changed]
    nothing = replace(look(0), command=None)
    report, _ = converged(nothing, before=nothing)
    assert report.verdict is Verdict.UNABLE
    assert report.hint == "it changed t: name that as STACK"


def test_an_engine_that_went_away_is_asked_nothing_more(swarm: Swarm) -> None:
    # With the patience of a whole request each, the end would come long after the deadline.
    asked: list[str] = []

    def services() -> list[dict[str, Any]]:
        asked.append("services")
        return []

    swarm.services = services  # type: ignore[method-assign]
    away = replace(look(30, unreachable="timed out"), command=None)
    report, _ = converged(away, replace(away, at=90.0))
    assert report.verdict is Verdict.UNABLE
    assert "out of reach: timed out" in report.summary
    assert report.services == ()
    assert asked == ["services"]  # before COMMAND


def test_the_trace_is_kept_with_the_run_wherever_the_user_wants_it(
    tmp_path: Path, root: Path
) -> None:
    report, _ = converged(ROLLED, trace=tmp_path / "mine.jsonl")
    assert report.run is not None
    kept = root / report.run.run / runs.TRACE
    assert kept.read_bytes() == (tmp_path / "mine.jsonl").read_bytes()
