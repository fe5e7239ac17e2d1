import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import recorded

from ccci.errors import CcciError
from ccci.swarm.decode import observation
from ccci.swarm.model import Evidence, Observation
from ccci.swarm.watching import recording, trace
from ccci.swarm.watching.trace import Trace

HEALTH = {"Test": ["CMD", "true"], "Retries": 2}


def look(at: float = 1.0, **changes: Any) -> dict[str, Any]:
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
        "images": {"eng:1": {"Config": {"Healthcheck": HEALTH}}, "gone:1": None},
        "command": {"argv": ["deploy", "--token=abcdefgh"], "code": None},
        **changes,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_trace_takes_no_device_and_no_pipe_from_others(path: Path) -> None:
    os.mkfifo(path, 0o600)
    path.chmod(0o622)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with Trace(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o622
    os.close(reader)


def test_what_was_seen_is_seen_again(path: Path) -> None:
    fewer = look(3.0)
    del fewer["services"][1]
    fewer["tasks"][0]["Status"]["State"] = "failed"
    fewer |= {"up_to_date": [], "orchestrator": "other", "command": None, "images": {}}
    blind = {"at": 2.0, "wall": "w", "unreachable": "refused", "command": None}
    bare = [look(services=[{**each, "Spec": without_env(each["Spec"])} for each in services()])]
    looks = [*bare, look(1.5, unhealthy=["t1"]), blind, look(2.5, unhealthy=["t1"])]
    looks += [{**fewer, "unhealthy": []}, look(4.0, unhealthy=[])]
    looks += [look(at, unhealthy=[], asked="node1") for at in (5.0, 6.0)]
    with Trace(path) as writer:
        for each in looks:
            writer.look(each)
    again = list(recording.observations(path))
    for seen, raw in zip(again, looks, strict=True):
        expected = observation.observation(raw)
        assert seen.at == expected.at
        assert seen.unreachable == expected.unreachable
        assert seen.orchestrator == expected.orchestrator
        assert seen.nodes == expected.nodes
        assert seen.absent_images == expected.absent_images
        assert seen.unhealthy == expected.unhealthy
        assert seen.asked == expected.asked
        assert seen.inherited == expected.inherited
        assert shape(seen) == shape(expected)
        assert (seen.command and seen.command.code) == (expected.command and expected.command.code)


def services() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recorded("services")
    return found


def without_env(spec: dict[str, Any]) -> dict[str, Any]:
    container = {**spec["TaskTemplate"]["ContainerSpec"], "Env": None}
    return {**spec, "TaskTemplate": {**spec["TaskTemplate"], "ContainerSpec": container}}


def shape(seen: Observation) -> list[object]:
    return [
        (each.id, each.version, each.spec.identity, [(t.id, t.state, t.up_to_date) for t in tasks])
        for each in seen.services
        for tasks in [each.tasks]
    ]


def test_fingerprints_stay_equal_and_different_as_they_were(path: Path) -> None:
    other = look(2.0)
    for each in other["services"]:
        each["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"] = ["A=other"]
    with Trace(path) as writer:
        writer.look(look())
        writer.look(other)
    before, after = recording.observations(path)
    for service in before.services:
        assert {each.template for each in service.tasks} == {service.spec.template}
    for first, second in zip(before.services, after.services, strict=True):
        assert first.spec.template != second.spec.template
        assert first.spec.whole != second.spec.whole


def test_no_value_of_a_variable_and_no_secret_is_written(path: Path) -> None:
    with Trace(path) as writer:
        writer.keep_secret(["hunter2hunter2"])
        writer.look(look(unreachable="hunter2hunter2 refused"))
        writer.note("command-started", argv=["x", "--password", "zzzzzz"], where="hunter2hunter2")
        writer.evidence(Evidence("t", logs=("hunter2hunter2",)))
    text = path.read_text()
    for secret in ("hunter2hunter2", "A=b", "abcdefgh", "zzzzzz"):
        assert secret not in text


def test_two_traces_hide_the_same_value_differently(tmp_path: Path) -> None:
    with Trace(tmp_path / "a") as one, Trace(tmp_path / "b") as other:
        assert one.hide("x") == one.hide("x") != other.hide("x")
        assert one.hide(one.hide("x")) == one.hide("x")


def test_what_did_not_change_is_not_written_again(path: Path) -> None:
    with Trace(path) as writer:
        writer.look(look(1.0))
        writer.look(look(2.0))
    _, first, second = path.read_text().splitlines()
    assert len(second) < len(first) / 10
    assert all(isinstance(each, str) for each in entries(path)[2]["tasks"])


def test_evidence_and_notes_are_read_back_the_latest_of_a_task(path: Path) -> None:
    whole = Evidence(
        "t", local=True, exit_code=137, oom_killed=True, unhealthy=True, health=("h",),
        logs=("a", "b"), ran_for=1.5, incomplete="x",
    )  # fmt: skip
    with Trace(path) as writer:
        writer.evidence(Evidence("t"))
        writer.evidence(whole)
        writer.note("command-ended", code=3)
    assert recording.evidence(path) == {"t": whole}
    assert recording.notes(path) == [{"kind": "note", "what": "command-ended", "code": 3}]


def test_only_the_owner_can_read_it_also_when_the_file_was_there(path: Path) -> None:
    path.write_text("old")
    path.chmod(0o644)
    Trace(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert entries(path) == [{"kind": "trace", "schema": trace.SCHEMA, "stack": "", "engine": ""}]


def test_a_trace_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CcciError, match="cannot be written"):
        Trace(tmp_path / "none" / "trace.jsonl")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CcciError, match="cannot be written"):
        Trace(tmp_path / "link")


def test_words_after_the_end_are_dropped(path: Path) -> None:
    writer = Trace(path)
    writer.close()
    writer.note("late")
    assert len(entries(path)) == 1


def test_a_last_line_cut_short_is_dropped(path: Path) -> None:
    with Trace(path) as writer:
        writer.look(look())
        writer.look(look(2.0))
    text = path.read_text()
    path.write_text(text[:-5])
    assert len(list(recording.observations(path))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        "no json\n",
        "[]\n",
        '{"schema": "ccci.trace/1"}\n{"a": 1}\n',
        '{"schema": "ccci.trace/1"}\n{"kind": "look", "tasks": ["never-seen"]}\n',
    ],
)
def test_what_is_no_trace_is_said(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(CcciError, match="is no trace of a rollout"):
        list(recording.observations(path))


def test_a_trace_that_is_not_there_is_said(path: Path) -> None:
    with pytest.raises(CcciError, match="is no trace of a rollout"):
        recording.evidence(path)


def test_below_a_checkout_no_linked_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "checkout" / "d").symlink_to("../elsewhere")
    with pytest.raises(CcciError, match="is no folder of its own"):
        Trace(tmp_path / "checkout" / "d" / "t.jsonl")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_trace_that_is_printed_commands_no_terminal_and_no_ci(path: Path) -> None:
    text = "\x9b31m\u202e\u2028##vso[task.complete]##[group]x\n::error::x section_start:1:a\ud800"
    with Trace(path) as writer:
        writer.note("said", text=text)
    assert recording.notes(path)[0]["text"] == text
    printed = path.read_text(encoding="ascii")
    assert not [word for word in ("##", "::", "section_start:") if word in printed]
