"""Services that end by design and come again: by their restart delay, or by swarm-cronjob."""

from dataclasses import replace
from typing import Any

import pytest
from support.sandbox.rollouts import CHECK, NODE, baseline, fold, look, service, task

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.swarm.judge.deadline import derive
from ccci.swarm.judge.phrases import starts_again
from ccci.swarm.judge.rollout import Policy, Rollout
from ccci.swarm.model import CauseCode, HealthSource, Mode, RestartPolicy, Service, Spec, Task

DAILY = {"restart": RestartPolicy(condition="any", delay=86_400.0)}
EVERYWHERE = {"mode": Mode.GLOBAL, "replicas": None}
ENDED = task("b1", "complete", exit_code=0, slot=NODE.id, template="head")
WAITS = task("b2", "ready", desired="ready", slot=NODE.id, template="head")


def cron(*tasks: Task, **changes: Any) -> Service:
    """Return a service that ends, and that Swarm starts again a day later."""
    spec = {**DAILY, **EVERYWHERE, **changes.pop("spec", {})}
    return service("head", *tasks, spec=spec, **changes)


def said(rollout: Rollout) -> str:
    return account.summary(rollout, account.services(rollout, {}))


@pytest.mark.parametrize("mode", [Mode.GLOBAL, Mode.REPLICATED])
def test_what_starts_again_a_day_later_runs_by_the_clock(mode: Mode) -> None:
    spec = EVERYWHERE if mode is Mode.GLOBAL else {"mode": mode, "replicas": 1}
    looks = [
        look(1, cron(replace(ENDED, state=task("x").state, desired=task("x").desired), spec=spec)),
        look(4, cron(ENDED, WAITS, spec=spec)),
    ]
    rollout = fold(baseline(), looks)
    assert rollout.verdict is Verdict.CONVERGED
    assert said(rollout) == "app runs nowhere (ended with 0, starts again in 24 h)"
    (report,) = account.services(rollout, {})
    assert report.runs == "0/1 up-to-date tasks running, 1 ended with 0, starts again in 24 h"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"restart": RestartPolicy(condition="any", delay=30.0)}, "it comes again in time"),
        ({"ports": 1}, "somebody waits for it"),
        ({"health": CHECK, "health_source": HealthSource.DEFINED}, "it may have turned unhealthy"),
    ],
)
def test_what_only_waits_a_little_or_has_a_check_is_not_done(
    changes: dict[str, Any], why: str
) -> None:
    looks = [look(at, cron(ENDED, WAITS, spec=changes)) for at in (1.0, 20.0)]
    assert fold(baseline(), looks).verdict is None, why


def test_what_failed_does_not_run_by_the_clock() -> None:
    failed = task("b1", "failed", exit_code=1, slot=NODE.id)
    looks = [look(at, cron(failed, WAITS)) for at in (1.0, 51.0)]
    assert fold(baseline(), looks, Policy(timeout=50)).verdict is Verdict.TIMED_OUT


def test_a_delay_within_a_longer_timeout_is_waited_for() -> None:
    looks = [look(at, cron(ENDED, WAITS)) for at in (1.0, 20.0)]
    assert fold(baseline(), looks, Policy(timeout=90_000)).verdict is None


@pytest.mark.parametrize("policy", [Policy(timeout=20), Policy(timeout=20, soak=0.0)])
def test_no_shorter_timeout_makes_a_schedule_of_what_starts_again_soon(policy: Policy) -> None:
    spec = {"restart": RestartPolicy(condition="any", delay=30.0)}
    looks = [look(at, cron(ENDED, WAITS, spec=spec)) for at in (1.0, 8.0, 21.0)]
    assert fold(baseline(), looks, policy).verdict is Verdict.TIMED_OUT


def test_nor_does_a_shorter_soak() -> None:
    within = derive(look(1, cron())).seconds - 2.0
    spec = {"restart": RestartPolicy(condition="any", delay=within)}
    looks = [look(at, cron(ENDED, WAITS, spec=spec)) for at in (1.0, 8.0)]
    assert fold(baseline(), looks, Policy(soak=0.0)).verdict is None


