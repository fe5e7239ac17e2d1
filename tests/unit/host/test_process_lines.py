import sys
import threading
from pathlib import Path

import pytest

from ccci.host.process import Running
from ccci.host.surroundings import Surroundings

pytestmark = pytest.mark.slow

ASKS = """
import os, sys
print("terminal" if all(os.isatty(n) for n in (0, 1, 2)) else "no terminal", flush=True)
print(os.get_terminal_size().columns if os.isatty(1) else 0, file=sys.stderr, flush=True)
sys.stdout.write("no newline")
"""


def test_a_command_finds_a_terminal_and_its_lines_come_in_order() -> None:
    lines: list[str] = []
    running = Running(
        (sys.executable, "-c", ASKS), lines=lines.append, within=Surroundings(terminal=True)
    )
    assert running.wait(20) == 0
    assert lines == ["terminal", "200", "no newline"]


def test_without_a_terminal_both_streams_come_through_one_pipe() -> None:
    lines: list[str] = []
    running = Running((sys.executable, "-c", ASKS), lines=lines.append)
    assert running.wait(20) == 0
    assert lines == ["no terminal", "0", "no newline"]


def test_one_that_waits_for_an_answer_is_ended_with_all_it_started() -> None:
    seen = threading.Event()
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        seen.set()

    script = "sh -c 'echo $$; exec sleep 1000' & read -r answer"
    running = Running(("bash", "-c", script), lines=take, within=Surroundings(terminal=True))
    assert seen.wait(20)
    assert running.wait(0) is None
    running.end()
    assert running.code is not None
    child = int(lines[0])
    stat = Path(f"/proc/{child}/stat")
    state = stat.read_text().split()[2] if stat.exists() else "gone"
    assert state in {"gone", "Z"}


def test_a_grandchild_that_keeps_the_terminal_open_does_not_hold_us_up() -> None:
    lines: list[str] = []
    running = Running(
        ("bash", "-c", "sleep 5 & echo done"),
        lines=lines.append,
        within=Surroundings(terminal=True),
    )
    assert running.wait(10) == 0
    assert lines == ["done"]
    running.end()
