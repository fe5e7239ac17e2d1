"""A check that fails on another node is heard by nobody: an end with 0 there proves nothing."""

from dataclasses import replace
from typing import Any

import pytest
from support.sandbox.rollouts import CHECK, NODE, RESTARTS, baseline, fold, look, service, task

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.judge.unreported_health import unhealthy_at_soonest
from ccci.swarm.model import CauseCode, HealthCheck, HealthSource, Mode, Node, Observation, Service

FAR = Node("node2", "two")
SOON = unhealthy_at_soonest(CHECK)
DEFINED = {"health": CHECK, "health_source": HealthSource.DEFINED}
MADE_TO_END: tuple[dict[str, Any], ...] = (
    {"restart": RESTARTS["none"]},
    {"mode": Mode.REPLICATED_JOB},
)


def once(state: str, node: Node = FAR, **spec: Any) -> Service:
    """Return a service that is made to end, whose only task is in a state on a node."""
    job = "mode" in spec
    ends = {"desired": "complete", "iteration": 0, "slot": "0"} if job else {}
    made = task("b1", state, exit_code=0, node=node.id, **ends)
    return service("one", made, spec={**DEFINED, **spec}, iteration=0 if job else None)


def seen(*looks: tuple[float, Service], asked: str = NODE.id) -> list[Observation]:
    return [look(at, each, nodes=(NODE, FAR), asked=asked) for at, each in looks]


def ends_after(seconds: float, node: Node = FAR, *, asked: str = NODE.id, **spec: Any) -> Rollout:
    """Return what comes of a task that was seen to start, and so much later to have ended."""
    over = once("complete", node, **spec)
    looks = [(1.0, once("preparing", node, **spec)), (2.0, once("starting", node, **spec))]
    ended = [(1.0 + seconds, over), (2.0 + seconds, over), (9.0 + seconds, over)]
    return fold(baseline(), seen(*looks, *ended, asked=asked))


@pytest.mark.parametrize("spec", MADE_TO_END)
def test_what_may_have_been_stopped_for_its_check_on_another_node_is_no_pass(
    spec: dict[str, Any],
) -> None:
    rollout = ends_after(SOON + 5.0, **spec)
    assert rollout.verdict is Verdict.UNSTABLE
    (report,) = account.services(rollout, {})
    assert report.cause is not None
    assert report.cause.code is CauseCode.EXITED_EARLY
    assert "nobody heard whether its health check had failed" in report.cause.detail
    assert "`healthcheck: disable: true`" in report.cause.hint
    assert "two" in report.cause.hint


@pytest.mark.parametrize("spec", MADE_TO_END)
def test_what_ended_before_its_check_can_have_failed_has_done_its_work(
    spec: dict[str, Any],
) -> None:
    slow: dict[str, Any] = {**spec, "health": replace(CHECK, interval=30.0, retries=3)}
    assert ends_after(85.0, **slow).verdict is Verdict.CONVERGED
    assert ends_after(95.0, **slow).verdict is Verdict.UNSTABLE


@pytest.mark.parametrize("spec", MADE_TO_END)
def test_the_node_that_is_asked_tells_of_its_own_tasks(spec: dict[str, Any]) -> None:
    assert ends_after(SOON + 5.0, NODE, **spec).verdict is Verdict.CONVERGED
    assert ends_after(SOON + 5.0, FAR, asked=FAR.id, **spec).verdict is Verdict.CONVERGED
    assert ends_after(SOON + 5.0, FAR, asked="", **spec).verdict is Verdict.CONVERGED


@pytest.mark.parametrize(
    ("start_period", "seconds"), [(0.0, 90.0), (5.0, 65.0), (30.0, 90.0), (600.0, 90.0)]
)
def test_a_check_takes_its_time_to_fail_whatever_it_says(
    start_period: float, seconds: float
) -> None:
    check = HealthCheck(interval=30.0, retries=3, start_period=start_period)
    assert unhealthy_at_soonest(check) == seconds


def test_what_has_no_check_cannot_have_failed_one() -> None:
    none = {"health_source": HealthSource.DISABLED, "health": None}
    unchecked: dict[str, Any] = {"restart": RESTARTS["none"], **none}
    assert ends_after(99.0, **unchecked).verdict is Verdict.CONVERGED


def test_what_had_ended_before_anybody_looked_is_nobodys_matter() -> None:
    over = once("complete", restart=RESTARTS["none"])
    looks = seen((1.0, over), (2.0, over), (9.0, over))
    assert fold(None, looks).verdict is Verdict.UNCHANGED
    before = replace(over, tasks=(replace(over.tasks[0], id="a1"),))
    assert fold(baseline(before), seen((1.0, before), (9.0, before))).verdict is Verdict.UNCHANGED


def test_what_was_at_work_before_anybody_looked_may_have_run_for_ever() -> None:
    spec: dict[str, Any] = {
        "restart": RESTARTS["none"],
        "health": replace(CHECK, interval=30.0, retries=3),
    }
    looks = seen((1.0, once("running", **spec)), (2.0, once("complete", **spec)))
    later = seen((3.0, once("complete", **spec)), (9.0, once("complete", **spec)))
    assert fold(None, [*looks, *later]).verdict is Verdict.UNSTABLE


def test_a_task_that_is_seen_only_once_it_ended_ran_no_longer_than_nobody_looked() -> None:
    over = once("complete", restart=RESTARTS["none"], health=replace(CHECK, interval=30.0))
    looks = seen((2.0, over), (3.0, over), (9.0, over))
    assert fold(baseline(), looks).verdict is Verdict.CONVERGED
    late = seen((70.0, over), (71.0, over), (79.0, over))
    assert fold(baseline(), late).verdict is Verdict.UNSTABLE