@pytest.mark.parametrize(("delay", "passes"), [(300.0, False), (3600.0, True)])
def test_one_that_ran_on_before_is_no_schedule_unless_it_waits_for_hours(
    delay: float, passes: bool
) -> None:
    spec = {"restart": RestartPolicy(condition="any", delay=delay)}
    before = baseline(cron(task("a1", slot=NODE.id), spec=spec))
    looks = [look(at, cron(ENDED, WAITS, version=2, spec=spec)) for at in (1.0, 9.0, 51.0)]
    rollout = fold(before, looks, Policy(timeout=50))
    assert rollout.verdict is (Verdict.CONVERGED if passes else Verdict.TIMED_OUT)
    waited = baseline(cron(replace(ENDED, id="a1"), replace(WAITS, id="a2")))
    assert fold(waited, looks).verdict is Verdict.CONVERGED


def test_an_end_after_completed_is_no_death() -> None:
    busy = task("b1", slot=NODE.id, template="head")
    looks = [
        look(1, cron(busy, version=2, update="updating")),
        look(4, cron(busy, version=2, update="completed")),
        look(6, cron(ENDED, WAITS, version=2, update="completed")),
        look(10, cron(ENDED, WAITS, version=2, update="completed")),
    ]
    before = baseline(cron(replace(ENDED, id="a1"), replace(WAITS, id="a2")))
    assert fold(before, looks).verdict is Verdict.CONVERGED


@pytest.mark.parametrize(
    ("restart", "words"),
    [(DAILY["restart"], "restart delay"), (RestartPolicy(condition="none"), "meant to end")],
)
def test_an_update_that_swarm_pauses_for_an_end_that_was_meant_is_the_policys_doing(
    restart: RestartPolicy, words: str
) -> None:
    head = service("head", replace(ENDED, slot="1"), spec={"restart": restart}, update="paused")
    rollout = fold(baseline(service("base")), [look(1, replace(head, version=2))])
    assert rollout.verdict is Verdict.PAUSED
    (report,) = account.services(rollout, {})
    assert "ended with 0, as it may" in report.detail
    assert report.cause is not None
    assert report.cause.code is CauseCode.EXITED_EARLY
    assert "update_config: failure_action: continue" in report.cause.hint
    assert words in report.cause.hint
    assert "condition: none" not in report.cause.hint


def test_an_update_that_swarm_pauses_for_a_failure_is_not() -> None:
    dead = task("b1", "failed", exit_code=1, template="head")
    head = service("head", dead, spec={"restart": RestartPolicy("none")}, update="paused")
    rollout = fold(baseline(service("base")), [look(1, replace(head, version=2))])
    assert "as it may" not in rollout.judgements[0].detail


@pytest.mark.parametrize(
    ("delay", "words"),
    [(86_400.0, "24 h"), (3600.0, "1 h"), (600.0, "10 min"), (90.0, "90 s"), (5400.0, "90 min")],
)
def test_a_delay_is_said_in_its_largest_whole_unit(delay: float, words: str) -> None:
    spec = Spec("w", "t", "e", restart=RestartPolicy(delay=delay))
    assert starts_again(spec) == f"starts again in {words}"


def fires(**changes: Any) -> Rollout:
    """Return what comes of a service that swarm-cronjob may start, sent anew after the deploy."""
    idle = {"cronjob": True, "replicas": 0, "restart": RestartPolicy("none")}
    started = {**idle, "replicas": 1, "force_update": 7, "whole": "x", "template": "y"}
    looks = [
        look(1, service("head", spec=idle, version=2), service("one", task("c1"), name="web")),
        look(3, service("head", spec={**started, **changes}, version=3)),
    ]
    return fold(baseline(service("base", spec=idle)), looks)


def test_swarm_cronjob_that_fires_is_told_from_a_deploy_by_somebody_else() -> None:
    (judged,) = (each for each in fires().judgements if each.name == "app")
    assert judged.verdict is Verdict.DISTURBED
    assert judged.detail == (
        "swarm-cronjob started it after the deploy: its replicas were 0, they are 1, "
        "its force-update counter moved"
    )
    assert "swarm.cronjob.schedule" in judged.hint
    assert "--service" in judged.hint
    for changes in ({"cronjob": False}, {"force_update": 0}, {"endpoint": "another"}):
        (other,) = (each for each in fires(**changes).judgements if each.name == "app")
        assert other.verdict is Verdict.DISTURBED
        assert other.detail.startswith("somebody else changed the service")


def test_a_task_of_swarm_cronjobs_that_was_at_work_may_end() -> None:
    spec = {"cronjob": True, "restart": RestartPolicy("none")}
    before = baseline(service("base", task("a1"), spec=spec))
    over = service("head", task("b1", "complete", exit_code=0), spec=spec, version=2)
    assert fold(before, [look(at, over) for at in (1.0, 6.0)]).verdict is Verdict.CONVERGED
