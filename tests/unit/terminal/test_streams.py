"""What becomes of output that nobody reads, in processes of their own."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccci.errors import Interrupted
from ccci.host import interrupts
from ccci.host.clock import monotonic

pytestmark = pytest.mark.slow


def ccci(*words: str) -> list[str]:
    return [sys.executable, "-m", "ccci", *words]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "CCCI_RUNS_DIR": str(tmp_path / "runs"),
        "XDG_STATE_HOME": str(tmp_path),
        "DOCKER_HOST": f"unix://{tmp_path}/absent.sock",
        "HOME": str(tmp_path),
    }


def no_reader() -> int:
    ours, theirs = os.pipe()
    os.close(ours)
    return theirs


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        ("--help", (1,)),
        ("--json runs", (1,)),
        ("runs", (1, 2)),
        ("upgarde", (2,)),
        ("--json upgarde", (1, 2)),
    ],
)
@pytest.mark.parametrize("full", [False, True], ids=["no reader", "full disk"])
def test_a_lost_reader_is_no_verdict_and_no_traceback(
    environment: dict[str, str], words: str, lost: tuple[int, ...], full: bool
) -> None:
    gone = os.open("/dev/full", os.O_WRONLY) if full else no_reader()
    done = subprocess.run(
        ccci(*words.split()),
        env=environment,
        stdout=gone if 1 in lost else subprocess.PIPE,
        stderr=gone if 2 in lost else subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(gone)
    said = (done.stderr or b"") + (done.stdout or b"")
    assert b"Traceback" not in said, said
    assert b"Exception ignored" not in said, said
    assert done.returncode == 141, said


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_from_the_start_is_missed_by_nobody(
    environment: dict[str, str], closed: str
) -> None:
    script = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *ccci("runs")],
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr + done.stdout


WAITING = """
import sys
from ccci.host import clock, interrupts
from ccci.terminal.streams import tolerant
from ccci.errors import Interrupted

with tolerant() as streams, interrupts.heard(streams.say):
    try:
        print("waits", flush=True)
        while True:
            clock.sleep(0.05)
    except Interrupted as stopped:
        print("cleans up", flush=True)
        for line in sys.stdin:
            print("cleaned up", flush=True)
        code = stopped.exit_code
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
)
def test_each_signal_leads_to_the_cleanup_and_a_second_one_is_answered(
    number: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        assert process.stdout.readline() == "cleans up\n"
        assert "removing what was made" in process.stderr.readline()
        for second in (signal.SIGINT, signal.SIGHUP):
            process.send_signal(second)
            assert f"kill -9 {process.pid}" in process.stderr.readline()
        process.stdin.write("\n")
        process.stdin.close()
        assert process.wait(20) == code
        assert "Traceback" not in process.stderr.read()


def test_a_signal_that_was_to_be_passed_over_is() -> None:
    argv = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-c", WAITING]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "cleans up\n"
        assert process.stdin
        process.stdin.close()
        assert process.wait(20) == 143


def test_a_terminal_that_is_closed_ends_it_by_its_hangup() -> None:
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover -- another process
        words = [sys.executable, "-c", WAITING.replace("sys.stdin", "range(0)")]
        os.execv(sys.executable, words)  # noqa: S606
    seen = b""
    while b"waits" not in seen:
        seen += os.read(terminal, 100)
    os.close(terminal)
    until = monotonic() + 20
    ended, status = 0, 0
    while not ended and monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
    assert os.waitstatus_to_exitcode(status) == 129


def test_ctrl_c_before_anything_began_is_no_traceback(environment: dict[str, str]) -> None:
    slow = (
        "import builtins, os, signal, sys\n"
        "import ccci.__main__ as main\n"
        "sys.argv[1:] = ['runs']\n"
        "real = builtins.__import__\n"
        "def late(name, *rest):\n"
        "    if name == 'ccci.cli':\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = late\n"
        "main.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", slow], env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr == b""


@pytest.mark.parametrize("words", [["--version"], ["version"], ["--help"]])
@pytest.mark.parametrize(("stream", "code"), [(">/dev/full", 141), (">&-", 0), ("", 0)])
def test_what_nobody_can_read_ends_every_word_alike(
    words: list[str], stream: str, code: int, environment: dict[str, str]
) -> None:
    argv = [sys.executable, "-m", "ccci", *words]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {stream}', "sh", *argv],
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (code, b"")


def test_a_signal_that_python_wrapped_is_still_that_signal() -> None:
    class Late:
        def __set_name__(self, owner: type, name: str) -> None:
            raise Interrupted(15)

    def wrapped() -> Exception:
        try:
            type("Made", (), {"late": Late()})
        except Exception as error:  # noqa: BLE001 -- up to 3.11 it is a RuntimeError
            return error
        except Interrupted as stopped:
            as_before = RuntimeError("Error calling __set_name__")
            as_before.__cause__ = stopped
            return as_before
        raise AssertionError

    stopped = interrupts.behind(wrapped())
    assert stopped is not None
    assert stopped.exit_code == 143
    assert interrupts.behind(RuntimeError("another")) is None
