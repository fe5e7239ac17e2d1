"""Half of a character, as bytes that are no text become in an argument or a name, ends nothing."""

import json
import os
from pathlib import Path

import pytest

from ccci.errors import EngineUnavailable
from ccci.host import file_lock, files
from ccci.host.clock import monotonic
from ccci.records.log_file import LogFile
from ccci.swarm.engine import client, endpoint
from ccci.swarm.watching.trace import Trace
from ccci.terminal.output import Output

ODD = "a\udcff\ud800"


def test_a_trace_takes_it_and_gives_it_back(tmp_path: Path) -> None:
    with Trace(tmp_path / "trace.jsonl", stack=ODD) as trace:
        trace.keep_secret([f"{ODD}secret"])
        trace.note("command-started", argv=["true", ODD, f"{ODD}secret"])
        trace.look({"at": 1.0, "services": [{"ID": "1", "Spec": {"Env": [f"A={ODD}"]}}]})
    first, note, look = (tmp_path / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["stack"] == ODD
    assert json.loads(note)["argv"][:2] == ["true", ODD]
    assert f"{ODD}secret" not in json.loads(note)["argv"]
    assert json.loads(look)["services"][0]["Spec"]["Env"][0].startswith("A=masked:")


def test_logs_locks_and_files_take_it(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    log.add(ODD)
    log.close()
    assert not log.trouble
    files.write(tmp_path / "file", ODD)
    files.write_chosen(tmp_path / "chosen", ODD)
    shown = "a\\udcff\\ud800"
    for name in ("file", "chosen", "log"):
        assert (tmp_path / name).read_text(encoding="utf-8").strip() == shown
    with file_lock.hold(tmp_path / "lock", ODD, until=monotonic() + 1):
        assert (tmp_path / "lock").read_text(encoding="utf-8") == shown


def test_a_path_of_the_engine_takes_it() -> None:
    assert client._quoted(ODD) == "a%3F%3F"


@pytest.mark.parametrize("name", [os.fsdecode(b"\xff"), ODD])
def test_a_context_of_such_a_name_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(EngineUnavailable, match="does not exist"):
        endpoint.choose({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": name})


def test_every_printer_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(json=True)
    output.warn(ODD)
    output.command_error(ODD)
    output.document({"a": ODD, ODD: 1})
    said = capsys.readouterr()
    assert r"a\udcff\ud800" in said.err
    assert json.loads(said.out)
