"""The judge's rows of what runs: soaks, crash loops, stalled and dead slots, jobs."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import (
    BASE,
    CHECK,
    NODE,
    OLD,
    OLD_DIRTY,
    OLD_STOPPED,
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
    HealthSource,
    Mode,
    Node,
    Observation,
    Service,
    Task,
    UpdatePolicy,
)


def test_a_roll_that_completes_and_stays_is_converged() -> None:
    looks = [
        look(1, rolled(OLD_DIRTY)),
        look(2, rolled(OLD_DIRTY, task("b1", "starting"), update="updating")),
        look(4, rolled(OLD_STOPPED, task("b1"), update="updating")),
        look(9, rolled(OLD_STOPPED, task("b1"), update="completed")),
    ]
    assert verdict(BASE, looks) is None
    assert verdict(BASE, [*looks, look(13.9, rolled(task("b1"), update="completed"))]) is None
    done = [*looks, look(14, rolled(task("b1"), update="completed"))]
    assert verdict(BASE, done) is Verdict.CONVERGED


def test_an_identical_deploy_is_unchanged_at_once_when_its_tasks_are_old_enough() -> None:
    same = replace(OLD, version=2, previous=OLD.spec, tasks=(task("a1", since=3600.0),))
    assert verdict(BASE, [look(1, same)]) is Verdict.UNCHANGED


def test_tasks_younger_than_the_soak_are_soaked_for_the_rest_of_it() -> None:
    young = replace(OLD, version=2, tasks=(task("a1", since=3.0),))
    assert verdict(BASE, [look(1, young)]) is None
    assert verdict(BASE, [look(1, young), look(2.9, young)]) is None
    assert verdict(BASE, [look(1, young), look(3, young)]) is Verdict.UNCHANGED


def test_old_tasks_that_still_run_before_the_roll_has_begun_are_no_success() -> None:
    looks = [look(at, rolled(OLD_DIRTY)) for at in (1.0, 10.0, 30.0)]
    assert verdict(BASE, looks) is None
    late = [*looks, look(100, rolled(OLD_DIRTY))]
    assert verdict(BASE, late, Policy(timeout=60)) is Verdict.TIMED_OUT


def test_completed_over_a_task_that_does_not_run_is_no_success() -> None:
    looks = [
        look(at, rolled(OLD_STOPPED, task("b1", "starting"), update="completed"))
        for at in (1.0, 10.0, 25.0)
    ]
    assert verdict(BASE, looks) is None


def test_completed_over_an_old_task_is_no_success() -> None:
    looks = [look(at, rolled(OLD_DIRTY, update="completed")) for at in (1.0, 10.0, 25.0)]
    assert verdict(BASE, looks) is None


def test_a_task_that_dies_during_the_soak_is_unstable() -> None:
    looks = [
        look(1, rolled(OLD_STOPPED, task("b1"), update="updating")),
        look(6, rolled(OLD_STOPPED, task("b1"), update="completed")),
        look(8, rolled(task("b1", "failed", exit_code=1), task("b2", "ready"), update="completed")),
    ]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.UNSTABLE
    assert rollout.judgements[0].tasks_at_fault == ("b1",)


def test_a_task_that_is_known_to_be_unhealthy_is_not_steady() -> None:
    looks = [
        look(1, rolled(OLD_STOPPED, task("b1"), update="updating")),
        look(3, rolled(OLD_STOPPED, task("b1"), update="completed")),
    ]
    late = look(20, rolled(OLD_STOPPED, task("b1"), update="completed"))
    assert verdict(BASE, [*looks, late]) is Verdict.CONVERGED
    rollout = fold(BASE, [*looks, replace(late, unhealthy=frozenset({"b1"}))])
    assert rollout.verdict is None
    assert "1 unhealthy" in rollout.judgements[0].detail


def test_a_task_may_fall_once_while_its_database_comes_up() -> None:
    base = baseline(OLD, service("one", task("d1"), name="db"))
    db_down = service("two", task("d2", "starting"), name="db", version=2, update="updating")
    db_up = service("two", task("d2"), name="db", version=2, update="completed")
    fallen = rolled(task("b1", "failed", exit_code=1), task("b2", "ready"), update="completed")
    again = rolled(task("b1", "failed", exit_code=1), task("b2"), update="completed")
    looks = [
        look(1, rolled(task("b1"), update="updating"), db_down),
        look(6, rolled(task("b1"), update="completed"), db_down),
        look(7, fallen, db_down),
        look(8, again, db_up),
        look(13, again, db_up),
        look(30, again, db_up),
    ]
    assert verdict(base, looks[:4]) is None
    assert verdict(base, looks) is Verdict.CONVERGED


def test_the_soak_covers_twice_the_life_of_a_task_that_died() -> None:
    first = service("one", task("b1"), name="app")
    dead = task("b1", "failed", exit_code=1)
    looks = [
        look(1, service("one", task("b1", "starting"))),
        look(2, first),
        look(6, service("one", dead, task("b2", "ready"))),
        look(7, service("one", dead, task("b2"))),
    ]
    empty = baseline()
    assert verdict(empty, [*looks, look(14.9, service("one", dead, task("b2")))]) is None
    rollout = fold(empty, [*looks, look(15, service("one", dead, task("b2")))])
    assert rollout.verdict is Verdict.CONVERGED


def crash_loop(count: int, *, exit_code: int = 3) -> list[Observation]:
    """Return looks at a first deploy whose only slot dies again and again."""
    looks = []
    for number in range(1, count + 1):
        gone = [
            task(f"b{each:02}", "failed", exit_code=exit_code) for each in range(1, number + 1)
        ][-5:]
        looks.append(look(number * 2.0, service("one", *gone, task(f"b{number + 1:02}", "ready"))))
    return looks


def test_a_crash_loop_is_said_at_the_fifth_failure() -> None:
    assert verdict(baseline(), crash_loop(4)) is None
    assert verdict(baseline(), crash_loop(5)) is Verdict.UNSTABLE


def test_a_crash_loop_waits_for_services_that_are_still_starting() -> None:
    starting = service("one", task("c1", "starting"), name="db")
    looks = [replace(each, services=(*each.services, starting)) for each in crash_loop(8)]
    assert verdict(baseline(), looks) is None
    up = service("one", task("c1"), name="db")
    more = [
        replace(each, at=each.at + 20, services=(*each.services, up)) for each in crash_loop(12)[8:]
    ]
    assert verdict(baseline(), [*looks, *more]) is Verdict.UNSTABLE


def test_a_crash_loop_is_left_to_swarm_while_it_counts() -> None:
    looks = []
    for number in range(1, 9):
        failed = [task(f"b{each}", "failed", exit_code=1) for each in range(1, number + 1)]
        looks.append(look(number * 1.0, rolled(OLD_DIRTY, *failed, update="updating")))
    assert verdict(BASE, looks) is None
    keep_on = UpdatePolicy(failure_action="continue")
    looks = [
        replace(
            each,
            services=tuple(
                replace(one, spec=replace(one.spec, update=keep_on)) for one in each.services
            ),
        )
        for each in looks
    ]
    assert verdict(BASE, looks) is Verdict.UNSTABLE


def test_failures_from_before_the_baseline_are_no_evidence() -> None:
    failed = [task(f"a{number}", "failed", exit_code=1) for number in range(2, 9)]
    before = replace(OLD, tasks=(*failed, task("a1", since=99.0)))
    assert verdict(baseline(before), [look(1, replace(before, version=2))]) is Verdict.UNCHANGED


def test_a_broken_base_is_not_held_against_the_command_that_mends_it() -> None:
    before = service("base", task("a1", "failed", exit_code=1), task("a2", "ready"))
    looks = []
    for number in range(2, 9):
        failed = [task(f"a{each}", "failed", exit_code=1) for each in range(1, number + 1)]
        looks.append(look(number * 1.0, service("base", *failed), command=RUNNING_COMMAND))
    assert verdict(baseline(before), looks) is None
    mended = service("head", task("b1"), version=2, update="completed")
    looks += [look(10, mended), look(15, mended)]
    assert verdict(baseline(before), looks) is Verdict.CONVERGED


def test_a_slot_without_attempts_left_is_unstable() -> None:
    dead = service("one", task("b1", "failed", exit_code=1), task("b2", "failed", exit_code=1))
    assert verdict(baseline(), [look(1, dead)]) is None
    rollout = fold(baseline(), [look(1, dead), look(2, dead)])
    assert rollout.verdict is Verdict.UNSTABLE
    assert "no attempts left" in rollout.judgements[0].detail


def test_a_task_that_ended_with_0_is_not_the_last_while_swarm_updates() -> None:
    # With `continue`, too: what Swarm writes at the end of the update has empty slots filled.
    changes = {
        "restart": RESTARTS["on-failure"],
        "health": CHECK,
        "health_source": HealthSource.DEFINED,
        "update": UpdatePolicy(failure_action="continue", monitor=20.0),
    }
    ended = task("b1", "complete", exit_code=0)

    def seen(at: float, *tasks: Task, update: str) -> Observation:
        return look(at, service("head", ended, *tasks, version=2, update=update, spec=changes))

    updating = [seen(at, update="updating") for at in (1.0, 3.0, 9.0)]
    assert verdict(BASE, updating) is None
    assert verdict(BASE, [*updating, *(seen(at, update="completed") for at in (21, 23))]) is (
        Verdict.UNSTABLE
    )
    again = task("b2", since=122.0)
    filled = [seen(at, again, update="completed") for at in (21.0, 23.0, 60.0, 95.0)]
    assert verdict(BASE, [*updating, *filled]) is Verdict.CONVERGED


@pytest.mark.parametrize(
    ("condition", "check", "ports", "exit_code", "expected"),
    [
        ("none", False, 0, 0, Verdict.CONVERGED),
        ("none", False, 1, 0, Verdict.CONVERGED),
        ("none", False, 0, 1, Verdict.UNSTABLE),
        ("on-failure", False, 0, 0, Verdict.CONVERGED),
        ("on-failure", False, 1, 0, Verdict.UNSTABLE),
        ("on-failure", True, 0, 0, Verdict.UNSTABLE),
        ("any", False, 0, 0, Verdict.UNSTABLE),
    ],
)
def test_only_a_one_shot_may_end(
    condition: str, check: bool, ports: int, exit_code: int, expected: Verdict
) -> None:
    changes = {
        "restart": RESTARTS[condition],
        "ports": ports,
        "health": CHECK if check else None,
        "health_source": HealthSource.DEFINED if check else HealthSource.DISABLED,
    }
    ended = task("b1", "complete" if exit_code == 0 else "failed", exit_code=exit_code)
    looks = [look(at, service("one", ended, spec=changes)) for at in (1.0, 2.0, 9.0)]
    assert verdict(baseline(), looks) is expected


def test_a_one_shot_of_the_old_spec_is_not_done_for_the_new_one() -> None:
    changes = {"restart": RESTARTS["none"]}
    done = task("a1", "complete", exit_code=0, up_to_date=False)
    looks = [look(at, service("two", done, version=2, spec=changes)) for at in (1.0, 2.0, 9.0)]
    before = baseline(service("one", task("a1", "complete", exit_code=0), spec=changes))
    assert verdict(before, looks) is None


def test_what_cannot_be_placed_is_stalled_after_twenty_seconds() -> None:
    waiting = task("b1", "pending", error="no suitable node (insufficient resources on 1 node)")
    looks = [look(at, rolled(OLD_DIRTY, waiting, update="updating")) for at in (1.0, 11.0, 20.9)]
    assert verdict(BASE, looks) is None
    rollout = fold(BASE, [*looks, look(21, rolled(OLD_DIRTY, waiting, update="updating"))])
    assert rollout.verdict is Verdict.STALLED
    assert rollout.judgements[0].cause is CauseCode.NO_SUITABLE_NODE


def test_a_task_that_waits_for_a_stopping_one_is_not_stalled() -> None:
    stopping = task("a1", desired="shutdown", up_to_date=False)
    waiting = task("b1", "pending", error="no suitable node (insufficient resources on 1 node)")
    looks = [look(at, rolled(stopping, waiting, update="updating")) for at in (1.0, 15.0, 29.0)]
    assert verdict(BASE, looks) is None


def test_an_old_task_that_could_not_be_placed_and_waits_for_its_turn_is_not_stalled() -> None:
    stuck = task("a2", "pending", slot="2", up_to_date=False, error="no suitable node (x)")
    spec = {"replicas": 2}
    before = baseline(service("one", task("a1"), replace(stuck, up_to_date=True), spec=spec))
    seen = rolled(task("b1", "starting"), stuck, update="updating", spec=spec)
    assert verdict(before, [look(at, seen) for at in (1.0, 21.0, 40.0)]) is None
    unplaced = replace(stuck, id="b2", up_to_date=True)
    seen = rolled(task("b1", "starting"), unplaced, update="updating", spec=spec)
    assert verdict(before, [look(at, seen) for at in (1.0, 21.0)]) is Verdict.STALLED


def test_a_task_of_a_node_that_is_away_keeps_nothing_waiting() -> None:
    # Such a task is listed as running for a day (swarmkit manager/dispatcher).
    away = replace(NODE, id="node2", ready=False)
    left = task("a1", desired="shutdown", up_to_date=False, node="node2")
    waiting = task("b1", "pending", node="", error="no suitable node (scheduling constraints)")
    looks = [
        look(at, rolled(left, waiting, update="updating"), nodes=(NODE, away)) for at in (1.0, 22.0)
    ]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.STALLED
    assert rollout.histories["id-app"].slots.stopping == ()
    back = [replace(each, nodes=(NODE, replace(away, ready=True))) for each in looks]
    assert verdict(BASE, back) is None


def test_an_old_task_that_stays_on_a_paused_node_is_stalled() -> None:
    # The update completes without it (swarmkit orchestrator/global).
    paused = replace(NODE, id="node2", active=False)
    spec = {"mode": Mode.GLOBAL, "replicas": None}
    left = task("a2", slot="node2", node="node2", up_to_date=False)
    seen = rolled(task("b1", slot=NODE.id), left, update="completed", spec=spec)
    looks = [look(at, seen, nodes=(NODE, paused)) for at in (1.0, 20.9, 21.0)]
    assert verdict(BASE, looks[:2]) is None
    (judged,) = fold(BASE, looks).judgements
    assert (judged.verdict, judged.cause) == (Verdict.STALLED, CauseCode.NO_SUITABLE_NODE)
    assert judged.tasks_at_fault == ("a2",)
    fresh = rolled(task("b1", slot=NODE.id), replace(left, up_to_date=True), spec=spec)
    assert verdict(BASE, [replace(each, services=(fresh,)) for each in looks]) is Verdict.CONVERGED


def test_an_update_that_waits_for_a_task_of_a_node_that_went_down_is_stalled() -> None:
    # The updater waits for it to run, though it was replaced long since (swarmkit updater.go).
    away = replace(NODE, id="node2", ready=False)
    lost = task("b1", "assigned", desired="shutdown", node="node2")
    other = task("a2", slot="2", up_to_date=False)
    seen = rolled(lost, task("b2"), other, update="updating", spec={"replicas": 2})
    looks = [look(at, seen, nodes=(NODE, away)) for at in (1.0, 20.9, 21.0)]
    assert verdict(BASE, looks[:2]) is None
    (judged,) = fold(BASE, looks).judgements
    assert (judged.verdict, judged.cause) == (Verdict.STALLED, CauseCode.NO_SUITABLE_NODE)
    assert judged.tasks_at_fault == ("b1",)
    over = rolled(lost, task("b2"), task("b3", slot="2"), update="completed", spec={"replicas": 2})
    assert verdict(BASE, [replace(each, services=(over,)) for each in looks]) is Verdict.CONVERGED


def test_an_image_that_cannot_be_had_is_stalled_over_several_tasks() -> None:
    looks = []
    for number in range(1, 6):
        refused = [
            task(f"b{each}", "rejected", error="No such image: x:1") for each in range(1, number)
        ]
        newest = task(f"b{number}", "preparing")
        looks.append(look(number * 6.0, service("one", *refused, newest)))
    rollout = fold(baseline(), looks[:5])
    assert rollout.verdict is None
    rollout = fold(baseline(), [*looks, look(33, looks[-1].services[0])])
    assert rollout.verdict is Verdict.STALLED
    assert rollout.judgements[0].cause is CauseCode.IMAGE_UNAVAILABLE


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["rejected"] * 5, Verdict.STALLED),
        (["failed", "failed", *["rejected"] * 3], Verdict.STALLED),
        (["failed"] * 5, Verdict.UNSTABLE),
        ([*["rejected"] * 2, *["failed"] * 3], Verdict.UNSTABLE),
    ],
)
def test_what_its_node_refuses_again_and_again_never_ran(
    states: list[str], expected: Verdict
) -> None:
    tasks = [
        task(f"b{number}", state, error="Range of CPUs is from 0.01 to 2.00")
        for number, state in enumerate(states, 1)
    ]
    looks = [
        look(number * 6.0, service("one", *tasks[:number], task("c", "preparing")))
        for number in range(1, 6)
    ]
    assert verdict(baseline(), looks[:4]) is None
    rollout = fold(baseline(), looks)
    assert rollout.verdict is expected
    (judged,) = rollout.judgements
    assert ("crash loop" in judged.detail) is (expected is Verdict.UNSTABLE)
    assert ("before they start" in judged.detail) is (expected is Verdict.STALLED)


def test_a_task_that_was_just_made_does_not_speak_for_the_one_that_was_refused() -> None:
    # With a short restart delay many a look finds the next task a moment old.
    refused = task("b1", "rejected", error="No such image: x:1")

    def looks(age: float) -> list[Observation]:
        new = service("one", refused, task("b2", "new", since=age))
        waits = service("one", refused, task("b2", "assigned"))
        return [look(at, new if at % 2 else waits) for at in range(1, 23)]

    rollout = fold(baseline(), looks(0.1))
    assert rollout.verdict is Verdict.STALLED
    assert rollout.judgements[0].cause is CauseCode.IMAGE_UNAVAILABLE
    # One that stays new is kept by its network, whatever was the matter before.
    kept = service("one", refused, task("b2", "new", since=5.0))
    rollout = fold(baseline(), [look(at, kept) for at in (1.0, 21.0)])
    assert rollout.judgements[0].cause is CauseCode.NETWORK_UNAVAILABLE


def test_an_error_of_a_task_that_still_prepares_is_evidence_already() -> None:
    stuck = task("b1", "preparing", error="dial tcp: lookup registry: no such host")
    looks = [look(at, rolled(OLD_DIRTY, stuck, update="updating")) for at in (1.0, 21.0)]
    rollout = fold(BASE, looks)
    assert rollout.verdict is Verdict.STALLED
    assert rollout.judgements[0].cause is CauseCode.IMAGE_UNAVAILABLE


def test_no_replicas_are_asked_for_and_none_run() -> None:
    none = service("one", spec={"replicas": 0})
    assert verdict(baseline(), [look(1, none)]) is Verdict.CONVERGED
    left = service("one", task("b1"), spec={"replicas": 0})
    assert verdict(baseline(), [look(1, left)]) is None


def test_every_replica_has_to_run() -> None:
    two = {"replicas": 2}
    half = service("one", task("b1"), task("b2", "starting", slot="2"), spec=two)
    full = service("one", task("b1"), task("b2", slot="2"), spec=two)
    assert verdict(baseline(), [look(1, half), look(30, half)]) is None
    assert verdict(baseline(), [look(1, full), look(6, full)]) is Verdict.CONVERGED


def test_a_global_service_needs_a_task_on_each_node_that_fits() -> None:
    nodes = (
        NODE,
        Node("node2", "two", labels=(("disk", "ssd"),)),
        Node("node3", "three", ready=False),
        Node("node4", "four", active=False),
    )
    everywhere = {"mode": Mode.GLOBAL, "replicas": None}
    one = task("b1", slot="node1")
    two = task("b2", slot="node2")
    half = look(1, service("one", one, spec=everywhere), nodes=nodes)
    full = look(1, service("one", one, two, spec=everywhere), nodes=nodes)
    assert verdict(baseline(), [half, replace(half, at=9)]) is None
    assert verdict(baseline(), [full, replace(full, at=9)]) is Verdict.CONVERGED
    ssd = {**everywhere, "constraints": ("node.labels.disk==ssd",)}
    only = look(1, service("one", two, spec=ssd), nodes=nodes)
    assert verdict(baseline(), [only, replace(only, at=9)]) is Verdict.CONVERGED


def job(iteration: int, *tasks: Task, mode: Mode = Mode.REPLICATED_JOB) -> Service:
    """Return a job at an iteration."""
    return service(
        "one",
        *tasks,
        spec={"mode": mode},
        iteration=iteration,
        version=iteration + 1,
    )


def test_a_job_that_is_to_complete_nothing_is_not_judged_while_a_task_of_it_lives() -> None:
    # Its spec and its task contradict each other: one of the two was not told as it is.
    pending = job(0, task("a1", "pending", desired="complete", iteration=0))
    asked = replace(pending, spec=replace(pending.spec, replicas=0))
    assert verdict(baseline(), [look(1, asked)]) is None
    assert verdict(baseline(), [look(1, replace(asked, tasks=()))]) is Verdict.CONVERGED


@pytest.mark.parametrize("mode", [Mode.REPLICATED_JOB, Mode.GLOBAL_JOB])
def test_a_job_is_done_when_the_tasks_of_its_iteration_completed(mode: Mode) -> None:
    slot = NODE.id if mode.is_global else "0"
    old = task("b1", "complete", desired="complete", iteration=0, slot=slot)
    new = task("b2", "complete", desired="complete", iteration=1, slot=slot)
    before = baseline(job(0, old, mode=mode))
    assert verdict(before, [look(1, job(1, old, mode=mode))]) is None
    assert verdict(before, [look(1, job(1, old, new, mode=mode))]) is Verdict.CONVERGED


def test_a_job_that_still_works_is_not_done() -> None:
    working = job(1, task("b2", iteration=1, slot="0", desired="complete"))
    looks = [look(at, working) for at in (1.0, 10.0, 30.0)]
    assert verdict(baseline(job(0)), looks) is None


def test_a_port_held_by_a_stopping_task_of_another_service_is_waited_for() -> None:
    stopping = service("two", task("c1", desired="shutdown"), task("c2"), name="other")
    waiting = task("b1", "pending", error="no suitable node (host-mode port already in use)")
    looks = [look(at, service("one", waiting), stopping) for at in (1.0, 15.0, 40.0)]
    assert verdict(baseline(), looks) is None
    gone = service("two", task("c2"), name="other")
    later = [look(at, service("one", waiting), gone) for at in (41.0, 61.0)]
    assert verdict(baseline(), [*looks, *later]) is Verdict.STALLED


def test_a_job_that_is_not_retried_is_unstable() -> None:
    failed = task("b2", "failed", iteration=1, slot="0", exit_code=1)
    looks = [look(1, job(1, failed)), look(2, job(1, failed))]
    assert verdict(baseline(job(0)), looks) is Verdict.UNSTABLE


def test_two_tasks_that_stay_in_a_slot_are_named_at_the_deadline() -> None:
    both = rolled(task("b1"), task("b2"), update="completed")
    looks = [look(at, both) for at in (1.0, 30.0, 51.0)]
    (judged,) = fold(BASE, looks, Policy(timeout=50)).judgements
    assert judged.verdict is Verdict.TIMED_OUT
    assert "slot 1 holds 2 tasks where one is asked for" in judged.detail
    assert "deploy again" in judged.hint
