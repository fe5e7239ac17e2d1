"""Practice says more than policy, and a service of which nothing runs is never said to run."""

from dataclasses import replace
from typing import Any

import pytest
from support.sandbox.rollouts import (
    CHECK,
    NODE,
    RESTARTS,
    RUNNING_COMMAND,
    baseline,
    fold,
    look,
    service,
    task,
    verdict,
)

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.swarm.baseline import Baseline
from ccci.swarm.judge.rollout import Policy, Rollout
from ccci.swarm.model import CauseCode, HealthSource, Mode, Observation, Service, Task

EVERYWHERE = {"mode": Mode.GLOBAL, "replicas": None}
NOWHERE = {**EVERYWHERE, "constraints": ("node.labels.zone == eu",)}


def said(rollout: Rollout) -> str:
    return account.summary(rollout, account.services(rollout, {}))


def worker(revision: str, *tasks: Task, condition: str = "on-failure", **more: Any) -> Service:
    """Return a service that may end by its policy."""
    changes = {"restart": RESTARTS[condition], **more.pop("spec", {})}
    return service(revision, *tasks, spec=changes, **more)


def ended(condition: str = "on-failure", exit_code: int = 0) -> list[Observation]:
    """Return looks at a worker that was replaced, and whose new task ends."""
    gone = task("a1", "shutdown", desired="shutdown", up_to_date=False)
    over = task("b1", "failed" if exit_code else "complete", exit_code=exit_code)

    def head(*tasks: Task, update: str) -> Service:
        return worker("head", gone, *tasks, condition=condition, version=2, update=update)

    return [
        look(1, head(task("b1"), update="updating")),
        look(4, head(task("b1"), update="completed")),
        look(6, head(over, update="completed")),
        look(9, head(over, update="completed")),
    ]


@pytest.mark.parametrize("condition", ["on-failure", "none"])
def test_a_worker_that_ran_before_and_ends_with_0_after_the_upgrade_is_no_one_shot(
    condition: str,
) -> None:
    before = baseline(worker("base", task("a1"), condition=condition))
    rollout = fold(before, ended(condition))
    assert rollout.verdict is Verdict.UNSTABLE
    (report,) = account.services(rollout, {})
    assert report.cause is not None
    assert report.cause.code is CauseCode.EXITED_EARLY
    assert "where it should stay" in report.cause.detail
    assert "stayed until this deploy" in report.cause.hint


def test_a_worker_that_ended_before_its_monitor_was_over_is_no_one_shot_either() -> None:
    over = task("b1", "complete", exit_code=0)
    head = worker("head", over, version=2, update="completed")
    rollout = fold(baseline(worker("base", task("a1"))), [look(at, head) for at in (3, 5, 9)])
    assert rollout.verdict is Verdict.UNSTABLE


def test_one_replica_of_a_worker_that_ends_is_one_too_many() -> None:
    two = {"replicas": 2}
    before = baseline(worker("base", task("a1"), task("a2", slot="2"), spec=two))
    over = task("b1", "complete", exit_code=0)
    head = worker("head", over, task("b2", slot="2"), version=2, update="completed", spec=two)
    assert verdict(before, [look(at, head) for at in (3.0, 6.0, 9.0)]) is Verdict.UNSTABLE


def anew(*tasks: Task, **changes: Any) -> list[Observation]:
    """Return looks at a COMMAND that removes the service, and makes one of its name again."""
    new = worker("head", *tasks, id="id-anew", **changes)
    return [
        look(1, command=RUNNING_COMMAND),
        *(look(at, new) for at in (3.0, 6.0, 9.0, 30.0)),
    ]


@pytest.mark.parametrize("condition", ["on-failure", "none"])
def test_a_worker_that_the_command_made_anew_is_no_one_shot_either(condition: str) -> None:
    before = baseline(worker("base", task("a1"), condition=condition))
    rollout = fold(before, anew(task("b1", "complete", exit_code=0), condition=condition))
    assert rollout.verdict is Verdict.UNSTABLE
    (report,) = account.services(rollout, {})
    assert report.cause is not None
    assert report.cause.code is CauseCode.EXITED_EARLY
    assert "its tasks stayed before" in report.detail


def test_a_one_shot_that_the_command_made_anew_may_end_again() -> None:
    over = task("b1", "complete", exit_code=0)
    before = baseline(worker("base", task("a1", "complete", exit_code=0)))
    assert verdict(before, anew(over)) is Verdict.CONVERGED
    other = baseline(worker("base", task("a1"), name="other"))
    assert verdict(other, anew(over)) is Verdict.CONVERGED


