import json
import sqlite3
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from ccci import runs
from ccci.exits import Verdict
from ccci.process import run as run_tool
from ccci.report import Report
from ccci.runs import Record, begin, find, forget_app, is_alive, recent

ROLLED_BACK = Report(
    "upgrade", Verdict.ROLLED_BACK, "rolled back", stack="disc_ci", deployer="abra"
)


def test_a_run_leaves_a_folder_and_a_row(tmp_path: Path) -> None:
    run = begin(tmp_path, "upgrade", "discourse", recipe="discourse")
    run.note(stack="disc_ci", domain="disc.ci", secrets=("disc_ci_db_v1",))
    run.finish(ROLLED_BACK)
    assert run.trouble == []
    report = json.loads((tmp_path / run.id / runs.REPORT).read_text())
    assert report["verdict"] == "rolled-back"
    (only,) = recent(tmp_path)
    assert only == run.record
    assert only.exit_code == 10
    assert only.secrets == ("disc_ci_db_v1",)
    assert sorted(path.name for path in run.folder.iterdir()) == ["report.json", "run.json"]


def test_runs_of_one_second_have_different_names(tmp_path: Path) -> None:
    names = {begin(tmp_path, "deploy", "a").id for _ in range(50)}
    assert len(names) == 50
    assert len(recent(tmp_path)) == 50


def test_runs_that_begin_at_once_are_all_recorded(tmp_path: Path) -> None:
    made: list[runs.Run] = []

    def one() -> None:
        for _ in range(5):
            run = begin(tmp_path, "deploy", "a")
            run.finish(ROLLED_BACK)
            made.append(run)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.trouble for run in made] == [[]] * 20
    assert {each.id for each in recent(tmp_path)} == {run.id for run in made}


def test_the_newest_comes_first(tmp_path: Path) -> None:
    ids = [begin(tmp_path, "deploy", "a").record for _ in range(3)]
    expected = sorted(ids, key=lambda each: (each.started_at, each.id), reverse=True)
    assert recent(tmp_path) == expected
    assert recent(tmp_path, limit=1) == expected[:1]


def test_a_lost_or_broken_index_is_made_anew(tmp_path: Path) -> None:
    run = begin(tmp_path, "deploy", "a", stack="s")
    (tmp_path / runs.INDEX).unlink()
    assert [each.id for each in recent(tmp_path)] == [run.id]
    (tmp_path / runs.INDEX).write_bytes(b"this is no database" * 100)
    assert [each.id for each in recent(tmp_path)] == [run.id]
    run.note(gone=True)
    assert run.trouble == []


def test_an_index_that_cannot_be_read_is_done_without(tmp_path: Path) -> None:
    run = begin(tmp_path, "deploy", "a")
    (tmp_path / runs.INDEX).unlink()
    (tmp_path / runs.INDEX).mkdir()
    assert [each.id for each in recent(tmp_path)] == [run.id]
    run.finish(ROLLED_BACK)
    assert any("index" in words for words in run.trouble)
    assert json.loads(run.path(runs.REPORT).read_text())["exit_code"] == 10


def test_a_locked_index_does_not_stop_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_BUSY_SECONDS", 0.01)
    run = begin(tmp_path, "deploy", "a")
    with sqlite3.connect(tmp_path / runs.INDEX) as other:
        other.execute("BEGIN EXCLUSIVE")
        run.finish(ROLLED_BACK)
        assert len(run.trouble) == 1
        other.rollback()
    other.close()
    assert recent(tmp_path)[0].id == run.id


def test_a_folder_that_cannot_be_made_is_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").write_text("in the way")
    run = begin(tmp_path / "file", "deploy", "a")
    run.finish(ROLLED_BACK)
    assert len(run.trouble) == 1
    assert run.path(runs.REPORT).exists()


def test_a_folder_that_went_away_is_no_verdict(tmp_path: Path) -> None:
    run = begin(tmp_path, "deploy", "a")
    for path in run.folder.iterdir():
        path.unlink()
    run.folder.rmdir()
    run.finish(ROLLED_BACK)
    assert len(run.trouble) == 2
    assert recent(tmp_path)[0].verdict == "rolled-back"


def test_a_run_is_found_by_any_of_its_names(tmp_path: Path) -> None:
    old = begin(tmp_path, "deploy", "disc", stack="disc_ci", domain="disc.ci", recipe="discourse")
    begin(tmp_path, "sweep", "disc.ci")
    for name in ("disc", "disc_ci", "disc.ci", "discourse", old.id):
        found = find(tmp_path, name)
        assert found is not None
        assert found.id == old.id
    assert find(tmp_path, "other") is None


def test_a_run_whose_app_may_be_there_is_found_first(tmp_path: Path) -> None:
    one = begin(tmp_path, "deploy", "disc", stack="a")
    two = begin(tmp_path, "deploy", "disc", stack="b")
    forget_app(tmp_path, two.record)
    found = find(tmp_path, "disc")
    assert found is not None
    assert found.id == one.id
    forget_app(tmp_path, one.record)
    assert find(tmp_path, "disc") is not None


def test_no_folder_is_no_runs(tmp_path: Path) -> None:
    assert recent(tmp_path / "none") == []


def test_keys_of_a_later_release_are_passed_over() -> None:
    known = {"id": "1", "command": "deploy", "target": "a", "started_at": "now"}
    assert Record.of({**known, "colour": "green", "secrets": ["x"]}).secrets == ("x",)


def test_a_run_is_alive_until_it_is_finished(tmp_path: Path) -> None:
    run = begin(tmp_path, "deploy", "a")
    assert is_alive(tmp_path, run.record)
    run.finish(ROLLED_BACK)
    assert not is_alive(tmp_path, run.record)
    assert not run.path(runs.ALIVE).exists()


def test_a_killed_run_is_not_alive(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib; from ccci.runs import begin; "
        "print(begin(pathlib.Path(sys.argv[1]), 'deploy', 'a').id, flush=True); "
        "os.kill(os.getpid(), 9)"
    )
    killed = run_tool((sys.executable, "-c", script, str(tmp_path)), check=False)
    (record,) = recent(tmp_path)
    assert record.id == killed.stdout.strip()
    assert not is_alive(tmp_path, record)
    assert record.keep is None
