"""`--report FORMAT=FILE`: what is refused, where it goes, and that it is there at every end."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.recipes.repositories import commit, make_repository

from ccci import cli
from ccci.actions import converge, explain, identity, plan
from ccci.commands.reporting import SWEPT
from ccci.errors import EngineUnavailable, Interrupted
from ccci.exits import Verdict
from ccci.planning.model import Plan
from ccci.report.formats import FORMATS
from ccci.report.model import Report

RECORDING = Path(__file__).parents[2] / "recordings" / "rollouts" / "oom.jsonl"
FOUND = Report("converge", Verdict.ROLLED_BACK, "app was rolled back", target="shop", stack="shop")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    return tmp_path


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.run(words)
    return int(str(stop.value.code))


def kind(path: Path) -> str:
    """Return how a run ended by its JUnit file."""
    root = ET.fromstring(path.read_text())  # noqa: S314 -- ours
    (case,) = root.iter("testcase")
    return str(case[0].get("type"))


def ends(error: BaseException) -> Callable[..., Report]:
    def body(*_: object, **__: object) -> Report:
        raise error

    return body


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("junit",), "names no file"),
        (("junit=",), "names no file"),
        (("junit= ",), "names no file"),
        (("=x",), "is no form of a report"),
        (("xml=x",), "is no form of a report"),
        (("JUnit=x",), "is no form of a report"),
        (("junit=a", "json=./a"), "to one place"),
        (("junit=a", "junit=a"), "to one place"),
        (("junit=-", "json=-"), "to one place"),
        (("junit=runs/",), "is a folder"),
        (("junit=.",), "is a folder"),
        (("junit=file/x/y",), "is no folder"),
        ((f"junit={'x' * 300}",), "no name of a file"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], said: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "file").write_text("")
    assert run("converge", "shop", *(part for word in words for part in ("--report", word))) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert "next" in told.err
    assert "Traceback" not in told.err


def test_the_forms_are_named_where_one_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    run("converge", "shop", "--report", "xml=x")
    assert ", ".join(FORMATS) in capsys.readouterr().err


def test_standard_output_is_one_document_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "converge", "shop", "--report", "json=-") == 2
    assert json.loads(capsys.readouterr().out)["verdict"] == "usage"
    assert run("explain", str(RECORDING), "--report", "json=-") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["verdict"] == "rolled-back"
    assert "ROLLED-BACK: " in told.err
    assert run("--json", "explain", str(RECORDING)) == 0
    assert capsys.readouterr().out == told.out


ENDS = [
    (EngineUnavailable("no Engine answers"), "unable", 3),
    (Interrupted(15), "interrupted", 143),
    (Interrupted(2), "interrupted", 130),
    (KeyboardInterrupt(), "interrupted", 130),
    (MemoryError(), "unable", 3),
    (OSError(28, "No space left on device", "/x"), "unable", 3),
    (KeyError("odd"), "bug", 70),
]


@pytest.mark.parametrize(("error", "verdict", "code"), ENDS)
@pytest.mark.parametrize("verb", ["converge", "identity"])
def test_it_is_written_whatever_ends_the_verb(
    verb: str, error: BaseException, verdict: str, code: int, monkeypatch: pytest.MonkeyPatch,
    place: Path,
) -> None:  # fmt: skip
    module, name = {"converge": (converge, "_judged"), "identity": (identity, "_found")}[verb]
    monkeypatch.setattr(module, name, ends(error))
    assert run(verb, "shop", "--report", "junit=x.xml", "--report", "json=x.json") == code
    assert kind(place / "x.xml") == verdict
    written = json.loads((place / "x.json").read_text())
    assert (written["verdict"], written["exit_code"]) == (verdict, code)


@pytest.mark.parametrize(
    "words",
    [
        ("converge", "--nosuch", "shop"),
        ("convrge", "shop"),
        ("converge",),
        ("upgrade", "shop"),
        ("--nosuch", "converge", "shop"),
        ("converge", "-x"),
        ("converge", "shop", "--timeout", "soon"),
        ("explain", "nothing-of-that-name"),
        ("runs", "--bad"),
        ("sweep", "rollback-policy", "--format", "xml"),
        ("plan",),
        ("teardown", "-x"),
    ],
)
def test_it_is_written_of_a_command_line_that_is_refused(
    words: tuple[str, ...], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words, "--report", "junit=out/x.xml") == 2
    assert kind(place / "out" / "x.xml") == "usage"
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith("USAGE: ")


def test_a_document_of_a_refusal_says_what_was_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "upgrade", "shop") == 2
    told = json.loads(capsys.readouterr().out)
    assert told["summary"].startswith("--head is missing")
    assert told["command"] == "upgrade"


@pytest.mark.parametrize(
    "words",
    [
        ("explain", str(RECORDING), "--report", "markdown=x.md"),
        ("--report", "markdown=x.md", "explain", str(RECORDING)),
        ("--report=markdown=x.md", "-q", "explain", str(RECORDING)),
    ],
)
def test_it_stands_before_the_verb_or_behind_it(words: tuple[str, ...], place: Path) -> None:
    assert run(*words) == 0
    assert (place / "x.md").read_text().startswith("### ccci converge")


def test_what_stands_behind_the_dashes_is_commands_own(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    seen: list[tuple[str, ...]] = []

    def judged(request: converge.Request, *_: object) -> Report:
        seen.append(request.command)
        return FOUND

    monkeypatch.setattr(converge, "_judged", judged)
    words = ("deploy", "--report", "junit=theirs.xml")
    assert run("--report", "json=ours", "converge", "shop", "--", *words) == 10
    assert seen == [words]
    assert (place / "ours").exists()
    assert not (place / "theirs.xml").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CCCI_REPORT", "junit=a.xml\n\nmarkdown=b.md"),
        ("PLUGIN_REPORT", "junit=a.xml,markdown=b.md"),
        ("PLUGIN_REPORT", '["junit=a.xml", "markdown=b.md"]'),
        ("PLUGIN_REPORT", '{"junit": "a.xml", "markdown": "b.md"}'),
    ],
)
def test_a_variable_asks_for_several(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv(name, value)
    run("explain", str(RECORDING))
    assert (place / "a.xml").exists()
    assert (place / "b.md").exists()
    (place / "a.xml").unlink()
    assert run("converge", "--bad") == 2
    assert kind(place / "a.xml") == "usage"


def test_every_form_is_written_readable_by_the_umask_and_whole(place: Path) -> None:
    words = [word for name in FORMATS for word in ("--report", f"{name}=out/in/{name}.txt")]
    before = os.umask(0o022)
    try:
        run("explain", str(RECORDING), *words)
    finally:
        os.umask(before)
    folder = place / "out" / "in"
    assert {path.stem for path in folder.iterdir()} == set(FORMATS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_link_is_replaced_and_what_it_leads_to_stays(place: Path) -> None:
    (place / "theirs").write_text("theirs")
    (place / "x.md").symlink_to("theirs")
    run("explain", str(RECORDING), "--report", "markdown=x.md")
    assert not (place / "x.md").is_symlink()
    assert (place / "theirs").read_text() == "theirs"


def test_an_open_file_is_written_to_by_its_number_and_is_no_file_of_its_own(place: Path) -> None:
    with (place / "log").open("w") as log:
        log.write("before\n")
        log.flush()
        run("explain", str(RECORDING), "--report", f"markdown=/dev/fd/{log.fileno()}")
    assert (place / "log").read_text().startswith("before\n### ccci converge")


def test_a_pipe_is_written_to_and_stays_one(place: Path) -> None:
    os.mkfifo(place / "pipe")
    reader = os.open(place / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        run("explain", str(RECORDING), "--report", "markdown=pipe")
        assert os.read(reader, 100).startswith(b"### ccci converge")
    finally:
        os.close(reader)
    assert (place / "pipe").is_fifo()


@pytest.mark.slow
def test_what_the_repository_tracks_or_linked_is_never_written(place: Path) -> None:
    recipe = make_repository(place / "recipe")
    (recipe / "out").symlink_to(place)
    commit(recipe, {"report.md": "theirs"})
    for target in ("report.md", "out/x.md"):
        assert run("explain", str(RECORDING), "--report", f"markdown={recipe}/{target}") == 2
    assert (recipe / "report.md").read_text() == "theirs"
    assert not (place / "x.md").exists()
    assert run("explain", str(RECORDING), "--report", f"markdown={recipe}/new/x.md") == 0
    assert (recipe / "new" / "x.md").exists()


def test_a_file_of_an_earlier_run_is_not_taken_for_this_ones(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    (place / "x.xml").write_text("of an earlier run")
    seen: list[bool] = []

    def judged(*_: object) -> Report:
        seen.append((place / "x.xml").exists())
        return FOUND

    monkeypatch.setattr(converge, "_judged", judged)
    assert run("converge", "shop", "--report", "junit=x.xml") == 10
    assert seen == [False]


def test_what_cannot_be_written_is_a_warning_and_the_verdict_stands(
    monkeypatch: pytest.MonkeyPatch, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(converge, "_judged", lambda *_: FOUND)
    words = ("--report", "junit=/dev/full", "--report", "json=/proc/nowhere/x", "--report")
    assert run("converge", "shop", *words, "markdown=x.md") == 10
    told = capsys.readouterr()
    assert "Warning: --report junit=/dev/full: No space left on device" in told.err
    assert "Warning: --report json=/proc/nowhere/x: " in told.err
    assert "ROLLED-BACK: app was rolled back (exit 10)" in told.out
    assert (place / "x.md").exists()


def test_a_bug_of_a_writer_takes_no_verdict_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(converge, "_judged", lambda *_: FOUND)
    monkeypatch.setattr("ccci.report.writers.junit.write", ends(KeyError("odd")))
    assert run("converge", "shop", "--report", "junit=x.xml") == 10
    assert "could not be made, a bug: KeyError('odd')" in capsys.readouterr().err


def test_a_signal_while_copies_are_written_leaves_the_rest_as_it_was_known(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    from ccci.terminal import copies

    whole, due = copies.Copy.write, [Interrupted(15)]

    def once(copy: copies.Copy, text: str) -> None:
        if copy.format == "json" and due:
            raise due.pop()
        whole(copy, text)

    monkeypatch.setattr(copies.Copy, "write", once)
    monkeypatch.setattr(converge, "_judged", lambda *_: FOUND)
    assert run("converge", "shop", "--report", "junit=x", "--report", "json=y") == 143
    assert json.loads((place / "y").read_text())["verdict"] == "rolled-back"


def test_a_recording_gives_the_same_bytes_on_another_machine(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    report = explain.explain(place, str(RECORDING))
    monkeypatch.setattr(converge, "_judged", lambda *_: report)
    here = [word for name in FORMATS for word in ("--report", f"{name}=here/{name}")]
    assert run("converge", "shop", *here) == 10
    (folder,) = (path for path in (place / "runs").iterdir() if path.is_dir())
    shutil.copytree(folder, place / "artifact")
    shutil.rmtree(place / "runs")
    there = [word for name in FORMATS for word in ("--report", f"{name}=there/{name}")]
    assert run("explain", str(place / "artifact"), *there) == 0
    for name in set(FORMATS) - {"html"}:
        assert (place / "here" / name).read_bytes() == (place / "there" / name).read_bytes()


@pytest.mark.slow
def test_a_lost_reader_costs_no_copy(place: Path) -> None:
    code = f"import ccci.cli; ccci.cli.run(['explain', {str(RECORDING)!r}, '--report', 'json=x'])"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, check=False)
    assert done.returncode == 141
    assert json.loads((place / "x").read_text())["verdict"] == "rolled-back"


SERVICE = "services: {app: {image: x, deploy: {update_config: {failure_action: rollback}}}}"


def test_a_sweep_is_copied_in_each_of_its_forms(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "compose.yml").write_text(SERVICE)
    words = [word for name in SWEPT for word in ("--report", f"{name}=out/{name}")]
    verb = ("sweep", "rollback-policy", "compose.yml", "--fail-on", "warning")
    assert run(*verb, *words) == 20
    assert "compose.yml" in capsys.readouterr().out
    for form in ("json", "sarif"):
        run(*verb, "--format", form)
        assert (place / "out" / form).read_text() == capsys.readouterr().out
    entries = json.loads((place / "out" / "gitlab").read_text())
    assert {each["location"]["path"] for each in entries} == {"compose.yml"}
    assert len({each["fingerprint"] for each in entries}) == len(entries)
    lines = (place / "out" / "github").read_text().splitlines()
    assert lines
    assert all(re.match("::(error|warning|notice) file=compose.yml,", line) for line in lines)
    assert (place / "out" / "markdown").read_text().startswith("### Rollback policy")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--report", "junit=x"), "it has json, markdown, sarif, github, gitlab"),
        (("--report", "sarif=-", "--format", "json"), "--format wants standard output as well"),
        (("--report", "json=x", "--fix"), "has no report"),
    ],
)
def test_what_a_sweep_has_no_form_of_is_refused(
    words: tuple[str, ...], said: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "compose.yml").write_text(SERVICE)
    assert run("sweep", "rollback-policy", "compose.yml", *words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "words", "told"),
    [
        (
            "junit=x.xml\nhtml=x.html\nmarkdown=x.md",
            (),
            "CCCI_REPORT asks for junit, html, passed over: this command has no such form",
        ),
        (
            "sarif=-\nmarkdown=x.md",
            ("--format", "json"),
            "CCCI_REPORT asks for sarif, passed over: --format wants standard output as well",
        ),
        (
            "sarif=-\nmarkdown=x.md",
            ("--json",),
            "CCCI_REPORT asks for sarif, passed over: --json wants standard output as well",
        ),
    ],
)
def test_what_a_pipeline_asks_of_every_command_is_passed_over_where_one_has_it_not(
    asked: str, words: tuple[str, ...], told: str, place: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (place / "compose.yml").write_text(SERVICE)
    monkeypatch.setenv("CCCI_REPORT", asked)
    verb = ("sweep", "rollback-policy", "compose.yml", "--fail-on", "never")
    assert run(*verb, *words) == 0
    assert capsys.readouterr().err.splitlines() == [f"Warning: {told}"]
    assert (place / "x.md").exists()
    assert not (place / "x.xml").exists()


def test_a_fix_is_made_whatever_reports_a_pipeline_asks_for(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "compose.yml").write_text(SERVICE)
    monkeypatch.setenv("CCCI_REPORT", "sarif=x.sarif")
    assert run("sweep", "rollback-policy", "compose.yml", "--fix", "--dry-run") == 0
    assert "CCCI_REPORT asks for sarif, passed over: --fix" in capsys.readouterr().err


def test_a_users_file_asks_every_command_too(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place / "config"))
    (place / "config" / "ccci").mkdir(parents=True)
    (place / "config" / "ccci" / "config.toml").write_text('report = ["junit=x.xml"]')
    (place / "compose.yml").write_text(SERVICE)
    assert run("sweep", "rollback-policy", "compose.yml", "--fail-on", "never") == 0
    assert "a file of settings asks for junit, passed over" in capsys.readouterr().err


def test_a_plan_is_copied_in_each_of_its_forms(
    monkeypatch: pytest.MonkeyPatch, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def planned(*_: object, keep_secret: Callable[[list[str]], None], **__: object) -> Plan:
        keep_secret(["s3cretly"])
        return Plan("shop", Verdict.DONE, "nothing to do with s3cretly")

    monkeypatch.setattr(plan, "plan", planned)
    words = ("--report", "json=x.json", "--report", "markdown=x.md")
    assert run("plan", "shop", *words, "--", "true") == 0
    assert "DONE: " in capsys.readouterr().out
    assert json.loads((place / "x.json").read_text())["summary"] == "nothing to do with ***"
    assert "s3cretly" not in (place / "x.md").read_text()
    assert run("plan", "shop", "--report", "junit=x", "--", "true") == 2
    capsys.readouterr()
    monkeypatch.setenv("PLUGIN_REPORT", "junit=y.xml,markdown=y.md")
    assert run("plan", "shop", "--", "true") == 0
    assert "PLUGIN_REPORT asks for junit, passed over" in capsys.readouterr().err
    assert (place / "y.md").exists()


def test_a_runners_summary_gets_the_report_behind_what_is_there(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = place / "summary.md"
    summary.write_text("# of the step before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setattr(converge, "_judged", lambda *_: FOUND)
    run("converge", "shop")
    assert summary.read_text() == "# of the step before\n"  # that is no runner
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run("converge", "shop")
    told = summary.read_text()
    assert told.startswith("# of the step before\n\n")
    assert told.count("app was rolled back") == 1
    run("converge", "shop", "--report", f"markdown={summary}")
    assert summary.read_text().count("app was rolled back") == 1


def test_a_command_line_that_is_refused_is_in_a_runners_summary_too(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "summary.md"))
    assert run("converge", "shop", "--timeout", "abc") == 2
    assert "abc" in (place / "summary.md").read_text()


def test_a_summary_that_cannot_be_written_is_no_verdict(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place))
    monkeypatch.setattr(converge, "_judged", lambda *_: FOUND)
    assert run("converge", "shop") == 10
    assert f"GITHUB_STEP_SUMMARY: {place}: Is a directory" in capsys.readouterr().err
