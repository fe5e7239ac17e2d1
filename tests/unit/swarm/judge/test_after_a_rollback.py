"""A rollback is looked at until what it put back runs again, or ought to by its own numbers."""

from dataclasses import replace
from typing import Any

from support.sandbox.rollouts import CHECK, baseline, fold, look, service, task

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.swarm.judge.rollout import Policy, Rollout
from ccci.swarm.model import HealthSource, Observation, Task

OLD = service("base", task("a1", template="base"))
DEAD = task("b1", "failed", exit_code=1, template="head")
WAITS = task("a2", "ready", desired="ready", template="base")


def back(at: float, *tasks: Task, **spec: Any) -> Observation:
    seen = service("base", DEAD, *tasks, version=3, update="rollback_completed", spec=spec)
    return look(at, seen)


def judged(*later: Observation, policy: Policy | None = None) -> Rollout:
    rolling = service("head", task("b1", template="head"), update="updating", version=2)
    return fold(baseline(OLD), [look(1, rolling), *later], policy)


def test_it_is_over_when_the_old_specs_task_runs_again() -> None:
    assert judged(back(4, WAITS)).verdict is None
    (going,) = judged(back(4, WAITS)).judgements
    assert going.phase == "coming back"
    rollout = judged(back(4, WAITS), back(9, replace(WAITS, state=task("x").state)))
    assert rollout.verdict is Verdict.ROLLED_BACK
    (report,) = account.services(rollout, {})
    assert report.detail == "Swarm put the previous spec back"
    assert report.runs == "1/1 tasks of the previous spec running"
    assert report.cause is not None
    assert report.cause.task == "b1"


def test_it_is_over_when_the_restart_delay_and_the_start_are() -> None:
    rollout = judged(back(4, WAITS), back(18.9, WAITS))
    assert rollout.verdict is None
    assert rollout.ripe_at == 4 + 5 + 10
    rollout = judged(back(4, WAITS), back(19, WAITS))
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert "was not running 15 s later" in rollout.judgements[0].detail


def test_a_health_check_of_the_old_spec_is_given_its_time() -> None:
    spec: dict[str, Any] = {
        "health": replace(CHECK, start_period=20.0),
        "health_source": HealthSource.DEFINED,
    }
    assert judged(back(4, WAITS, **spec), back(42.9, WAITS, **spec)).verdict is None
    late = judged(back(4, WAITS, **spec), back(43, WAITS, **spec))
    assert late.verdict is Verdict.ROLLED_BACK


def test_never_past_the_deadline() -> None:
    rollout = judged(back(4, WAITS), back(10, WAITS), policy=Policy(timeout=10))
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert "does not run yet" in rollout.judgements[0].detail


def test_fail_fast_does_not_look_on() -> None:
    assert judged(back(4, WAITS), policy=Policy(fail_fast=True)).verdict is Verdict.ROLLED_BACK


def test_what_fails_again_and_what_will_not_be_tried_again_is_said_at_once() -> None:
    fails = task("a2", "failed", exit_code=1, template="base")
    rollout = judged(back(4, fails, replace(WAITS, id="a3")))
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert "what came back fails, too" in rollout.judgements[0].detail
    ended = task("a1", "failed", exit_code=1, template="base")
    over = judged(back(4, ended))
    assert over.verdict is Verdict.ROLLED_BACK
    assert "was not running" in over.judgements[0].detail


def test_a_rollback_of_long_ago_is_not_waited_for() -> None:
    old = back(4, WAITS).services[0]
    assert old.update is not None
    ago = replace(old, update=replace(old.update, age=600.0))
    assert fold(None, [look(4, ago, command=None)]).verdict is Verdict.ROLLED_BACK


def test_two_replicas_have_to_come_back() -> None:
    two: dict[str, Any] = {"replicas": 2}
    one = replace(WAITS, state=task("x").state)
    other = replace(WAITS, id="a3", slot="2")
    assert judged(back(4, one, other, **two)).verdict is None
    both = back(6, one, replace(one, id="a3", slot="2"), **two)
    assert judged(back(4, one, other, **two), both).verdict is Verdict.ROLLED_BACK
