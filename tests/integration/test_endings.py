"""All ways in which a run ends, each against a real run, and a count of what is left.

Ctrl-C and SIGTERM at every step are in test_interrupts.py.
"""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.recipes.abra_stand_in import DYING, commit
from support.recipes.upgrade_bench import Bench, made, read_until, rest_of
from support.sandbox.swarms import Swarm

from ccci.host.clock import monotonic
from ccci.recipe.naming import domain_of, stack_of
from ccci.records import runs


@pytest.fixture
def bench(swarm: Swarm, tmp_path: Path) -> Iterator[Bench]:
    with made(swarm, tmp_path) as given:
        yield given


def only_record(bench: Bench) -> runs.Record:
    (record,) = runs.recent(bench.folder / "runs")
    return record


def report_of(bench: Bench, record: runs.Record) -> dict[str, object]:
    text = (bench.folder / "runs" / record.id / runs.REPORT).read_text()
    return dict(json.loads(text))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGQUIT, 131)], ids=["HUP", "QUIT"]
)
@pytest.mark.parametrize("step", ["lock", "base deploy", "head deploy", "teardown"])
def test_a_signal_leads_through_the_teardown(
    bench: Bench, number: signal.Signals, code: int, step: str
) -> None:
    with bench.upgrade("--deployer", "stack") as running:
        read_until(running, f"{step} …")
        running.send_signal(number)
        said = rest_of(running)
        assert running.wait(10) == code, said
    assert "Traceback" not in said
    assert bench.left() == [], said
    record = only_record(bench)
    # What was decided before the teardown stays; before that nothing was.
    assert record.verdict == ("converged" if step == "teardown" else "interrupted")
    assert record.exit_code == code


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["story", "json"])
@pytest.mark.parametrize("step", ["fetch", "base check"])
def test_a_lost_reader_is_no_reason_to_stop_judging(
    bench: Bench, words: tuple[str, ...], step: str
) -> None:
    with bench.upgrade("--deployer", "stack", *words) as running:
        read_until(running, f"{step} …")
        assert running.stdout
        running.stdout.close()
        assert running.wait(240) == 141
    assert bench.left() == []
    assert only_record(bench).verdict == "converged"


def test_a_closed_terminal_leads_through_the_teardown(bench: Bench) -> None:
    argv = (
        *(sys.executable, "-m", "ccci", "-v", "upgrade", str(bench.recipe), "--head", bench.head),
        *("--deployer", "stack", "--resolve-image", "never"),
    )
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover -- another process
        os.execve(argv[0], argv, bench.environment)  # noqa: S606
    seen = b""
    while b"base deploy" not in seen:
        seen += os.read(terminal, 1000)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert bench.left() == []
    assert only_record(bench).verdict == "interrupted"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("size", ["64k", "160k", "240k", "320k"])
def test_a_full_disk_is_no_traceback_and_leaves_nothing(bench: Bench, size: str) -> None:
    with small_disk(bench.folder / "small", size) as small:
        where = {"CCCI_RUNS_DIR": str(small / "runs")}
        with bench.upgrade("--deployer", "stack", **where) as running:
            said = rest_of(running)
            code = running.wait(10)
        assert "Traceback" not in said
        assert code in {0, 3}, said
        if code == 3:
            assert "No space left on device" in said
        assert [each for each in bench.left() if not each.startswith("folder")] == [], said
        assert not list(small.glob("runs/*/abra"))


def test_a_folder_of_runs_that_cannot_be_written_is_a_note(bench: Bench) -> None:
    nowhere = {"CCCI_RUNS_DIR": "/proc/nowhere"}
    with bench.upgrade("--deployer", "stack", **nowhere) as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    assert "runs cannot be recorded in /proc/nowhere" in said
    with bench.upgrade("--deployer", "stack", **nowhere) as running:
        read_until(running, "base deploy …")
        running.kill()
    assert len([each for each in bench.left() if each.startswith("folder")]) == 2
    swept = sweep(bench, **nowhere)
    assert swept.returncode == 0, swept.stdout
    assert bench.left() == []


def sweep(bench: Bench, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ccci", "sweep", "leftovers"],
        env={**bench.environment, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_child_that_the_kernel_kills_is_told_and_leaves_nothing(bench: Bench) -> None:
    folder = bench.folder / "bin"
    folder.mkdir()
    real = subprocess.run(["which", "docker"], capture_output=True, text=True, check=True).stdout
    (folder / "docker").write_text(
        "#!/bin/sh\n"
        'case "$1 $2 $*" in *--help*) ;; "stack deploy "*) kill -9 $$ ;; esac\n'
        f'exec {real.strip()} "$@"\n'
    )
    (folder / "docker").chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    with bench.upgrade("--deployer", "stack", PATH=path) as running:
        said = rest_of(running)
        assert running.wait(10) == 17, said
    assert "137" in said
    assert bench.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_verdict_that_is_known_outlives_an_interrupted_teardown(
    bench: Bench, number: signal.Signals
) -> None:
    head = commit(bench.recipe, {"compose.yml": DYING, "note": "dies"})
    dying = Bench(bench.swarm, bench.folder, bench.recipe, head)
    with dying.upgrade("--deployer", "stack") as running:
        read_until(running, "teardown …")
        running.send_signal(number)
        said = rest_of(running)
        assert running.wait(10) == 128 + number, said
    assert dying.left() == [], said
    record = only_record(bench)
    report = report_of(bench, record)
    assert (record.verdict, report["exit_code"]) == ("rolled-back", 128 + number)
    services = report["services"]
    assert isinstance(services, list)
    assert [each["cause"]["code"] for each in services if each["cause"]] == ["exit-nonzero"]


def test_runs_of_one_commit_wait_for_each_other_and_each_ends_with_its_verdict(
    bench: Bench,
) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(bench.upgrade("--deployer", "stack"))
        read_until(first, "base deploy …")
        others = [
            stack.enter_context(bench.upgrade("--deployer", "stack", "--lock-timeout", "10m"))
            for _ in range(2)
        ]
        for each in others:
            told = read_until(each, "waiting up to")[-1]
            assert stack_of(domain_of("shop", bench.head)) in told
        said = [rest_of(each) for each in (first, *others)]
        assert [each.wait(10) for each in (first, *others)] == [0, 0, 0], "\n".join(said)
    assert bench.left() == []
    assert {each.verdict for each in runs.recent(bench.folder / "runs")} == {"converged"}


def test_a_killed_holder_hands_over_at_once(bench: Bench) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(bench.upgrade("--deployer", "stack"))
        read_until(first, "head deploy …")
        second = stack.enter_context(bench.upgrade("--deployer", "stack"))
        read_until(second, "waiting up to")
        first.kill()
        begun = monotonic()
        read_until(second, "base deploy …")
        assert monotonic() - begun < 60
        said = rest_of(second)
        assert second.wait(10) == 0, said
    assert bench.left() == []