@pytest.mark.parametrize("mode", [Mode.GLOBAL, Mode.REPLICATED])
def test_a_service_made_anew_that_no_node_fits_any_more_is_no_pass(mode: Mode) -> None:
    # Replicated or global before: something of it ran, and now nothing does.
    spec = {"mode": mode, "replicas": None if mode is Mode.GLOBAL else 1}
    before = baseline(service("base", task("a1", slot=NODE.id, since=99.0), spec=spec))
    rollout = fold(before, anew(spec=NOWHERE))
    assert rollout.verdict is Verdict.STALLED
    assert rollout.judgements[-1].cause is CauseCode.NO_SUITABLE_NODE


def test_a_one_shot_that_had_ended_before_may_end_again() -> None:
    before = baseline(worker("base", task("a1", "complete", exit_code=0)))
    assert verdict(before, ended()) is Verdict.CONVERGED


def test_a_one_shot_that_had_not_come_up_yet_may_end() -> None:
    before = baseline(worker("base", task("a1", "starting")))
    assert verdict(before, ended()) is Verdict.CONVERGED


def test_a_one_shot_of_two_slots_of_which_one_had_ended_may_end() -> None:
    two = {"replicas": 2}
    done = task("a1", "complete", exit_code=0)
    before = baseline(worker("base", done, task("a2", slot="2"), spec=two))
    over = [task(f"b{slot}", "complete", exit_code=0, slot=slot) for slot in "12"]
    head = worker("head", *over, version=2, update="completed", spec=two)
    assert verdict(before, [look(at, head) for at in (3.0, 6.0, 9.0)]) is Verdict.CONVERGED


def test_an_old_task_that_was_stopped_and_exited_with_0_does_not_make_a_one_shot() -> None:
    # What handles its stop signal well is `complete` in the history of a slot that still runs.
    stopped = task("a0", "complete", exit_code=0, up_to_date=False)
    before = baseline(worker("base", stopped, task("a1")))
    assert verdict(before, ended()) is Verdict.UNSTABLE


def test_a_worker_that_nobody_touched_and_that_ends_meanwhile_is_no_one_shot() -> None:
    other = service("one", task("c1"), name="other")
    anew = replace(other, version=2)
    before = baseline(worker("base", task("a1")), other)
    over = worker("base", task("a1", "complete", exit_code=0))
    looks = [look(at, over, anew) for at in (3.0, 6.0, 9.0)]
    assert verdict(before, looks) is Verdict.UNSTABLE


def test_a_one_shot_that_was_stopped_for_its_failing_check_has_not_done_its_work() -> None:
    spec = {"health": CHECK, "health_source": HealthSource.DEFINED}
    over = worker("one", task("b1", "complete", exit_code=0), condition="none", spec=spec)
    looks = [look(at, over) for at in (1.0, 2.0, 9.0)]
    assert verdict(baseline(), looks) is Verdict.CONVERGED
    sick = [replace(each, unhealthy=frozenset({"b1"})) for each in looks]
    assert verdict(baseline(), sick) is Verdict.UNSTABLE


def test_a_job_that_was_stopped_for_its_failing_check_has_not_done_its_work() -> None:
    over = task("b1", "complete", exit_code=0, desired="complete", iteration=0, slot="0")
    job = service("one", over, spec={"mode": Mode.REPLICATED_JOB}, iteration=0)
    sick = [look(at, job, unhealthy=frozenset({"b1"})) for at in (1.0, 2.0)]
    assert verdict(baseline(), sick) is Verdict.UNSTABLE
    assert verdict(baseline(), sick[:1]) is None


def test_a_service_scaled_to_nothing_is_judged_once_its_tasks_have_stopped() -> None:
    both = [task(f"a{slot}", slot=slot, since=99.0) for slot in "12"]
    before = baseline(service("base", *both, spec={"replicas": 2}))
    leaving = [replace(each, desired=task("x", desired="remove").desired) for each in both]
    none: dict[str, Any] = {"spec": {"replicas": 0}, "version": 2}
    going = look(1, service("head", *leaving, **none))
    assert verdict(before, [going]) is None
    assert "2 still stop" in fold(before, [going]).judgements[0].detail
    for left in ((), (task("a1", "shutdown", desired="remove"),)):
        rollout = fold(before, [going, look(2, service("head", *left, **none))])
        assert rollout.verdict is Verdict.CONVERGED  # something was stopped: not `unchanged`
        assert said(rollout) == "app runs nowhere (0 replicas asked for)"
    at_once = fold(before, [look(2, service("head", **none))])
    assert at_once.verdict is Verdict.CONVERGED


def test_what_stops_too_slowly_is_named_at_the_deadline() -> None:
    left = task("a1", desired="remove")
    head = service("head", left, spec={"replicas": 0}, version=2)
    rollout = fold(BEFORE, [look(1, head), look(51, head)], Policy(timeout=50))
    assert rollout.verdict is Verdict.TIMED_OUT
    assert rollout.judgements[0].cause is CauseCode.OLD_TASK_NOT_STOPPING


