"""When something happened is Swarm's word, never the clock of the look at it."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import baseline, fold, look, service, task

from ccci.report import of_rollout
from ccci.report.model import ServiceReport
from ccci.report.notes import notes
from ccci.swarm.decode.observation import service as decoded
from ccci.swarm.judge.stopping import stop
from ccci.swarm.model import Observation, Transition, UpdateStatus

BEGAN, ENDED = "2026-11-26T11:25:50.1Z", "2026-11-26T11:25:57.2Z"
RAW = {
    "ID": "x",
    "UpdatedAt": "2026-11-26T11:25:55.5Z",
    "Spec": {"Name": "s_app"},
    "UpdateStatus": {"State": "rollback_started", "StartedAt": BEGAN},
}


def status(state: str) -> UpdateStatus:
    raw = {**RAW, "UpdateStatus": {**RAW["UpdateStatus"], "State": state, "CompletedAt": ENDED}}  # type: ignore[dict-item]
    found = decoded(raw).update
    assert found is not None
    return replace(found, age=7800.0)


def seen(at: float, state: str, *tasks: object) -> Observation:
    each = service("base", *tasks, update=state)  # type: ignore[arg-type]
    return replace(look(at, replace(each, update=status(state))), command=None)


@pytest.mark.parametrize(
    ("state", "at"),
    [
        ("updating", BEGAN),
        ("completed", ENDED),
        ("rollback_completed", ENDED),
        ("rollback_started", RAW["UpdatedAt"]),
        ("rollback_paused", RAW["UpdatedAt"]),
        ("paused", RAW["UpdatedAt"]),
    ],
)
def test_a_state_is_as_old_as_swarm_says(state: str, at: str) -> None:
    assert status(state).since == at


def judged(at: float) -> tuple[ServiceReport, tuple[str, ...]]:
    failed = task("b1", "failed", exit_code=1)
    rollout = stop(fold(None, [seen(at, "rollback_completed", task("a1"), failed)]))
    (report,) = of_rollout.services(rollout, {})
    return report, notes(rollout)


def test_a_rollback_that_is_looked_at_later_is_told_with_its_own_time_and_how_old_it_is() -> None:
    for at in (1.0, 500.0):
        report, said = judged(at)
        assert report.rolled_back is not None
        assert report.rolled_back.at == ENDED
        assert [each.at for each in report.transitions] == [ENDED]
        assert "app: its last rollout ended 2h10m ago, at 2026-11-26T11:25:57Z" in said


def test_what_was_not_waited_for_is_to_be_followed_by_the_name_of_its_stack() -> None:
    (open_still,) = stop(fold(None, [seen(1.0, "updating", task("a1"))])).judgements
    assert "`ccci converge stack` follows it from here" in open_still.hint


def test_a_state_of_which_nobody_knows_since_when_has_no_time() -> None:
    back = service("base", task("a1"), task("b1", "failed", exit_code=1), update="paused")
    unknown = replace(back, update=UpdateStatus(replace(status("paused")).state))
    rollout = fold(None, [look(4, unknown)])
    (report,) = of_rollout.services(rollout, {})
    assert [each.at for each in report.transitions] == [None]


def test_a_change_that_was_seen_has_no_time_where_swarm_has_none() -> None:
    rolling = service("head", task("a1", up_to_date=False), task("b1"), update="updating")
    paused = service("head", task("a1"), task("b1", "failed", exit_code=1), update="paused")
    rollout = fold(baseline(service("base", task("a1"))), [look(1, rolling), look(3, paused)])
    (report,) = of_rollout.services(rollout, {})
    assert [each.state for each in report.transitions] == ["updating", "paused"]
    assert report.transitions[-1].at is None


def test_a_status_that_was_taken_away_is_gone_since_swarm_wrote_the_service() -> None:
    rolling = service("head", task("a1", up_to_date=False), task("b1"), update="updating")
    unset = replace(service("head", task("b1")), written_at=str(RAW["UpdatedAt"]))
    rollout = fold(baseline(service("base", task("a1"))), [look(1, rolling), look(3, unset)])
    (history,) = rollout.histories.values()
    assert history.asked.transitions[-1] == Transition(str(RAW["UpdatedAt"]), "none")
    assert decoded(RAW).written_at == RAW["UpdatedAt"]
