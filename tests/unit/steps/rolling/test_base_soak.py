"""The base is soaked no longer than it takes to know it, and never so briefly that it is not."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.sandbox.rollouts import baseline, look, service, task

from ccci.deployers import App
from ccci.errors import EngineError, Interrupted
from ccci.exits import Verdict
from ccci.steps.follow import Options, Outcome, follow
from ccci.steps.rolling import base_soak
from ccci.steps.workspace import Workspace
from ccci.swarm.decode.containers import answers_again
from ccci.swarm.judge.deadline import soak_of
from ccci.swarm.model import Cause, CauseCode, HealthCheck, HealthSource, Service
from ccci.swarm.watching.fake import FakeCommand, FakeWatch
from ccci.terminal.output import Output

CHECKED = {
    "health": HealthCheck(interval=10.0, timeout=5.0, retries=3),
    "health_source": HealthSource.DEFINED,
}
PLAIN: dict[str, Any] = {}
PASS, FAIL = {"ExitCode": 0}, {"ExitCode": 1}


def came_up(spec: dict[str, Any], *, brief: bool = True, soak: float | None = None) -> Outcome:
    made = service("base", task("a1", since=1.0, container="c"), spec=spec)
    watch = FakeWatch([look(1, made, command=None)], stack="stack")
    options = Options(soak=soak, brief=brief)
    found = follow(watch, baseline=baseline(), options=options, start=FakeCommand)
    assert found.verdict is Verdict.CONVERGED
    return found


@pytest.mark.parametrize(
    ("interval", "timeout", "retries", "brief", "whole"),
    [
        (10.0, 5.0, 3, 15.0, 45.0),
        (30.0, 30.0, 3, 32.0, 60.0),
        (30.0, 10.0, 10, 32.0, 60.0),
        (5.0, 5.0, 3, 15.0, 30.0),
        (2.0, 1.0, 3, 9.0, 9.0),
        (50.0, 1.0, 1, 51.0, 51.0),
        (300.0, 1.0, 3, 60.0, 60.0),
    ],
)
def test_a_brief_soak_waits_for_the_next_probe(
    interval: float, timeout: float, retries: int, brief: float, whole: float
) -> None:
    check = HealthCheck(interval=interval, timeout=timeout, retries=retries)
    spec = service("base", spec={**CHECKED, "health": check}).spec
    assert soak_of(spec, check, brief=True) == brief
    assert soak_of(spec, check) == whole


def test_what_has_no_check_is_soaked_whole() -> None:
    spec = service("base").spec
    spec = replace(spec, update=replace(spec.update, monitor=40.0))
    assert soak_of(spec, None, brief=True) == soak_of(spec, None) == 40.0


def test_the_soak_that_passed_is_the_one_that_is_reported() -> None:
    assert came_up(CHECKED).services[0].soak == 15.0
    assert came_up(CHECKED, brief=False).services[0].soak == 45.0
    assert came_up(CHECKED, soak=3.0).services[0].soak == 3.0


@pytest.mark.parametrize(
    ("status", "log", "answers"),
    [
        ("healthy", [PASS, PASS], True),
        ("healthy", [FAIL, PASS, PASS], True),
        ("healthy", [PASS], False),
        ("healthy", [PASS, FAIL], False),
        ("healthy", [FAIL, PASS], False),
        ("unhealthy", [PASS, PASS], False),
        ("starting", [], False),
        ("", [], False),
    ],
)
def test_a_check_answers_again_when_two_probes_in_a_row_passed(
    status: str, log: list[dict[str, int]], answers: bool
) -> None:
    state = {"Health": {"Status": status, "Log": log}} if status else {}
    assert answers_again({"State": state}) is answers


class Place:
    """A swarm whose containers say this, and what a second look at the base comes to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, container: Any, rest: Verdict) -> None:
        self.asked: list[str] = []
        self.container_ = container
        self.workspace = cast("Workspace", type("W", (), {"engine": self}))
        self.rest = replace(came_up(PLAIN), verdict=rest, summary="the rest")

        def followed(_workspace: object, _app: object, name: str) -> Outcome:
            self.asked.append(name)
            return self.rest

        monkeypatch.setattr(base_soak, "_followed", followed)

    def container(self, name: str) -> Any:
        assert name == "c"
        if isinstance(self.container_, Exception):
            raise self.container_
        return self.container_


