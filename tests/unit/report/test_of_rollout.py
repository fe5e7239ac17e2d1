from dataclasses import replace
from typing import Any

import pytest
from support.sandbox.rollouts import CHECK, RESTARTS, baseline, fold, look, service, task

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.report import unfinished
from ccci.report.model import ServiceReport
from ccci.swarm.baseline import Baseline, named
from ccci.swarm.judge.rollout import Policy
from ccci.swarm.model import (
    CauseCode,
    Evidence,
    HealthSource,
    Identity,
    Observation,
    Task,
    UpdatePolicy,
)

RELEASE = {"identity": Identity("0.7.0+3.3.1", "image:base", None)}
BEFORE = baseline(service("base", task("a1"), spec=RELEASE))


def told(before: Baseline) -> str:
    failed = task("b1", "failed", exit_code=1)
    back = service("base", task("a1"), failed, update="rollback_completed", spec=RELEASE)
    rolling = service("head", task("a1", up_to_date=False), task("b1"), update="updating")
    rollout = fold(before, [look(1, rolling), look(3, back)])
    (report,) = account.services(rollout, {})
    assert report.rolled_back is not None
    return f"from {report.rolled_back.source} to {report.rolled_back.target}"


def judged(before: Baseline | None, *looks: Observation) -> tuple[str, ServiceReport]:
    rollout = fold(before, looks)
    (report,) = account.services(rollout, {})
    return account.summary(rollout, (report,)), report


def test_an_interrupted_rollout_names_its_services_by_how_far_they_were() -> None:
    names = [f"w{number}" for number in range(5)]
    waiting = [service("base", task("a1"), name=name) for name in names]
    rolling = service("head", task("b1", "starting"), name="app", update="updating")
    rollout = fold(baseline(*waiting), [look(1, *waiting, rolling)])
    said = unfinished.interrupted(rollout, "terminated")
    assert said.startswith("terminated before the end; known so far: ")
    assert "w0, w1, w2, 2 more: " in said
    assert "app: " in said
    assert unfinished.interrupted(fold(None, [look(1)])).endswith("known so far: nothing")


def test_a_rollback_by_hand_is_told_from_one_of_swarms_own() -> None:
    rolling = service("head", task("a1", up_to_date=False), task("b1"), update="updating")
    asked = {"started": "s2", "message": "manually requested rollback"}
    back = service("base", task("a1"), update="rollback_started", **asked)
    done = service("base", task("a1"), update="rollback_completed", started="s2")
    said, report = judged(BEFORE, look(1, rolling), look(3, back), look(9, done))
    assert report.cause is not None
    assert report.cause.code is CauseCode.INTERFERENCE
    assert "docker service rollback" in said


def test_a_rollback_that_swarm_stopped_is_told_by_the_task_that_did_not_come_back() -> None:
    died, gone = "b1".ljust(25, "0"), "c1".ljust(25, "0")
    dead = task(died, "failed", exit_code=1, container=True, template="head")
    rolling = service("head", task("a1", up_to_date=False), task(died), update="updating")
    back = service(
        "base",
        replace(dead, up_to_date=False),
        update="rollback_started",
        message=f"update rolled back due to failure or early termination of task {died}",
    )
    source = 'invalid mount config for type "bind": bind source path does not exist: /data'
    refused = task(gone, "rejected", error=source, template="base")
    stopped = service(
        "base",
        replace(dead, up_to_date=False),
        refused,
        update="rollback_paused",
        message=f"update paused due to failure or early termination of task {gone}",
    )
    rollout = fold(BEFORE, [look(1, rolling), look(3, back), look(5, stopped)])
    logged = Evidence(died, local=True, logs=("the head's last words",))
    (report,) = account.services(rollout, {died: logged})
    assert report.cause is not None
    assert (report.cause.task, report.cause.code) == (gone, CauseCode.MOUNT_FAILED)
    assert "`/data`" in report.cause.hint
    assert "what came back fails, too" in report.detail


@pytest.mark.parametrize(
    ("state", "fresh"), [("paused", True), ("rollback_completed", False), ("completed", None)]
)
def test_without_a_baseline_a_task_that_the_update_made_shows_why_swarm_stopped_it(
    state: str, fresh: bool | None
) -> None:
    def failed(name: str, **changes: Any) -> Task:
        return task(name, "failed", exit_code=7, **changes)

    older = failed("a0", created_at="2026-11-24T00:00:01.5Z", up_to_date=True)
    made = failed("b1", created_at="2026-11-24T00:00:03.5Z", up_to_date=bool(fresh))
    serving = task("b2", created_at="2026-11-24T00:00:04.5Z", since=99.0)
    seen = service("x", older, made, serving, update=state, started="2026-11-24T00:00:02.5Z")
    _, report = judged(None, look(1, seen, command=None), look(9, seen, command=None))
    if fresh is None:
        assert report.cause is None
        return
    assert report.cause is not None
    assert (report.cause.task, report.cause.exit_code) == ("b1", 7)
    assert "b1" in {each.id for each in report.tasks}


