import json
from pathlib import Path

import pytest
from repositories import commit, make_repository
from typer.testing import CliRunner

from ccci import artifacts, runs
from ccci.cli import app
from ccci.exits import Verdict
from ccci.report import Report
from ccci.runs import begin

ENDED = Report("upgrade", Verdict.ROLLED_BACK, "rolled back", stack="disc_ci", deployer="abra")


def test_the_output_folder_gets_the_files_and_no_checkouts(tmp_path: Path) -> None:
    run = begin(tmp_path / "runs", "deploy", "a")
    run.path(runs.CHECKOUTS).mkdir()
    run.finish(ENDED)
    artifacts.copy(run, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.json", "run.json"]
    (tmp_path / "file").write_text("")
    artifacts.copy(run, tmp_path / "file")
    assert any("file" in words for words in run.trouble)


def test_nothing_of_an_earlier_run_stays_in_the_output_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = begin(tmp_path / "runs", "upgrade", "a")
    names = {runs.TRACE, f"base.{runs.TRACE}", runs.DEPLOYER_LOG, runs.JOURNAL, runs.COMPOSE}
    for name in (*names, f"base.{runs.COMPOSE}", runs.IDENTITY):
        first.path(name).write_text("the first run's")
    first.finish(ENDED)
    artifacts.copy(first, out)
    (out / runs.OVERLAY).write_text("services: {}")
    (out / "notes.txt").write_text("the user's")
    second = begin(tmp_path / "runs", "upgrade", "a")
    artifacts.clear(out)
    second.finish(ENDED)
    artifacts.copy(second, out)
    kept = {path.name for path in out.iterdir()}
    assert kept == {runs.RECORD, runs.REPORT, runs.OVERLAY, "notes.txt"}
    assert json.loads((out / runs.RECORD).read_text())["id"] == second.id


def test_a_folder_that_is_no_runs_output_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / runs.REPORT).write_text("somebody else's")
    artifacts.clear(tmp_path)
    artifacts.clear(tmp_path / "absent")
    assert (tmp_path / runs.REPORT).read_text() == "somebody else's"


def test_a_run_that_ends_early_leaves_no_file_of_a_run_that_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    shop = make_repository(tmp_path / "shop")
    commit(shop, {"compose.yml": "services: {app: {image: x}}"})
    passed = begin(tmp_path / "runs", "deploy", "shop")
    passed.path(runs.TRACE).write_text("all went well")
    passed.finish(Report("deploy", Verdict.CONVERGED, "it runs"))
    artifacts.copy(passed, tmp_path / "out")
    words = ["deploy", str(shop), "--deployer", "stack", "--output", str(tmp_path / "out")]
    assert CliRunner().invoke(app, words).exit_code == 3
    assert json.loads((tmp_path / "out" / runs.REPORT).read_text())["verdict"] == "unable"
    assert not (tmp_path / "out" / runs.TRACE).exists()
