import json
import sqlite3
import sys
import tempfile
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ccci.exits import Verdict
from ccci.host import temporary
from ccci.host.process import run as run_tool
from ccci.records import index, runs
from ccci.records.runs import Record, begin, find, forget_app, is_alive, recent
from ccci.report.model import Report, ServiceReport
from ccci.report.parts import BaseOf, Upgrade
from ccci.swarm.model import Cause, CauseCode

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


def test_a_secret_is_in_no_file_of_a_run_and_what_is_kept_is_handed_back(tmp_path: Path) -> None:
    run = begin(tmp_path, "upgrade", "discourse")
    told = run.finish(replace(ROLLED_BACK, summary="it says s3cr\x1b[0metly"), {"s3cretly"})
    assert told.summary == "it says ***"
    assert run.record.summary == told.summary
    assert json.loads((run.folder / runs.REPORT).read_text())["summary"] == told.summary
    assert not any("s3cr" in path.read_text() for path in run.folder.iterdir())


@pytest.mark.slow
def test_runs_of_one_second_have_different_names(tmp_path: Path) -> None:
    names = {begin(tmp_path, "deploy", "a").id for _ in range(50)}
    assert len(names) == 50
    assert len(recent(tmp_path)) == 50


@pytest.mark.slow
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


def test_an_index_that_was_not_filled_to_its_end_is_filled_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(tmp_path, "deploy", "a")
    (tmp_path / runs.INDEX).unlink()

    def killed(_: Path) -> list[Record]:
        with closing(sqlite3.connect(tmp_path / runs.INDEX)) as other:
            assert not other.execute("SELECT * FROM sqlite_master").fetchall()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(index, "_in_folders", killed)
        with pytest.raises(KeyboardInterrupt):
            recent(tmp_path)
    assert [each.id for each in recent(tmp_path)] == [run.id]
    with closing(sqlite3.connect(tmp_path / runs.INDEX)) as made:
        assert made.execute("SELECT id FROM runs").fetchall() == [(run.id,)]


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
    monkeypatch.setattr(index, "BUSY_SECONDS", 0.01)
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
    assert not run.path(temporary.ALIVE).exists()


@pytest.mark.slow
def test_a_killed_run_is_not_alive(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib; from ccci.records.runs import begin; "
        "print(begin(pathlib.Path(sys.argv[1]), 'deploy', 'a').id, flush=True); "
        "os.kill(os.getpid(), 9)"
    )
    killed = run_tool((sys.executable, "-c", script, str(tmp_path)), check=False)
    (record,) = recent(tmp_path)
    assert record.id == killed.stdout.strip()
    assert not is_alive(tmp_path, record)
    assert record.keep is None