@pytest.mark.parametrize("known", [True, False])
def test_of_a_rollback_that_was_stopped_it_is_told_whose_task_died(known: bool) -> None:
    died = {"error": "task: non-zero exit (9)", "created_at": "2026-11-24T00:00:05Z"}
    rolling = service("head", task("a1", up_to_date=False), task("b1"), update="updating")
    back = service("base", task("a2"), update="rollback_started")
    dead = service("base", task("a2", "failed", exit_code=9, **died), update="rollback_paused")
    if known:
        said, report = judged(BEFORE, look(1, rolling), look(2, back), look(3, dead))
    else:
        said, report = judged(None, look(2, back, command=None), look(3, dead, command=None))
    assert report.verdict is Verdict.ROLLBACK_PAUSED
    assert report.cause is not None
    assert "task a2 of slot 1, of the old spec, exited with 9" in said
    assert report.cause.hint.startswith("deploy a repaired spec, ")
    assert {each.id: each.up_to_date for each in report.tasks}["a2"] is False


def test_an_end_with_0_is_held_against_the_check_that_the_image_brings() -> None:
    ended = task("b1", "complete", exit_code=0, container="c")
    spec = {"restart": RESTARTS["on-failure"], "health_source": HealthSource.INHERITED}
    seen = service("head", ended, spec=spec)
    checked = (("image:head", CHECK),)
    looks = [look(at, seen, inherited=checked) for at in (1.0, 2.0, 9.0)]
    _, report = judged(baseline(), *looks)
    assert report.cause is not None
    assert report.cause.code is CauseCode.EXITED_EARLY
    assert "until this deploy" not in report.cause.hint  # there was none before
    assert "`restart_policy: condition: none`" in report.cause.hint


@pytest.mark.parametrize(("asked", "words"), [(False, "`interval` (1200 s)"), (True, "its logs")])
def test_a_check_that_was_not_asked_yet_is_why_a_task_is_still_starting(
    asked: bool, words: str
) -> None:
    spec = {"health": replace(CHECK, interval=1200.0), "health_source": HealthSource.DEFINED}
    waits = service("head", task("b1", "starting", since=1300.0 if asked else 40.0), spec=spec)
    rollout = fold(baseline(), [look(1, waits), look(51, waits)], Policy(timeout=50))
    (report,) = account.services(rollout, {})
    assert report.cause is not None
    assert report.cause.code is CauseCode.START_TIMEOUT
    assert words in report.cause.hint


@pytest.mark.parametrize(("state", "word"), [("rejected", "come"), ("failed", "stay")])
def test_what_its_node_refuses_is_not_said_to_have_been_up(state: str, word: str) -> None:
    spec = {"restart": RESTARTS["none"]}
    given_up = service("one", task("b1", state, error="Invalid signal: SIGFOO"), spec=spec)
    said, _ = judged(baseline(), look(1, given_up), look(2, given_up))
    assert said.startswith(f"app does not {word} up: ")


@pytest.mark.parametrize("first", [True, False])
def test_stop_first_is_advised_where_there_is_an_old_task_alone(first: bool) -> None:
    update = UpdatePolicy(failure_action="continue", order="start-first")
    spec = {"update": update, "host_ports": (80,)}
    waits = task(
        "b1", "pending", error="no suitable node (host-mode port already in use on 1 node)"
    )
    old = task("a1", template="one")
    dirty = [] if first else [replace(old, up_to_date=False)]
    seen = service("head", *dirty, waits, version=2, spec=spec)
    before = baseline() if first else baseline(service("one", old))
    _, report = judged(before, look(1, seen), look(21, seen))
    assert report.cause is not None
    assert report.cause.code is CauseCode.PORT_IN_USE
    assert ("stop-first" in report.cause.hint) is not first


def test_a_slot_that_was_given_up_before_is_told_by_the_task_that_it_held() -> None:
    given_up = task("a1", "failed", exit_code=3, container="c")
    none = {"restart": RESTARTS["none"]}
    before = baseline(service("one", given_up, spec=none))
    again = service("one", given_up, version=2, spec=none)
    _, report = judged(before, look(1, again), look(2, again), look(3, again))
    assert report.cause is not None
    assert (report.cause.code, report.cause.exit_code) == (CauseCode.EXIT_NONZERO, 3)
    assert "`docker service update --force stack_app`" in report.cause.hint
    assert "before COMMAND" in report.detail


def test_a_time_out_is_told_once_and_with_its_own_next_step() -> None:
    both = service("head", task("b1"), task("b2"), version=2, update="completed")
    rollout = fold(BEFORE, [look(1, both), look(51, both)], Policy(timeout=50))
    (report,) = account.services(rollout, {})
    assert account.summary(rollout, (report,)).startswith(
        "app was not done before the deadline: slot 1 holds 2 tasks"
    )
    assert report.cause is not None
    assert report.cause.code is CauseCode.UNKNOWN
    assert "deploy again" in report.cause.hint


def test_a_rollback_names_both_sides_by_their_labels() -> None:
    assert told(BEFORE) == "from head to 0.7.0+3.3.1"


def test_a_rollback_names_the_commit_of_a_release_where_the_run_knows_it() -> None:
    known = named(BEFORE, {"base-whole": "ca030ef6"})
    assert told(known) == "from head to ca030ef6 (0.7.0+3.3.1)"


def test_a_service_that_was_gone_before_the_first_look_runs_nothing() -> None:
    before = baseline(service("one", task("a1")))
    _, report = judged(before, look(1), look(2), look(9), look(20))
    assert (report.verdict, report.runs) == (Verdict.REMOVED, "nothing: it is gone")
