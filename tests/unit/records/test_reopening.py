"""A run is told again from its files alone."""

import json
import os
import shutil
from pathlib import Path

import pytest
from support import recordings

from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.records import reopening, runs
from ccci.report.model import Report, read
from ccci.report.parts import BaseOf, EngineOf, Upgrade
from ccci.report.text import tell
from ccci.report.timeline import Timeline
from ccci.swarm.judge.stopping import cut_short
from ccci.swarm.watching import recording

GOLDEN = Path(__file__).parents[1] / "report" / "golden"


def finished(root: Path, summary: str, verdict: Verdict = Verdict.ROLLED_BACK) -> str:
    run = runs.begin(root, "upgrade", "shop")
    run.finish(Report("upgrade", verdict, summary))
    return run.id


def test_the_last_run_and_one_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    first, second = finished(tmp_path, "one"), finished(tmp_path, "two")
    assert reopening.open_report(tmp_path, "last").summary == "two"
    assert reopening.open_report(tmp_path, first).summary == "one"
    assert reopening.open_report(tmp_path, second).verdict is Verdict.ROLLED_BACK
    with pytest.raises(UsageError, match="stands for 2 runs"):
        reopening.open_report(tmp_path, first[:4])
    with pytest.raises(UsageError, match="no run's id begins or ends with zzz"):
        reopening.open_report(tmp_path, "zzz")
    with pytest.raises(UsageError, match="no run is recorded"):
        reopening.open_report(tmp_path / "absent", "last")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_report_tells_the_same_story_on_another_machine(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "artifact"
    folder.mkdir()
    shutil.copy(path, folder / runs.REPORT)
    wanted = tell(read(json.loads(path.read_text(encoding="utf-8"))), 100)
    assert tell(reopening.open_report(tmp_path, str(folder)), 100) == wanted
    assert tell(reopening.open_report(tmp_path, str(folder / runs.REPORT)), 100) == wanted


@pytest.mark.parametrize(
    ("name", "verdict", "cause"),
    [
        ("oom", Verdict.ROLLED_BACK, "oom-killed"),
        ("image-missing", None, "image-unavailable"),
        ("unhealthy", Verdict.ROLLED_BACK, "unhealthy"),
        ("stop-first", Verdict.CONVERGED, None),
    ],
)
def test_a_bare_trace_is_judged_again(
    name: str, verdict: Verdict | None, cause: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "trace.jsonl"
    shutil.copy(recordings.recorded(name), path)
    report = reopening.open_report(tmp_path, str(path))
    assert verdict in {None, report.verdict}
    causes = {each.cause.code.value for each in report.services if each.cause}
    assert causes == ({cause} if cause else set())
    assert tell(reopening.open_report(tmp_path, str(tmp_path))) == tell(report)


def test_a_bare_trace_tells_which_engine_it_was_recorded_on(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    first, begin, *rest = recordings.recorded("oom").read_text(encoding="utf-8").splitlines()
    first = json.dumps({**json.loads(first), "engine": "tcp://10.0.0.1:2376"})
    begin = json.dumps({**json.loads(begin), "engine": {"version": "28.2.2", "api": "1.50"}})
    path.write_text("\n".join([first, begin, *rest]) + "\n")
    report = reopening.open_report(tmp_path, str(path))
    assert report.engine == EngineOf("tcp://10.0.0.1:2376", "28.2.2")
    assert reopening.open_report(tmp_path, str(recordings.recorded("oom"))).engine is None


def test_a_trace_of_an_interrupted_run_tells_what_was_known_by_then(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    whole = recordings.recorded("oom").read_text(encoding="utf-8").splitlines()
    kinds = [json.loads(line)["kind"] for line in whole]
    looks = [number for number, kind in enumerate(kinds) if kind == "look"]
    services = {"app": {"verdict": "interrupted", "cause": None}}
    end = {"kind": "end", "verdict": "interrupted", "judged": None, "services": services}
    path.write_text("\n".join([*whole[: looks[4] + 1], json.dumps(end)]) + "\n")
    report = reopening.open_report(tmp_path, str(path))
    assert (report.verdict, report.exit_code) == (Verdict.INTERRUPTED, 130)
    assert report.summary == "interrupted before the end; known so far: app: updating"
    assert report.hint.startswith("`ccci converge ")
    assert [each.verdict for each in report.services] == [Verdict.INTERRUPTED]
    assert report.notes == ()


def cut_at(name: str, look: int, **end: object) -> list[str]:
    """Return a recording up to a look, and how its run ended there."""
    every = recordings.recorded(name).read_text(encoding="utf-8").splitlines()
    looks = [n for n, line in enumerate(every) if json.loads(line)["kind"] == "look"]
    ending = {"kind": "end", "judged": None, "services": {}, **end}
    return [*every[: looks[look] + 1], json.dumps(ending)]


def test_a_signal_after_a_rollback_was_seen_leaves_its_verdict(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    rollouts = [rollout for _, rollout in recording.replay(recordings.recorded("oom"))]
    undecided = [n for n, each in enumerate(rollouts) if each.verdict is None]
    seen = next(n for n in undecided if cut_short(rollouts[n]).verdict is Verdict.ROLLED_BACK)
    lines = cut_at("oom", seen, verdict="rolled-back", judged="rolled-back", signal=15)
    path.write_text("\n".join(lines) + "\n")
    report = reopening.open_report(tmp_path, str(path))
    assert report.verdict is Verdict.ROLLED_BACK
    assert report.notes == ()


def test_a_command_that_changed_nothing_is_told_by_its_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    lines = cut_at("oom", 0, verdict="deploy-failed")
    look = json.loads(lines[-2])
    lines[-2] = json.dumps({**look, "command": {"argv": ["deploy"], "code": 1}})
    path.write_text("\n".join(lines) + "\n")
    report = reopening.open_report(tmp_path, str(path))
    assert (report.verdict, report.services) == (Verdict.DEPLOY_FAILED, ())
    assert report.summary == "COMMAND exited with 1 and changed no service"


def test_a_run_that_ended_otherwise_than_its_services_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    for ended, notes in (
        ("rolled-back", ()),
        (
            "deploy-failed",
            ("by what its services came to alone; the run itself ended deploy-failed",),
        ),
    ):
        lines = cut_at("oom", -1, verdict=ended, judged="rolled-back")
        path.write_text("\n".join(lines) + "\n")
        report = reopening.open_report(tmp_path, str(path))
        assert (report.verdict, report.notes) == (Verdict.ROLLED_BACK, notes)


def test_an_engine_that_stayed_away_is_told_by_its_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    lines = cut_at("oom", 0, verdict="unable")
    look = json.loads(lines[-2])
    away = [
        {"kind": "look", "at": look["at"] + later, "wall": look["wall"], "unreachable": "on fire"}
        for later in (1.0, 30.0, 61.0, 62.0)
    ]
    lines[-1:-1] = [json.dumps({**each, "command": look["command"]}) for each in away]
    path.write_text("\n".join(lines) + "\n")
    report = reopening.open_report(tmp_path, str(path))
    assert report.verdict is Verdict.UNABLE
    assert report.summary == "the Engine is out of reach: on fire"
    assert not {Verdict.TIMED_OUT, Verdict.CONVERGED} & {each.verdict for each in report.services}


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        (runs.TRACE, False),
        (runs.BASE_TRACE, True),
        (runs.REST_TRACE, True),
        (runs.AGAIN_TRACE, True),
    ],
)
def test_the_time_line_of_a_run_is_told_by_the_trace_beside_its_report(
    tmp_path: Path, name: str, *, broken: bool
) -> None:
    base = BaseOf("1.0.0", "a" * 40)
    upgrade = Upgrade("b" * 40, base, Verdict.ROLLED_BACK if broken else None)
    run = runs.begin(tmp_path, "upgrade", "shop")
    run.finish(Report("upgrade", Verdict.ROLLED_BACK, "it was", upgrade=upgrade))
    if name != runs.BASE_TRACE:
        run.path(runs.BASE_TRACE).write_text("{}")
    assert reopening.open_report(tmp_path, run.id, timeline=True).timeline == Timeline()
    shutil.copy(recordings.recorded("oom"), run.path(name))
    told = reopening.open_report(tmp_path, run.id, timeline=True)
    assert told.summary == "it was"
    assert [lane.service for lane in told.timeline.lanes] == ["app"]
    assert reopening.open_report(tmp_path, run.id).timeline == Timeline()
    run.path(name).write_text("{}")
    assert reopening.open_report(tmp_path, run.id, timeline=True).timeline == Timeline()


def test_what_is_no_run_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CcciError, match="neither a report nor a trace"):
        reopening.open_report(tmp_path, str(tmp_path / "empty"))
    for text in ("", "[]", "{", '{"schema": "ccci.sweep/1"}', "\x00", "[" * 5000):
        (tmp_path / "odd").write_text(text)
        with pytest.raises(CcciError, match="neither a report nor a trace of ccci"):
            reopening.open_report(tmp_path, str(tmp_path / "odd"))
    with pytest.raises(UsageError, match="No such file"):
        reopening.open_report(tmp_path, str(tmp_path / "absent" / "trace.jsonl"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"soak":null', '"soak":"x"'),
        ('"date":"Mon', '"date":3,"was":"Mon'),
        ('"kind":"evidence","task":"', '"kind":"evidence","task":3,"was":"'),
        ('"at":', '"at":1e999,"was":'),
        ('"at":', f'"at":{"9" * 5000},"was":'),
        ('"ID":"', '"ID":3,"was":"'),
        ('"kind":"look"', f'"kind":"look","x":{"[" * 20_000}'),
        ('"kind":"look"', '"kind":"look","x":NaN'),
        ('"kind":"end","verdict":"', '"kind":"end","verdict":[],"was":"'),
        ('"kind":"begin"', '"kind":"never"'),
    ],
)
def test_a_trace_that_makes_no_sense_is_refused(old: str, new: str, tmp_path: Path) -> None:
    text = recordings.recorded("oom").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "trace.jsonl"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CcciError):
        tell(reopening.open_report(tmp_path, str(path)))


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(CcciError, match="is no file"):
        reopening.open_report(Path("/nowhere"), "/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CcciError, match="is no plain file"):
        list(recording.replay(tmp_path / "pipe"))
