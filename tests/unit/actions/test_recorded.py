"""Whatever judges is recorded, and what was found outlives whatever comes after it."""

import errno
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ccci.actions.recorded import Judging, failed, judge
from ccci.errors import CcciError, EngineUnavailable, Interrupted, UsageError
from ccci.exits import Verdict
from ccci.host import files
from ccci.records import reopening, runs
from ccci.report.model import Report, Status, Step, document
from ccci.terminal.output import Output

FOUND = Report("converge", Verdict.ROLLED_BACK, "app was rolled back", target="shop", stack="shop")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    return tmp_path / "runs"


def found(place: Judging) -> Report:  # noqa: ARG001
    return FOUND


def test_a_rollout_that_was_followed_is_explained_from_its_record(root: Path) -> None:
    report = judge("converge", "shop", Output(), found)
    (record,) = runs.recent(root)
    assert (record.command, record.target, record.verdict) == ("converge", "shop", "rolled-back")
    assert record.stack is None, "what only judges owns nothing that a teardown could remove"
    assert runs.find(root, "shop") is None
    assert report.run is not None
    assert report.run.run == record.id
    assert document(reopening.open_report(root, "last")) == document(report)


@pytest.mark.parametrize(
    ("error", "verdict", "code"),
    [
        (EngineUnavailable("no Engine answers"), "unable", 3),
        (Interrupted(signal.SIGTERM), "interrupted", 143),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "unable", 3),
    ],
)
def test_what_stops_a_run_is_its_report_and_recorded(
    error: BaseException, verdict: str, code: int, root: Path
) -> None:
    def body(place: Judging) -> Report:  # noqa: ARG001
        raise error

    report = judge("converge", "shop", Output(), body)
    assert (report.verdict.value, report.exit_code, report.target) == (verdict, code, "shop")
    assert [each.verdict for each in runs.recent(root)] == [verdict]
    assert document(reopening.open_report(root, "last")) == document(report)


@pytest.mark.parametrize(
    ("steps", "summary"),
    [
        ([], "interrupted before anything was judged"),
        ([("fetch", "passed", ""), ("lock", "failed", "x")], "interrupted during lock"),
        (
            [
                ("base deploy", "passed", "converged"),
                ("head images", "failed", "interrupted"),
                ("teardown", "failed", "left: a volume"),
            ],
            "interrupted during head images; known so far: base deploy: converged",
        ),
    ],
)
def test_a_signal_between_two_steps_tells_how_far_the_run_was(
    steps: list[tuple[str, str, str]], summary: str
) -> None:
    done = [Step(name, Status(status), 1.0, reason) for name, status, reason in steps]
    report = failed("upgrade", Interrupted(signal.SIGINT), done)
    assert report.summary == summary
    assert "run it again" in report.hint


def test_a_bug_is_recorded_and_raised_again(root: Path) -> None:
    def body(place: Judging) -> Report:  # noqa: ARG001
        raise KeyError("odd")

    with pytest.raises(KeyError):
        judge("converge", "shop", Output(), body)
    assert [each.verdict for each in runs.recent(root)] == ["bug"]


def test_a_command_line_that_is_refused_is_no_run(root: Path) -> None:
    def body(place: Judging) -> Report:  # noqa: ARG001
        raise UsageError("no commit")

    with pytest.raises(UsageError):
        judge("identity", "shop", Output(), body)
    assert runs.recent(root) == []
    assert [path.name for path in root.iterdir()] == [runs.INDEX]


def test_what_was_found_stands_whatever_stops_the_run_on_its_way_out(root: Path) -> None:
    def body(place: Judging) -> Report:
        place.decide(FOUND)
        raise Interrupted(signal.SIGINT)

    report = judge("converge", "shop", Output(), body)
    assert (report.verdict, report.exit_code) == (Verdict.ROLLED_BACK, 130)
    assert "interrupted after it was judged" in report.notes
    assert reopening.open_report(root, "last").summary == FOUND.summary


def test_a_signal_while_the_record_is_written_costs_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write: Callable[..., None] = files.write
    due = [Interrupted(signal.SIGTERM)]

    def interrupted(path: Path, *args: object, **more: object) -> None:
        if path.name == runs.REPORT and due:
            raise due.pop()
        write(path, *args, **more)

    monkeypatch.setattr(files, "write", interrupted)
    report = judge("converge", "shop", Output(), found)
    assert (report.verdict, report.exit_code) == (Verdict.ROLLED_BACK, 143)
    assert reopening.open_report(root, "last").verdict is Verdict.ROLLED_BACK
    assert runs.recent(root)[0].exit_code == 143


def test_where_nothing_can_be_written_it_says_so_and_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root.write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    report = judge("converge", "shop", Output(), found)
    assert report.verdict is Verdict.ROLLED_BACK
    assert report.run is None
    assert "this run is not recorded: /proc/nowhere" in capsys.readouterr().err


def test_a_disk_that_fills_is_told_in_the_report_that_is_printed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *args: object, **more: object) -> None:  # noqa: ARG001
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    def body(place: Judging) -> Report:
        monkeypatch.setattr(files, "write", full)
        return found(place)

    report = judge("converge", "shop", Output(), body)
    assert report.verdict is Verdict.ROLLED_BACK
    assert any("the report could not be recorded" in note for note in report.notes)
    assert root.exists()


def test_a_secret_of_our_environment_is_in_no_file_of_the_run(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "swordfish-4711")
    monkeypatch.setenv("CI_COMMIT_SHA", "0c865a4af0160ea1076b231d326bedbd5129e04a")

    def body(place: Judging) -> Report:  # noqa: ARG001
        said = "COMMAND failed: swordfish-4711 of 0c865a4af0160ea1076b231d326bedbd5129e04a"
        return Report("converge", Verdict.DEPLOY_FAILED, said)

    report = judge("converge", "shop", Output(), body)
    assert "swordfish" not in report.summary
    assert "0c865a4af016" in report.summary, "a commit is no secret"
    written = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert not [text for text in written if b"swordfish" in text]


def test_a_report_that_a_bug_cuts_off_keeps_what_was_known(root: Path) -> None:
    def body(place: Judging) -> Report:
        place.decide(FOUND)
        raise KeyError("odd")

    report = judge("converge", "shop", Output(), body)
    assert report.verdict is Verdict.ROLLED_BACK
    assert json.loads((root / runs.recent(root)[0].id / runs.REPORT).read_text())["summary"]


def test_what_fails_after_a_pass_is_no_pass(root: Path) -> None:
    def body(place: Judging) -> Report:
        place.decide(Report("converge", Verdict.CONVERGED, "all run"))
        raise CcciError("the Engine went away")

    report = judge("converge", "shop", Output(), body)
    assert report.verdict is Verdict.UNABLE
    assert report.summary == "all run; but the Engine went away after it was judged"
    assert root.exists()
