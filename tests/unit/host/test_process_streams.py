"""COMMAND's streams: what it may read, and which of its words tell why it failed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccci.host.process import Running

pytestmark = pytest.mark.slow

STARTS = """
import sys
from ccci.host.process import Running
from ccci.host.surroundings import Surroundings
within = Surroundings(reads_ours=True)
running = Running(sys.argv[1:], lines=print, error_lines=print, within=within)
running.wait(20)
running.end()
"""
READS = ("sh", "-c", "cat; echo end")


def ours(**streams: object) -> str:
    """Return what COMMAND prints below a ccci whose standard input is this."""
    finished = subprocess.run(
        [sys.executable, "-c", STARTS, *READS],
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
        check=True,
        **streams,  # type: ignore[call-overload]
    )
    return str(finished.stdout)


def test_command_reads_our_standard_input(tmp_path: Path) -> None:
    assert ours(input="services: {}\n") == "services: {}\nend\n"
    file = tmp_path / "file"
    file.write_text("from a file\n")
    with file.open() as opened:
        assert ours(stdin=opened) == "from a file\nend\n"


def test_a_closed_standard_input_is_an_empty_one() -> None:
    assert ours(stdin=None, preexec_fn=lambda: os.close(0)) == "end\n"


def test_a_terminal_is_not_handed_on() -> None:
    # A process in a session of its own would get an error of it, or wait for ever.
    ours_end, theirs = os.openpty()
    try:
        assert ours(stdin=theirs) == "end\n"
    finally:
        os.close(ours_end)
        os.close(theirs)


def test_what_is_not_said_to_read_ours_reads_nothing() -> None:
    lines: list[str] = []
    running = Running(READS, lines=lines.append)
    assert running.wait(20) == 0
    assert lines == ["end"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo no such network >&2; echo; echo removing temporary files", "no such network"),
        ("echo first >&2; echo last >&2; echo >&2; echo bye", "last"),
        ("echo only this", "only this"),
        ("true", ""),
        (
            "echo no such network >&2; echo 'make: *** [Makefile:3: deploy] Error 1' >&2",
            "no such network",
        ),
        ("echo no such network >&2; echo 'exit status 1' >&2", "no such network"),
        ("echo 'make[1]: *** [deploy] Error 1' >&2", "make[1]: *** [deploy] Error 1"),
    ],
)
def test_the_reason_is_the_last_line_of_the_errors_else_of_the_output(
    script: str, expected: str
) -> None:
    lines: list[str] = []
    running = Running(("sh", "-c", script), lines=lines.append, error_lines=lines.append)
    running.wait(20)
    assert running.reason == expected


def test_what_is_said_last_beside_the_errors_is_no_reason(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    script = f"echo no such network >&2; until [ -e {heard} ]; do :; done; echo bye"
    lines: list[str] = []
    running = Running(("sh", "-c", script), lines=lines.append, error_lines=lambda _: heard.touch())
    running.wait(20)
    assert running.output == "no such network\nbye"
    assert running.reason == "no such network"


def test_through_one_pipe_the_last_line_is_the_reason() -> None:
    lines: list[str] = []
    running = Running(("sh", "-c", "echo out; echo error >&2"), lines=lines.append)
    running.wait(20)
    assert running.reason == "error"
