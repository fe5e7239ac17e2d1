"""The time line of a rollout, folded from recordings."""

from dataclasses import replace
from pathlib import Path

from support import recordings

from ccci.exits import Verdict
from ccci.report import chronicle
from ccci.report.timeline import Lane, Side, Timeline
from ccci.swarm.model import CauseCode, Observation, Sample, TaskState


def timeline(name: str) -> Timeline:
    return recordings.reopened(recordings.recorded(name)).timeline


def lane(name: str, service: str = "app") -> Lane:
    found = timeline(name).of(service)
    assert found is not None
    return found


def test_a_rollback_is_told_with_old_and_new_tasks_and_swarms_own_times() -> None:
    app = lane("oom")
    assert [bar.side for bar in app.bars] == [Side.OLD, Side.NEW, Side.NEW, Side.OLD]
    kept, killed, *_ = app.bars
    assert kept.until is None
    assert kept.limit is None
    assert not kept.died
    assert killed.died
    assert killed.cause is CauseCode.OOM_KILLED
    assert killed.exit_code == 137
    assert killed.limit == 16 * 2**20
    assert [(each.at, each.state) for each in killed.states][-1] == (killed.until, "failed")
    assert [(mark.state, mark.exact) for mark in app.marks] == [
        ("updating", True),
        ("rollback_started", False),
        ("rollback_completed", True),
    ]
    assert app.marks[0].at == "2026-11-23T22:25:03.201142328Z"
    assert app.verdict is Verdict.ROLLED_BACK
    assert app.judged_at == timeline("oom").ended
    assert timeline("oom").memory == (("node1", 25276518400),)


def test_what_is_not_touched_has_no_mark_of_an_update() -> None:
    app = lane("scaled")
    assert app.marks == ()
    assert [bar.slot for bar in app.of(Side.NEW)] == ["1", "2"]


def test_services_that_were_dropped_and_added_have_lanes_of_their_own() -> None:
    names = [each.service for each in timeline("dropped-added-empty").lanes]
    assert names == sorted(names)
    assert len(names) > 1


@recordings.EACH
def test_in_every_recording_time_and_tasks_move_forward(path: Path) -> None:
    found = recordings.reopened(path).timeline
    assert found.begun <= found.ended
    for each in found.lanes:
        assert len({bar.task for bar in each.bars}) == len(each.bars)
        dropped = each.service == "dropped"
        assert (each.verdict is None) is dropped
        assert not dropped or all(bar.until for bar in each.bars)
        for bar in each.bars:
            times = [bar.since, *(state.at or "" for state in bar.states)]
            ranks = [TaskState(state.state).rank for state in bar.states]
            assert times == sorted(times)
            assert ranks == sorted(set(ranks))
            assert bar.until is None or bar.until >= bar.since
            assert bool(bar.cause) <= bar.died


def test_of_very_many_tasks_the_first_and_the_last_are_kept() -> None:
    rollout = recordings.judged(recordings.recorded("oom"))
    known = timeline("oom")
    bar = known.lanes[0].bars[1]
    many = tuple(replace(bar, task=f"task-{number:03}") for number in range(100))
    crowded = replace(known, lanes=(replace(known.lanes[0], bars=many),))
    samples = {"task-000": (Sample(known.begun, 5),), "task-050": (Sample(known.begun, 7),)}
    (app,) = chronicle.finish(crowded, rollout, {}, samples).lanes
    assert app.left_out == 60
    assert [app.bars[0].task, app.bars[11].task] == ["task-000", "task-011"]
    assert [app.bars[12].task, app.bars[-1].task] == ["task-072", "task-099"]
    assert app.bars[0].samples == (Sample(known.begun, 5),)


def test_a_service_that_was_made_anew_has_the_tasks_of_the_new_one() -> None:
    rollout = recordings.judged(recordings.recorded("oom"))
    ((identifier, history),) = rollout.histories.items()
    gone = replace(
        history,
        service=replace(history.service, id="gone"),
        tasks=replace(history.tasks, lives={}),
        since=replace(history.since, gone=1.0),
    )
    for histories in ({identifier: history, "gone": gone}, {"gone": gone, identifier: history}):
        anew = replace(rollout, histories=histories)
        known = timeline("oom")
        known = replace(
            known,
            lanes=tuple(
                replace(each, bars=tuple(replace(bar, cause=None) for bar in each.bars))
                for each in known.lanes
            ),
        )
        (app,) = chronicle.finish(known, anew, {}, {}).lanes
        assert [bar.cause is not None for bar in app.bars] == [False, True, False, False]
        seen = Observation(at=99.0, wall=known.ended)
        assert len(chronicle.advance(known, anew, seen).lanes) == 1