APP = App("shop", "shop.test", "stack", cast("Any", None))
LONG = Options(timeout=30.0, soak=25.0)
WELL = {"State": {"Health": {"Status": "healthy", "Log": [PASS, PASS]}}}
SICK = {"State": {"Health": {"Status": "healthy", "Log": [PASS, FAIL]}}}


@pytest.mark.parametrize(
    ("container", "spec", "more"),
    [
        (WELL, CHECKED, False),
        (SICK, CHECKED, True),
        (None, CHECKED, True),
        (EngineError(500, "no"), CHECKED, True),
        (SICK, PLAIN, False),
    ],
    ids=["answers", "fails since", "on another node", "cannot be asked", "no check"],
)
def test_the_rest_of_the_soak_follows_where_the_check_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, container: Any, spec: dict[str, Any], more: bool
) -> None:
    base = came_up(spec)
    for rest in (Verdict.UNCHANGED, Verdict.UNSTABLE):
        place = Place(monkeypatch, container, rest)
        found = base_soak.whole(place.workspace, APP, base)
        assert bool(place.asked) is more
        assert found == (place.rest if more and not rest.passed else base)


def test_a_signal_in_the_rest_of_the_soak_is_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, SICK, Verdict.UNCHANGED)
    place.rest = replace(place.rest, signal=15, notes=("terminated",))
    found = base_soak.whole(place.workspace, APP, came_up(CHECKED))
    assert (found.verdict, found.signal, found.notes[-1:]) == (
        Verdict.CONVERGED,
        15,
        ("terminated",),
    )


def test_a_soak_that_the_user_gave_is_the_whole_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, None, Verdict.UNSTABLE)
    given = came_up(CHECKED, soak=1.0)
    assert base_soak.whole(place.workspace, APP, given) is given
    rolled_back = replace(given, verdict=Verdict.ROLLED_BACK)
    assert base_soak.again(place.workspace, APP, given, rolled_back) == base_soak.Again()
    assert place.asked == []


CRASHED = ("app", CauseCode.EXIT_NONZERO)


def failing(outcome: Outcome, verdict: Verdict, *faults: tuple[str, CauseCode]) -> Outcome:
    (one,) = outcome.services
    services = tuple(
        replace(one, name=name, verdict=verdict, cause=Cause(code, "why", "mend it"))
        for name, code in faults
    )
    return replace(outcome, verdict=verdict, services=services, summary="it fails")


@pytest.mark.parametrize(
    ("head", "rest", "faults", "blamed"),
    [
        (Verdict.ROLLED_BACK, Verdict.UNSTABLE, [CRASHED], True),
        (Verdict.ROLLED_BACK, Verdict.STALLED, [CRASHED], True),
        (Verdict.ROLLED_BACK, Verdict.UNSTABLE, [CRASHED, ("db", CauseCode.UNHEALTHY)], True),
        (Verdict.ROLLED_BACK, Verdict.UNSTABLE, [("db", CauseCode.EXIT_NONZERO)], False),
        (Verdict.ROLLED_BACK, Verdict.UNSTABLE, [("app", CauseCode.UNHEALTHY)], False),
        (Verdict.ROLLED_BACK, Verdict.UNCHANGED, [], False),
        (Verdict.ROLLED_BACK, Verdict.TIMED_OUT, [CRASHED], False),
        (Verdict.PAUSED, Verdict.UNSTABLE, [CRASHED], False),
    ],
)
def test_a_base_that_runs_again_is_broken_only_if_it_fails_as_the_head_did(
    monkeypatch: pytest.MonkeyPatch,
    head: Verdict,
    rest: Verdict,
    faults: list[tuple[str, CauseCode]],
    blamed: bool,
) -> None:
    base = came_up(CHECKED)
    place = Place(monkeypatch, WELL, rest)
    place.rest = failing(place.rest, rest, *faults)
    found = base_soak.again(place.workspace, APP, base, failing(base, head, CRASHED))
    asked = head is Verdict.ROLLED_BACK
    assert found.broken is (place.rest if blamed else None)
    assert bool(place.asked) is asked
    assert bool(found.notes) is (asked and not blamed and not rest.passed)
    if found.notes and rest is Verdict.UNSTABLE:
        assert f"after the rollback {faults[0][0]} does not stay up" in found.notes[0]