def test_only_their_owner_can_read_what_is_recorded(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    run = begin(root, "upgrade", "discourse", recipe="discourse")
    run.finish(ROLLED_BACK)
    modes = {path: path.stat().st_mode & 0o777 for path in (root, *root.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_a_folder_that_was_there_before_stays_as_open_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    begin(tmp_path, "upgrade", "discourse")
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_no_record_holds_the_token_of_an_address(tmp_path: Path) -> None:
    run = begin(tmp_path, "upgrade", "https://u:t0k3n@host/x")
    said = "git fetch of https://u:t0k3n@host/x?private_token=t0k3n failed"
    run.finish(Report("upgrade", Verdict.UNABLE, said, hint=said))
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"t0k3n" not in path.read_bytes()


def test_a_run_that_has_finished_is_not_alive_though_its_lock_is_still_held(tmp_path: Path) -> None:
    run = runs.begin(tmp_path, "upgrade", "shop")
    assert runs.is_alive(tmp_path, run.record)
    assert not runs.is_alive(tmp_path, replace(run.record, finished_at="2026-01-01T00:00:00Z"))


def test_a_stack_that_is_gone_is_forgotten_and_no_other(tmp_path: Path) -> None:
    for stack in ("shop", "other"):
        runs.begin(tmp_path, "upgrade", stack).note(stack=stack, keep=False)
    runs.forget_stack(tmp_path, "shop", runs.recent(tmp_path))
    assert {each.stack: each.gone for each in runs.recent(tmp_path)} == {
        "shop": True,
        "other": False,
    }


@pytest.mark.parametrize(
    "written",
    [
        "",
        "[]",
        "{",
        "[" * 5000,
        "\x00",
        '{"id": 1, "command": "deploy", "target": "a", "started_at": "now"}',
        '{"id": "../../etc", "command": "deploy", "target": "a", "started_at": "now"}',
        '{"id": "x", "command": "deploy", "target": ["a"], "started_at": "now"}',
        '{"id": "x", "command": "deploy", "target": "a", "started_at": "now", "seconds": 1e999}',
        '{"id": "x", "command": "deploy", "target": "a", "started_at": "now", "gone": "yes"}',
        '{"id": "another", "command": "deploy", "target": "a", "started_at": "now"}',
    ],
)
def test_a_record_that_is_none_costs_no_other(tmp_path: Path, written: str) -> None:
    good = begin(tmp_path, "deploy", "a")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / runs.RECORD).write_text(written)
    (tmp_path / runs.INDEX).unlink()
    assert [each.id for each in recent(tmp_path)] == [good.id]
    with sqlite3.connect(tmp_path / runs.INDEX) as rows:
        rows.execute("INSERT INTO runs VALUES ('x', '9', ?)", (written,))
    rows.close()
    assert {each.id for each in recent(tmp_path)} - {"another"} == {good.id}


def test_no_link_and_nothing_large_is_read_as_a_record(tmp_path: Path) -> None:
    good = begin(tmp_path, "deploy", "a")
    elsewhere = tmp_path.parent / "elsewhere"
    begin(elsewhere, "deploy", "other")
    (other,) = recent(elsewhere)
    (tmp_path / other.id).symlink_to(elsewhere / other.id)
    for name, text in (("large", " " * 2 * 2**20), ("linked", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / runs.RECORD).write_text(text)
    (tmp_path / "linked" / runs.RECORD).unlink()
    (tmp_path / "linked" / runs.RECORD).symlink_to(elsewhere / other.id / runs.RECORD)
    (tmp_path / runs.INDEX).unlink()
    assert [each.id for each in recent(tmp_path)] == [good.id]


def test_old_runs_are_thinned_and_the_oldest_removed(tmp_path: Path) -> None:
    made = [begin(tmp_path, "converge", "a") for _ in range(8)]
    kept = begin(tmp_path, "deploy", "b", stack="b", keep=True)
    for run in (*made, kept):
        for name in runs.LONG:
            run.path(name).write_text("{}")
        run.path(runs.COMMAND_LOG).write_text("said")
        run.finish(ROLLED_BACK)
    living = begin(tmp_path, "deploy", "c")
    order = [each.id for each in recent(tmp_path)]
    runs.prune(tmp_path, kept=6, whole=2)
    left = [each.id for each in recent(tmp_path)]
    stays = {kept.id, living.id}
    assert left == [each for each in order if each in {*order[:6], *stays}]
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == set(left)
    for each in left:
        whole = each in {*order[:2], kept.id}
        for name in runs.LONG:
            assert (tmp_path / each / name).exists() == (whole and each != living.id)
        assert (tmp_path / each / runs.REPORT).exists() == (each != living.id)


def test_a_record_says_what_failed_of_what_and_what_to_do(tmp_path: Path) -> None:
    run = begin(tmp_path, "upgrade", "shop", recipe="shop")
    cause = Cause(CauseCode.OOM_KILLED, "killed", hint="raise the limit")
    run.finish(
        replace(
            ROLLED_BACK,
            services=(
                ServiceReport("db", "1", Verdict.CONVERGED),
                ServiceReport("web", "2", Verdict.TIMED_OUT),
                ServiceReport("app", "3", Verdict.ROLLED_BACK, cause=cause),
            ),
            upgrade=Upgrade("0c865a4a" * 5, BaseOf("1.0.0+2", "b" * 40)),
            duration_seconds=31.25,
        )
    )
    (only,) = recent(tmp_path)
    assert (only.service, only.cause, only.hint) == ("app", "oom-killed", "raise the limit")
    assert (only.base, only.head, only.seconds) == ("1.0.0+2", "0c865a4a" * 5, 31.25)
    assert only.subject == "shop"


def test_an_interrupted_service_is_not_the_one_that_failed(tmp_path: Path) -> None:
    run = begin(tmp_path, "converge", "web")
    services = (
        ServiceReport("asked", "a", Verdict.INTERRUPTED),
        ServiceReport("bad", "b", Verdict.UNSTABLE),
    )
    run.finish(Report("converge", Verdict.INTERRUPTED, "x", services=services))
    assert run.record.service == "bad"
    run.finish(Report("converge", Verdict.INTERRUPTED, "x", services=services[:1]))
    assert run.record.service is None


def test_the_files_of_a_run_that_are_printed_command_no_ci(tmp_path: Path) -> None:
    text = "##vso[task.complete] ::error::x section_start:1:a"
    run = begin(tmp_path / "runs", "converge", text)
    run.finish(Report("converge", Verdict.CONVERGED, text, target=text))
    for name in (runs.REPORT, runs.RECORD):
        printed = run.path(name).read_text(encoding="ascii")
        assert not [word for word in ("##", "::", "section_start:") if word in printed]
        assert json.loads(printed)["target"] == text
