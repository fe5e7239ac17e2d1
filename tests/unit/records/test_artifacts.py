import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import invoke
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.names import OVERLAY
from ccci.records import artifacts, places, runs
from ccci.records.runs import begin
from ccci.report.model import Report

pytestmark = pytest.mark.slow

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
    assert {runs.REST_TRACE, runs.AGAIN_TRACE, runs.COMMAND_LOG} <= set(runs.FILES)
    for name in runs.FILES:
        first.path(name).write_text("the first run's")
    first.finish(ENDED)
    artifacts.copy(first, out)
    (out / OVERLAY).write_text("services: {}")
    (out / "notes.txt").write_text("the user's")
    second = begin(tmp_path / "runs", "upgrade", "a")
    artifacts.clear(out)
    second.finish(ENDED)
    artifacts.copy(second, out)
    kept = {path.name for path in out.iterdir()}
    assert kept == {runs.RECORD, runs.REPORT, OVERLAY, "notes.txt"}
    assert json.loads((out / runs.RECORD).read_text())["id"] == second.id


def test_a_folder_that_is_no_runs_output_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / runs.REPORT).write_text("somebody else's")
    artifacts.clear(tmp_path)
    artifacts.clear(tmp_path / "absent")
    assert (tmp_path / runs.REPORT).read_text() == "somebody else's"


NAMES = (runs.RECORD, runs.REPORT, runs.COMPOSE, runs.TRACE)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give a checkout of a stranger's commit, with files of ours beside it that it points to."""
    folder = make_repository(tmp_path / "workspace")
    commit(folder, {"compose.yml": "x"})
    (tmp_path / "outside").mkdir()
    for name in NAMES:
        (tmp_path / "outside" / name).write_text("the host's")
    return folder


def links(folder: Path) -> None:
    (folder / "out").mkdir()
    for name in NAMES:
        (folder / "out" / name).symlink_to(f"../../outside/{name}")


HOSTILE: list[Callable[[Path], object]] = [
    links,
    lambda folder: (folder / "out").symlink_to("../outside"),
    lambda folder: (folder / "out").write_text("a file"),
]


@pytest.mark.parametrize("make", HOSTILE)
@pytest.mark.parametrize("tracked", [True, False])
def test_nothing_of_a_pull_request_has_the_hosts_files_overwritten(
    workspace: Path, make: Callable[[Path], object], tracked: bool
) -> None:
    make(workspace)
    if tracked:
        commit(workspace, {})
    if tracked or (workspace / "out").is_symlink():
        with pytest.raises(UsageError, match="--output") as refused:
            places.refuse_tracked_place(workspace / "out", "--output")
        assert "--output ../ccci-report" in refused.value.hint
    # Whoever looks away then is as safe.
    run = begin(workspace.parent / "runs", "upgrade", "a")
    run.path(runs.TRACE).write_text("ours")
    run.path(runs.COMPOSE).symlink_to("/etc/passwd")
    artifacts.clear(workspace / "out")
    run.finish(ENDED)
    artifacts.copy(run, workspace / "out")
    outside = workspace.parent / "outside"
    assert {path.name for path in outside.iterdir()} == set(NAMES)
    assert {path.read_text() for path in outside.iterdir()} == {"the host's"}


def test_a_folder_of_ones_own_in_a_checkout_is_taken_and_private(workspace: Path) -> None:
    for place in ("new", "new/er"):
        places.refuse_tracked_place(workspace / place, "--output")
    run = begin(workspace.parent / "runs", "upgrade", "a")
    run.finish(ENDED)
    artifacts.copy(run, workspace / "new" / "er")
    assert {path.stat().st_mode & 0o777 for path in (workspace / "new" / "er").iterdir()} == {0o600}
    places.refuse_tracked_place(workspace / "new" / "er", "--output")
    places.refuse_tracked_place(workspace.parent / "outside", "--output")


def test_what_a_worktree_tracks_is_known_too(workspace: Path, tmp_path: Path) -> None:
    commit(workspace, {"baseline.json": "{}"})
    git(workspace, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    with pytest.raises(UsageError, match="is tracked"):
        places.refuse_tracked_place(tmp_path / "second" / "baseline.json", "--save-baseline")
    (workspace / ".git" / "index").write_text("broken")
    with pytest.raises(UsageError, match="is tracked"):
        places.refuse_tracked_place(workspace / "new", "--output")


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
    assert invoke(*words).exit_code == 3
    assert json.loads((tmp_path / "out" / runs.REPORT).read_text())["verdict"] == "unable"
    assert not (tmp_path / "out" / runs.TRACE).exists()