@pytest.mark.parametrize(
    ("stops", "signal", "told"),
    [
        (Interrupted(15), 15, "terminated"),
        (EngineError(500, "no answer"), None, "no answer"),
    ],
)
def test_what_ends_the_second_look_leaves_the_heads_verdict(
    monkeypatch: pytest.MonkeyPatch, stops: BaseException, signal: int | None, told: str
) -> None:
    base = came_up(CHECKED)
    place = Place(monkeypatch, WELL, Verdict.UNCHANGED)

    def followed(*_: object) -> Outcome:
        raise stops

    monkeypatch.setattr(base_soak, "_followed", followed)
    head = failing(base, Verdict.ROLLED_BACK, CRASHED)
    found = base_soak.again(place.workspace, APP, base, head)
    assert (found.broken, found.signal) == (None, signal)
    assert told in found.notes[0]


def test_a_signal_that_cut_the_second_look_short_is_carried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = came_up(CHECKED)
    place = Place(monkeypatch, WELL, Verdict.INTERRUPTED)
    place.rest = replace(place.rest, signal=2)
    head = failing(base, Verdict.ROLLED_BACK, CRASHED)
    assert base_soak.again(place.workspace, APP, base, head).signal == 2


def test_a_trace_that_cannot_be_written_is_a_note(tmp_path: Path) -> None:
    found, _ = looked_again(tmp_path / "absent", service("base", task("a1", since=1.0)))
    assert found.verdict is Verdict.UNCHANGED
    assert "cannot be written" in found.notes[-1]


def looked_again(folder: Path, *services: Service) -> tuple[Outcome, FakeWatch]:
    """Follow a base that runs again, and is seen so for good."""
    watch = FakeWatch([look(1, *services, command=None)], before=look(0, *services, command=None))
    workspace = SimpleNamespace(
        output=Output(verbosity=-1),
        engine=None,
        choices=SimpleNamespace(options=LONG),
        run=SimpleNamespace(path=lambda name: folder / name),
        opens=watch.opened,
    )
    name = "base.again.trace.jsonl"
    found = base_soak._followed(cast("Workspace", workspace), APP, name)
    return found, watch


def test_a_base_that_runs_again_is_held_against_itself_for_the_whole_soak(tmp_path: Path) -> None:
    up = service("base", task("a1", since=0.0))
    found, watch = looked_again(tmp_path, up)
    assert (found.verdict, found.notes) == (Verdict.UNCHANGED, ())
    assert watch.now() >= 25.0
    assert [each.baseline for each in watch.recorded.begun] == [baseline(up)]


def test_a_death_later_than_the_base_was_looked_at_is_told_with_how_to_know() -> None:
    base = came_up(CHECKED)
    dead = service("head", task("b1", "failed", template="head", since=0.0, exit_code=1), version=2)
    for up_at, doubts in ((1.0, 1), (19.0, 0)):
        alive = replace(dead, tasks=(task("b1", template="head", since=0.0, container="d"),))
        watch = FakeWatch([look(up_at, alive), look(22, dead)], stack="stack")
        head = follow(watch, baseline=baseline(), options=LONG, start=FakeCommand)
        assert not head.verdict.passed
        told = base_soak.doubts(base, head)
        assert len(told) == doubts
        assert not told or "the base was looked at for 15 s: `--soak" in told[0]
