from typing import Any

import pytest
from rollouts import baseline, fold, look, service, task

from ccci.report import ServiceReport
from ccci.swarm import account
from ccci.swarm.baseline import Baseline, named
from ccci.swarm.model import CauseCode, Identity, Observation, Task
from ccci.swarm.rollout import Policy

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


def test_a_rollback_by_hand_is_told_from_one_of_swarms_own() -> None:
    rolling = service("head", task("a1", up_to_date=False), task("b1"), update="updating")
    asked = {"started": "s2", "message": "manually requested rollback"}
    back = service("base", task("a1"), update="rollback_started", **asked)
    done = service("base", task("a1"), update="rollback_completed", started="s2")
    said, report = judged(BEFORE, look(1, rolling), look(3, back), look(9, done))
    assert report.cause is not None
    assert report.cause.code is CauseCode.INTERFERENCE
    assert "docker service rollback" in said


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
