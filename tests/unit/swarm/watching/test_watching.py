"""What whoever follows a stack relies on: the watch on an Engine and its fake, held to the same."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import EngineServer, Refusal, engine_server, recorded

from ccci.errors import EngineError, EngineUnavailable
from ccci.exits import Verdict
from ccci.swarm.decode import observation
from ccci.swarm.engine.client import Engine
from ccci.swarm.engine.errors import refused
from ccci.swarm.judge.rollout import Policy, begin
from ccci.swarm.model import Observation
from ccci.swarm.watching import recording
from ccci.swarm.watching.fake import FakeCommand, FakeWatch
from ccci.swarm.watching.protocol import End, EngineVersion, Watching
from ccci.swarm.watching.trace import Trace
from ccci.swarm.watching.watch import Opens, Watch

pytestmark = pytest.mark.slow

THERE, GONE, FAILS, REFUSES = "there", "gone", "fails", "refuses"
NOT_A_MANAGER = "This node is not a swarm manager. Use"
Play = Callable[..., tuple[Watching, Iterator[Observation]]]


def answers(state: str) -> dict[str, Any]:
    there = state == THERE
    return {
        "/services": recorded("services") if there else [],
        "/tasks": recorded("tasks") if there else [],
    }


def on_an_engine(
    server: EngineServer, watch: Watch, script: tuple[str, ...]
) -> Iterator[Observation]:
    seen = watch.observations()
    for state in script:
        status, message = (500, "on fire") if state == FAILS else (503, NOT_A_MANAGER)

        def refuse(_: object, status: int = status, message: str = message) -> None:
            raise Refusal(status, message)

        failing = state in {FAILS, REFUSES}
        server.routes |= {"/services": refuse} if failing else answers(state)
        watch.wake_at = watch.now() + 0.05
        yield next(seen)


def as_told(state: str, at: float) -> Observation | EngineError | EngineUnavailable:
    if state == FAILS:
        return EngineError(500, "on fire")
    if state == REFUSES:
        return refused(503, NOT_A_MANAGER)
    raw = {name.strip("/"): answer for name, answer in answers(state).items()}
    up_to_date = [each["ID"] for each in raw["tasks"]]
    return observation.observation({"at": at, "wall": "w", **raw, "up_to_date": up_to_date})


@pytest.fixture(params=["engine", "fake"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Play]:
    if request.param == "fake":

        def fake(*script: str) -> tuple[Watching, Iterator[Observation]]:
            told = FakeWatch([as_told(state, float(at)) for at, state in enumerate(script, 1)])
            return told, told.observations()

        yield fake
        return
    with (
        engine_server(tmp_path) as server,
        Engine.connect(environ=server.environ) as engine,
        Watch(engine, "t") as watch,
    ):

        def real(*script: str) -> tuple[Watching, Iterator[Observation]]:
            return watch, on_an_engine(server, watch, script)

        yield real


def names(seen: Observation) -> list[str]:
    return [service.name for service in seen.services]


def test_the_first_look_is_at_once_and_later_ones_tell_what_changed(play: Play) -> None:
    watch, seen = play(GONE, THERE, GONE)
    begun = watch.now()
    none, there, gone = islice(seen, 3)
    assert names(there) == ["app", "glob", "plain"]
    assert names(none) == names(gone) == []
    assert begun <= none.at < there.at < gone.at <= watch.now()


def test_a_look_before_the_rollout_sees_what_the_first_of_the_rollout_sees(play: Play) -> None:
    watch, seen = play(THERE)
    before = watch.look()
    assert names(before) == names(next(seen))
    assert before.command is None


def test_a_look_that_fails_is_unreachable_and_tried_again(play: Play) -> None:
    _, seen = play(THERE, FAILS, FAILS, THERE)
    looks = list(islice(seen, 4))
    assert [each.unreachable for each in looks] == [None, "on fire", "on fire", None]
    assert names(looks[1]) == []
    assert names(looks[3]) == names(looks[0])


def test_a_first_look_that_fails_is_unreachable_as_well(play: Play) -> None:
    _, seen = play(FAILS, THERE)
    first, second = islice(seen, 2)
    assert first.unreachable == "on fire"
    assert names(second) == ["app", "glob", "plain"]


def test_an_engine_that_stays_away_is_seen_as_away_for_good(play: Play) -> None:
    _, seen = play(THERE, FAILS, FAILS, FAILS)
    assert [each.unreachable for each in islice(seen, 4)] == [None, *["on fire"] * 3]


def test_who_is_refused_for_good_is_told_so_at_once(play: Play) -> None:
    _, seen = play(REFUSES)
    with pytest.raises(EngineUnavailable, match="not in swarm mode"):
        next(seen)


def test_a_refusal_after_a_look_may_pass(play: Play) -> None:
    _, seen = play(THERE, REFUSES, THERE)
    looks = list(islice(seen, 3))
    assert "not in swarm mode" in (looks[1].unreachable or "")
    assert names(looks[2]) == ["app", "glob", "plain"]


@pytest.mark.parametrize("first", [FAILS, THERE])
def test_every_look_tells_how_far_the_command_is(play: Play, first: str) -> None:
    watch, seen = play(first, THERE, THERE)
    watch.command = FakeCommand(3, argv=["deploy", "it"], looks=2)
    commands = [each.command for each in islice(seen, 3)]
    assert [each and each.argv for each in commands] == [("deploy", "it")] * 3
    assert commands[0] is not None
    assert commands[0].code is None
    watch.command.end()
    assert watch.command.code is not None


def test_no_evidence_is_on_its_way_where_nothing_fails(play: Play) -> None:
    watch, seen = play(THERE)
    next(seen)
    assert watch.settle_evidence(1.0)
    assert watch.evidence == {}


def test_how_a_rollout_begins_and_ends_may_be_recorded(play: Play) -> None:
    watch, seen = play(THERE)
    watch.begin(begin(None, Policy(), watch.now()))
    next(seen)
    watch.end(End(Verdict.CONVERGED))


@pytest.mark.parametrize("opens", [Watch, FakeWatch([as_told(THERE, 1.0)]).opened])
def test_a_watch_is_opened_on_the_stack_that_is_named(opens: Opens, tmp_path: Path) -> None:
    with (
        engine_server(tmp_path) as server,
        Engine.connect(environ=server.environ) as engine,
        Trace(tmp_path / "trace.jsonl", stack="t") as trace,
        opens(engine, "t", trace=trace, samples=True) as watch,
    ):
        assert watch.stack == "t"
        assert names(watch.look()) == ["app", "glob", "plain"]


def test_a_watch_on_an_engine_records_begin_looks_and_end(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with (
        engine_server(tmp_path) as server,
        Engine.connect(environ=server.environ) as engine,
        Trace(path, stack="t") as trace,
        Watch(engine, "t", trace=trace) as watch,
    ):
        watch.look()
        watch.begin(begin(None, Policy(soak=3.0), watch.now()))
        next(watch.observations())
        watch.end(End(Verdict.CONVERGED))
    how = recording.beginning(path)
    assert how.policy == Policy(soak=3.0)
    assert how.engine == EngineVersion(engine.release, engine.api_version)
    assert "" not in {engine.release, engine.api_version}
    assert len(list(recording.replay(path))) == 1
    assert recording.ending(path) == End(Verdict.CONVERGED)


def test_a_fake_watch_sees_the_last_look_again_when_it_was_asked_to() -> None:
    raw = as_told(THERE, 1.0)
    watch = FakeWatch([raw])
    seen = watch.observations()
    first = next(seen)
    watch.wake_at = 1.25
    second = next(seen)
    assert (first.at, second.at, next(seen).at) == (1.0, 1.25, 2.25)
    assert names(second) == names(first)


def test_a_fake_watch_that_is_followed_for_ever_says_so() -> None:
    with pytest.raises(AssertionError, match="for ever"):
        list(FakeWatch([as_told(THERE, 1.0)]).observations())


def test_a_fake_watch_that_was_told_of_an_error_at_last_sees_it_for_good() -> None:
    watch = FakeWatch([as_told(THERE, 1.0), as_told(FAILS, 2.0)])
    looks = list(islice(watch.observations(), 4))
    assert [(each.at, each.unreachable) for each in looks[1:]] == [
        (2.0, "on fire"),
        (3.0, "on fire"),
        (4.0, "on fire"),
    ]


def test_the_clock_of_the_wall_goes_on_in_a_fake_watch() -> None:
    seen = FakeWatch([Observation(1.0, "2026-01-01T00:00:00.000Z")]).observations()
    assert [each.wall for each in islice(seen, 3)] == [
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:01.000Z",
        "2026-01-01T00:00:02.000Z",
    ]


def test_a_fake_watch_without_looks_sees_a_stack_without_services() -> None:
    watch = FakeWatch([])
    assert watch.look().services == ()
    assert next(watch.observations()).services == ()


def test_a_look_apart_from_a_fake_watch_sees_what_it_has_come_to() -> None:
    first, second = (as_told(THERE, at) for at in (1.0, 2.0))
    watch = FakeWatch([first, second])
    assert watch.observed(None, "t") is first
    seen = watch.observations()
    for _ in range(2):
        next(seen)
    assert watch.observed(None, "t") is second
