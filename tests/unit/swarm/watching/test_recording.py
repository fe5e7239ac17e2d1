import json
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import recorded

from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.swarm.baseline import Baseline, named, take
from ccci.swarm.decode import observation
from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin
from ccci.swarm.model import CauseCode
from ccci.swarm.watching import recording
from ccci.swarm.watching.protocol import End, EngineVersion, ServiceEnd
from ccci.swarm.watching.recording import Begin
from ccci.swarm.watching.trace import SCHEMA, Trace

POLICY = Policy(timeout=90.0, soak=1.0, fail_fast=True, services=frozenset({"app"}))
ENDED = {"argv": ["deploy"], "code": 0}


def raw(at: float, **changes: Any) -> dict[str, Any]:
    tasks = recorded("tasks")
    return {
        "at": at,
        "wall": "w",
        "services": recorded("services"),
        "tasks": tasks,
        "date": "Mon, 23 Nov 2026 21:31:45 GMT",
        "up_to_date": [each["ID"] for each in tasks],
        "nodes": recorded("nodes"),
        "orchestrator": "leader",
        "images": {},
        "command": ENDED,
        **changes,
    }


def judged(
    path: Path, baseline: Baseline | None, looks: list[dict[str, Any]], before: Any
) -> Rollout:
    """Record a rollout of these looks as a watch does, and return what it came to."""
    rollout = begin(baseline, POLICY, 9.5)
    with Trace(path, stack="t") as trace:
        trace.begin(rollout, before)
        for each in looks:
            rollout = advance(rollout, observation.observation(each))
            trace.look(each)
    return rollout


def changed(looked: dict[str, Any]) -> dict[str, Any]:
    """Return a look in which the spec of `app` has changed, and Swarm put it back."""
    app = next(each for each in looked["services"] if each["Spec"]["Name"] == "t_app")
    app["Version"]["Index"] += 10
    app["PreviousSpec"] = json.loads(json.dumps(app["Spec"]))
    app["PreviousSpec"]["TaskTemplate"]["ContainerSpec"]["Env"] = ["PASSWORD=other"]
    app["UpdateStatus"] = {
        "State": "rollback_completed",
        "StartedAt": "2026-11-23T21:31:40Z",
        "CompletedAt": "2026-11-23T21:31:44Z",
        "Message": "rollback completed",
    }
    return looked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


def test_a_recording_alone_tells_how_its_rollout_began(path: Path) -> None:
    before = raw(9.0)
    baseline = take("t", observation.observation(before))
    judged(path, baseline, [raw(10.0)], before)
    found = recording.beginning(path)
    assert (found.stack, found.at, found.policy) == ("t", 9.5, POLICY)
    assert found.baseline is not None
    assert [each.version for each in found.baseline.services] == [
        each.version for each in baseline.services
    ]


@pytest.mark.parametrize("how", ["none", "looked", "saved"])
@pytest.mark.parametrize("rolls", [True, False])
def test_a_recording_is_judged_as_the_rollout_was(path: Path, how: str, rolls: bool) -> None:
    before = raw(9.0)
    baseline = take("t", observation.observation(before)) if how != "none" else None
    last = changed(raw(12.0)) if rolls else raw(12.0)
    looks = [raw(10.0), last, {**last, "at": 40.0}]
    rollout = judged(path, baseline, looks, before if how == "looked" else None)
    *_, (seen, again) = recording.replay(path)
    assert seen.at == 40.0
    assert again.verdict == rollout.verdict != None  # noqa: E711 -- it is about both
    assert [(each.name, each.verdict, each.detail) for each in again.judgements] == [
        (each.name, each.verdict, each.detail) for each in rollout.judgements
    ]


def test_a_saved_baseline_is_matched_with_what_the_trace_masks(path: Path) -> None:
    looked = raw(10.0)
    baseline = take("t", observation.observation(looked))
    judged(path, baseline, [looked], None)
    found = recording.beginning(path).baseline
    assert found is not None
    assert found != baseline  # its fingerprints are of masked values
    (seen,) = recording.observations(path)
    assert {each.id: each.spec.whole for each in found.services} == {
        each.id: each.spec.whole for each in seen.services
    }
    assert "A=b" not in path.read_text()


def test_a_commit_that_only_the_run_knew_is_kept(path: Path) -> None:
    before = raw(9.0)
    plain = take("t", observation.observation(before))
    commits = {each.spec.whole: "abcdef12" for each in plain.services}
    judged(path, named(plain, commits), [raw(10.0)], before)
    found = recording.beginning(path).baseline
    assert found is not None
    assert {each.spec.identity.commit for each in found.services} == {"abcdef12"}


def test_how_it_ended_is_read_back(path: Path) -> None:
    end = End(
        Verdict.DEPLOY_FAILED,
        Verdict.CONVERGED,
        {"app": ServiceEnd(Verdict.ROLLED_BACK, CauseCode.OOM_KILLED)},
    )
    with Trace(path) as trace:
        trace.end(end)
    assert recording.ending(path) == end


def test_a_run_that_was_killed_has_no_end(path: Path) -> None:
    judged(path, None, [raw(10.0)], None)
    assert recording.ending(path) is None


def test_a_trace_that_does_not_say_how_it_began_cannot_be_judged_again(path: Path) -> None:
    with Trace(path) as trace:
        trace.look(raw(1.0))
    assert len(list(recording.observations(path))) == 1
    with pytest.raises(CcciError, match="does not say how the rollout began"):
        list(recording.replay(path))


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "begin"},
        {"kind": "begin", "at": "x", "policy": {}},
        {"kind": "begin", "at": 1, "policy": 3},
        {"kind": "begin", "at": 1, "policy": {}, "saved": {"schema": "other"}},
        {"kind": "begin", "at": 1, "policy": {}, "baseline": {"at": 1}},
    ],
)
def test_a_beginning_that_makes_no_sense_is_said(path: Path, line: dict[str, Any]) -> None:
    Trace(path).close()
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    with pytest.raises(CcciError, match="is no trace of a rollout"):
        list(recording.replay(path))


def header(path: Path, engine: object) -> Begin:
    """Return how a rollout began whose trace says this of its Engine."""
    first = {"kind": "trace", "schema": SCHEMA, "stack": "t", "engine": "unix:///\x1b[31mred"}
    told = {"kind": "begin", "at": 1.0, "policy": {}, **({"engine": engine} if engine else {})}
    path.write_text("".join(f"{json.dumps(each)}\n" for each in (first, told)))
    return recording.beginning(path)


def test_the_version_of_an_engine_is_read_as_a_strangers_words(path: Path) -> None:
    how = header(path, {"version": "28.2.2\n::error::x\x1b[2K\u202e", "api": "1" * 999, "x": 1})
    assert how.address == "unix:///red"
    assert how.engine == EngineVersion("28.2.2 ::error::x", "1" * 200)


def test_a_trace_that_does_not_say_its_engine_is_judged_as_before(path: Path) -> None:
    assert header(path, None).engine is None


@pytest.mark.parametrize("odd", ["28", {"version": 28}, {"version": "28", "api": ["1.51"]}])
def test_an_engine_that_is_no_object_of_texts_is_no_trace(path: Path, odd: object) -> None:
    with pytest.raises(CcciError, match="how it began makes no sense"):
        header(path, odd)