def test_a_service_of_which_fewer_are_asked_for_is_not_unchanged() -> None:
    both = [task(f"a{slot}", slot=slot, since=99.0) for slot in "12"]
    before = baseline(service("base", *both, spec={"replicas": 2}))
    one = service("base", both[0], spec={"replicas": 1}, version=2)
    assert verdict(before, [look(1, one)]) is Verdict.CONVERGED
    same = service("base", *both, spec={"replicas": 2}, version=2)
    assert verdict(before, [look(1, same)]) is Verdict.UNCHANGED


def test_a_service_that_had_no_task_and_gets_none_is_unchanged_and_said_to_run_nowhere() -> None:
    idle = service("base", spec={"replicas": 0})
    rollout = fold(baseline(idle), [look(1, replace(idle, version=2))])
    assert rollout.verdict is Verdict.UNCHANGED
    assert said(rollout) == "nothing had to roll: app runs nowhere (0 replicas asked for)"


BEFORE = baseline(service("base", task("a1", since=99.0)))
AGENT = service("base", task("a1", slot=NODE.id, since=99.0), spec=EVERYWHERE)


def leaves(before: Baseline | None, *later: Service, **changes: Any) -> Rollout:
    stops = task("a1", slot=NODE.id, desired="shutdown", up_to_date=False)
    going = look(1, service("head", stops, spec=NOWHERE, version=2), **changes)
    return fold(before, [going, *(look(2 + 20 * n, each) for n, each in enumerate(later))])


def test_a_global_service_that_no_node_fits_any_more_is_no_pass() -> None:
    gone = service("head", spec=NOWHERE, version=2)
    assert leaves(baseline(AGENT)).verdict is None
    assert leaves(baseline(AGENT), gone).verdict is None
    rollout = leaves(baseline(AGENT), gone, gone)
    assert rollout.verdict is Verdict.STALLED
    (report,) = account.services(rollout, {})
    assert report.cause is not None
    assert report.cause.code is CauseCode.NO_SUITABLE_NODE
    assert "node.labels.zone == eu" in report.cause.hint
    assert "`docker node update --label-add zone=eu NODE`" in report.cause.hint


def test_nor_one_whose_only_node_went_away_during_the_rollout() -> None:
    drained = (replace(NODE, active=False),)
    looks = [look(at, replace(AGENT, tasks=(), version=2), nodes=drained) for at in (1.0, 21.0)]
    assert verdict(baseline(AGENT), looks) is Verdict.STALLED
    back = [looks[0], look(21, replace(AGENT, version=2))]
    assert verdict(baseline(AGENT), back) is Verdict.CONVERGED


def test_nor_a_global_job_that_ran_before() -> None:
    nowhere = {**NOWHERE, "mode": Mode.GLOBAL_JOB}
    done = task("a1", "complete", desired="complete", slot=NODE.id, iteration=0)
    before = service("base", done, spec={**EVERYWHERE, "mode": Mode.GLOBAL_JOB}, iteration=0)
    head = service("head", done, spec=nowhere, iteration=1, version=2)
    looks = [look(at, head) for at in (1.0, 21.0)]
    assert verdict(baseline(before), looks) is Verdict.STALLED


def test_nor_one_that_is_looked_at_without_a_baseline() -> None:
    left = task("a1", "shutdown", desired="shutdown", slot=NODE.id)
    looks = [look(at, service("head", left, spec=NOWHERE), command=None) for at in (1.0, 21.0)]
    assert verdict(None, looks) is Verdict.STALLED


def test_a_new_global_service_that_no_node_fits_is_said_to_run_nowhere() -> None:
    new = service("one", spec=NOWHERE)
    rollout = fold(baseline(), [look(1, new)])
    assert rollout.verdict is Verdict.CONVERGED
    assert said(rollout) == "app runs nowhere (no ready node fits its constraints)"


def test_a_summary_counts_what_runs_and_names_what_does_not() -> None:
    once = worker("one", task("c1", "complete", exit_code=0), condition="none", name="migrate")
    idle = service("one", name="cron", spec={"replicas": 0})
    seen = [look(at, service("one", task("b1")), once, idle) for at in (1.0, 6.0)]
    assert said(fold(baseline(), seen)) == (
        "1 service: all run what was asked, and stayed so; "
        "cron runs nowhere (0 replicas asked for); migrate runs nowhere (ended with 0)"
    )


def test_what_the_command_scales_to_nothing_while_it_runs_is_waited_for() -> None:
    going = service("base", task("a1", desired="remove"), spec={"replicas": 0}, version=2)
    none = replace(going, tasks=())
    looks = [look(1, going, command=RUNNING_COMMAND), look(2, going), look(3, none)]
    assert verdict(BEFORE, looks[:2]) is None
    assert verdict(BEFORE, looks) is Verdict.CONVERGED
