"""The fold over a whole stack: deadlines, COMMAND, an Engine out of reach, who is judged."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import (
    BASE,
    CHECK,
    OLD,
    OLD_DIRTY,
    RUNNING_COMMAND,
    baseline,
    fold,
    look,
    rolled,
    service,
    task,
    verdict,
)

from ccci.exits import Verdict
from ccci.swarm.judge.rollout import Policy, advance, begin
from ccci.swarm.model import (
    Command,
    HealthSource,
    Mode,
    Observation,
)


def test_a_service_that_the_deploy_drops_is_reported_and_not_held_against_it() -> None:
    other = service("one", task("c1", since=99.0), name="other")
    rollout = fold(baseline(OLD, other), [look(1, replace(other, version=2))])
    assert rollout.verdict is Verdict.UNCHANGED
    assert rollout.dropped == ("app",)


def test_a_stack_that_disappears_is_removed() -> None:
    assert verdict(BASE, [look(1)]) is Verdict.REMOVED


def test_an_unreachable_engine_is_waited_for_and_then_given_up() -> None:
    gone = [Observation(at, "t", unreachable="refused") for at in (2.0, 30.0, 61.9)]
    rollout = fold(BASE, [look(1, rolled(OLD_DIRTY, update="updating")), *gone])
    assert rollout.lost is None
    assert rollout.verdict is None
    rollout = advance(rollout, Observation(62.0, "t", unreachable="refused"))
    assert rollout.lost == "refused"


def test_a_blip_of_the_engine_changes_nothing() -> None:
    done = rolled(task("b1"), update="completed")
    looks = [look(1, done), Observation(3, "t", unreachable="EOF"), look(6, done)]
    assert verdict(BASE, looks) is Verdict.CONVERGED


def test_a_good_verdict_waits_for_the_command_to_end() -> None:
    done = rolled(task("b1"), update="completed")
    looks = [look(at, done, command=RUNNING_COMMAND) for at in (1.0, 6.0, 60.0)]
    assert verdict(BASE, looks) is None
    assert verdict(BASE, [*looks, look(61, done)]) is Verdict.CONVERGED


def test_a_failing_verdict_does_not_wait_for_the_command() -> None:
    paused = rolled(task("b1"), update="paused")
    assert verdict(BASE, [look(1, paused, command=RUNNING_COMMAND)]) is Verdict.PAUSED


def test_a_command_that_never_touches_the_stack_is_given_five_minutes() -> None:
    idle = [look(at, OLD, command=RUNNING_COMMAND) for at in (1.0, 299.0)]
    assert verdict(BASE, idle) is None
    assert verdict(BASE, [*idle, look(400, OLD, command=RUNNING_COMMAND)]) is Verdict.TIMED_OUT


def test_the_deadline_counts_from_the_first_change_and_shows_its_arithmetic() -> None:
    slow = {"health": CHECK, "health_source": HealthSource.DEFINED, "stop_grace": 20.0}
    looks = [
        look(50, OLD, command=RUNNING_COMMAND),
        look(100, rolled(OLD_DIRTY, update="updating", spec=slow), command=Command(("x",))),
    ]
    rollout = fold(BASE, looks)
    # 30 to start + 4 unhealthy + 20 stop grace + 5 monitor, twice for the rollback, 5 soak.
    assert rollout.deadline_at == pytest.approx(100 + 59 + 59 + 5)
    assert "20s stop grace" in rollout.arithmetic
    assert "first change at 100s" in rollout.arithmetic


def test_a_time_out_without_a_failure_asks_for_more_time() -> None:
    job = service("one", task("b1", iteration=1), spec={"mode": Mode.REPLICATED_JOB}, iteration=1)
    (judged,) = fold(baseline(), [look(1, job), look(51, job)], Policy(timeout=50)).judgements
    assert judged.detail == "0/1 tasks completed, 1 still at work"
    assert "logs" in judged.hint
    assert "--timeout" in judged.hint
    untouched = [look(at, OLD, command=RUNNING_COMMAND) for at in (1.0, 51.0)]
    (judged,) = fold(BASE, untouched, Policy(timeout=50)).judgements
    assert "COMMAND had not come to it" in judged.hint


def test_fail_fast_does_not_wait_for_the_others() -> None:
    waiting = service("one", task("c1", "starting"), name="other")
    looks = [look(1, rolled(task("b1"), update="paused"), waiting)]
    assert verdict(baseline(OLD), looks) is None
    assert verdict(baseline(OLD), looks, Policy(fail_fast=True)) is Verdict.PAUSED


def test_only_the_services_asked_for_are_judged() -> None:
    bad = service("one", task("c1"), name="other", update="paused")
    steady = replace(OLD, version=2, tasks=(task("a1", since=99.0),))
    policy = Policy(services=frozenset({"app"}))
    assert verdict(baseline(OLD), [look(1, steady, bad)], policy) is Verdict.UNCHANGED


def test_a_decided_rollout_is_returned_unchanged() -> None:
    decided = fold(BASE, [look(1, rolled(task("b1"), update="paused"))])
    assert advance(decided, look(2, rolled(task("b1", since=99.0), update="completed"))) is decided


def test_nothing_is_decided_before_the_first_look() -> None:
    assert begin(None, Policy(), 0.0).verdict is None
