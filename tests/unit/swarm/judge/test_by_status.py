"""The judge's rows of what Swarm says: rollbacks, pauses, restarts, who changed or removed it."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import (
    BASE,
    OLD,
    OLD_DIRTY,
    RESTARTS,
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
from ccci.swarm.judge.rollout import Policy
from ccci.swarm.model import (
    CauseCode,
)


def test_a_rollback_is_a_failure_although_the_old_task_serves() -> None:
    back = service("base", task("a1"), version=4, update="rollback_completed")
    looks = [
        look(1, rolled(OLD_DIRTY, task("b1", "starting"), update="updating")),
        look(3, rolled(OLD_DIRTY, task("b1", "failed", exit_code=1), update="updating")),
        look(4, service("base", task("a1"), version=3, update="rollback_started")),
        look(9, back),
    ]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert rollout.judgements[0].tasks_at_fault == ("b1",)
    target = rollout.histories["id-app"].asked.target
    assert target is not None
    assert target.identity.commit == "head"
    assert verdict(BASE, looks[:3]) is None
    assert verdict(BASE, looks[:3], Policy(fail_fast=True)) is Verdict.ROLLED_BACK


def test_a_one_shot_that_swarm_takes_for_a_failure_is_named() -> None:
    changes = {"restart": RESTARTS["none"]}
    ended = task("b1", "complete", exit_code=0, template="head")
    looks = [
        look(1, rolled(OLD_DIRTY, task("b1", template="head"), update="updating", spec=changes)),
        look(
            3,
            service(
                "base", ended, task("a2"), version=3, update="rollback_completed", spec=changes
            ),
        ),
    ]
    (judged,) = fold(BASE, looks).judgements
    assert (judged.verdict, judged.tasks_at_fault) == (Verdict.ROLLED_BACK, ("b1",))


def test_a_rollback_that_is_under_way_at_the_deadline_is_rolled_back() -> None:
    going = service("base", task("a1"), version=3, update="rollback_started")
    looks = [look(1, rolled(OLD_DIRTY, update="updating")), look(2, going), look(99, going)]
    assert verdict(BASE, looks, Policy(timeout=50)) is Verdict.ROLLED_BACK


def test_a_rollback_onto_a_spec_that_does_not_run_says_so() -> None:
    dead = service("base", task("a2", "starting"), version=4, update="rollback_completed")
    looks = [look(1, rolled(OLD_DIRTY, update="updating")), look(5, dead), look(19.9, dead)]
    assert verdict(BASE, looks) is None  # its restart delay of 5 s, and 10 s to start
    rollout = fold(BASE, [*looks, look(20, dead)])
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert "was not running" in rollout.judgements[0].detail


def test_a_rollback_of_a_bigger_scale_is_not_said_to_run_nothing() -> None:
    # The replicas that the head had added are of the old spec now, and go at once.
    more = task("b1", template="head", up_to_date=False), task("a2", slot="2", template="base")
    back = service("base", task("a1"), more[1], version=4, update="rollback_completed")
    (judged,) = fold(
        BASE, [look(1, rolled(OLD_DIRTY, *more, update="updating")), look(5, back)]
    ).judgements
    assert judged.verdict is Verdict.ROLLED_BACK
    assert judged.detail == "Swarm put the previous spec back"


def test_a_rollback_onto_tasks_that_fail_says_so_and_blames_the_new_ones() -> None:
    bad = task("b1", "failed", exit_code=1, template="head")
    fell = task("a2", "failed", exit_code=9, template="base")
    back = service("base", bad, fell, task("a3", template="base"), update="rollback_completed")
    looks = [
        look(1, rolled(OLD_DIRTY, update="updating")),
        look(2, rolled(OLD_DIRTY, bad, update="updating")),
        look(5, replace(back, version=4)),
    ]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert "what came back fails" in rollout.judgements[0].detail
    assert rollout.judgements[0].tasks_at_fault == ("b1",)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("paused", Verdict.PAUSED),
        ("rollback_paused", Verdict.ROLLBACK_PAUSED),
        ("rollback_completed", Verdict.ROLLED_BACK),
    ],
)
def test_swarms_own_failures_are_terminal_at_once(state: str, expected: Verdict) -> None:
    steady = rolled(task("b1", since=99.0), update=state)
    assert verdict(BASE, [look(1, steady)]) is expected


@pytest.mark.parametrize(
    "state", ["completed", "paused", "rollback_paused", "rollback_completed", "rollback_started"]
)
def test_a_status_from_before_the_deploy_is_no_evidence(state: str) -> None:
    before = replace(OLD, update=service("x", update=state, started="s0").update)
    after = replace(before, version=2, previous=OLD.spec, tasks=(task("a1", since=3600.0),))
    assert verdict(baseline(before), [look(1, after)]) is Verdict.UNCHANGED


def test_a_service_that_was_paused_before_and_left_alone_is_paused() -> None:
    before = replace(
        OLD, update=service("x", update="paused", started="s0").update, tasks=(OLD_DIRTY,)
    )
    other = service("one", task("c1"), name="other")
    new = replace(other, version=2)
    looks = [look(1, before, new)]
    rollout = fold(baseline(before, other), looks)
    judged = {each.name: each.verdict for each in rollout.judgements}
    assert judged["app"] is Verdict.PAUSED


def test_a_change_after_the_command_ended_is_somebody_elses() -> None:
    other = service("third", task("c1"), version=3, previous=OLD.spec, update="updating")
    looks = [look(1, rolled(OLD_DIRTY, update="updating")), look(2, other)]
    assert verdict(BASE, looks) is Verdict.DISTURBED


def test_a_change_while_the_command_runs_is_ours() -> None:
    second = service("third", task("c1"), version=3, previous=OLD.spec, update="completed")
    looks = [
        look(1, rolled(OLD_DIRTY, update="updating"), command=RUNNING_COMMAND),
        look(2, second),
        look(7, second),
    ]
    assert verdict(BASE, looks) is Verdict.CONVERGED


def test_a_version_that_moves_alone_is_no_interference() -> None:
    looks = [
        look(number, rolled(task("b1"), update="completed") if number else OLD)
        for number in range(1, 9)
    ]
    moved = [
        replace(
            each,
            services=tuple(replace(one, version=one.version + number) for one in each.services),
        )
        for number, each in enumerate(looks)
    ]
    assert verdict(BASE, moved) is Verdict.CONVERGED


def test_a_status_unset_mid_roll_is_interference() -> None:
    looks = [look(1, rolled(OLD_DIRTY, update="updating")), look(2, rolled(OLD_DIRTY))]
    assert verdict(BASE, looks) is Verdict.DISTURBED


def test_a_spec_sent_twice_while_it_rolled_is_disturbed() -> None:
    twice = replace(rolled(OLD_DIRTY, task("b1", "starting")), previous=rolled().spec)
    assert verdict(BASE, [look(1, twice), look(3, twice)]) is None
    rollout = fold(BASE, [look(1, twice), look(6, twice)])
    assert rollout.verdict is Verdict.DISTURBED
    assert rollout.judgements[0].cause is CauseCode.INTERFERENCE


def test_an_orchestrator_that_restarted_mid_roll_is_inconclusive() -> None:
    looks = [
        look(1, rolled(OLD_DIRTY, update="updating"), orchestrator="n1/1"),
        look(2, rolled(task("b1"), update="completed"), orchestrator="n1/2"),
    ]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.DISTURBED
    assert rollout.judgements[0].cause is CauseCode.ORCHESTRATOR_RESTARTED


def test_a_service_that_disappears_is_removed() -> None:
    other = service("one", task("c1", since=99.0), name="other")
    looks = [look(1, rolled(OLD_DIRTY, update="updating"), other), look(2, other)]
    assert verdict(baseline(OLD, other), looks) is Verdict.REMOVED


def test_a_service_that_somebody_makes_anew_after_the_deploy_is_disturbed() -> None:
    anew = replace(rolled(task("c1", since=60.0)), id="id-new")
    looks = [look(1, rolled(task("b1"), update="updating")), look(5, anew), look(9, anew)]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.DISTURBED
    assert rollout.judgements[0].cause is CauseCode.INTERFERENCE
    during = [replace(looks[0], command=RUNNING_COMMAND), *looks[1:], look(70, anew)]
    assert verdict(BASE, during) is Verdict.CONVERGED


def test_a_roll_that_was_under_way_before_is_not_the_commands() -> None:
    before = service("head", OLD_DIRTY, update="updating", version=2, previous=OLD.spec)
    after = replace(before, version=3, update=service("x", update="completed").update)
    rollout = fold(baseline(before), [look(1, after)])
    assert not rollout.touched


def test_an_orchestrator_that_restarted_before_the_first_change_has_nothing_to_forget() -> None:
    done = rolled(task("b1"), update="completed")
    looks = [
        look(1, OLD, command=RUNNING_COMMAND, orchestrator="n1/1"),
        look(2, OLD, command=RUNNING_COMMAND, orchestrator="n1/2"),
        look(3, done, orchestrator="n1/2"),
        look(8, done, orchestrator="n1/2"),
    ]
    assert verdict(BASE, looks) is Verdict.CONVERGED


def test_without_a_baseline_the_last_rollout_is_ours_at_any_age() -> None:
    for state, expected in (
        ("paused", Verdict.PAUSED),
        ("rollback_completed", Verdict.ROLLED_BACK),
        ("rollback_paused", Verdict.ROLLBACK_PAUSED),
    ):
        seen = service("one", task("a1", since=999.0), update=state)
        assert verdict(None, [look(1, seen, command=None)]) is expected
    steady = service("one", task("a1", since=999.0))
    assert verdict(None, [look(1, steady, command=None)]) is Verdict.UNCHANGED
