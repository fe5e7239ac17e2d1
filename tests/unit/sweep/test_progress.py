"""The line while many recipes are swept: on a terminal, and nowhere else."""

import io
import sys

import pytest

from ccci.sweep.printing import progress
from ccci.terminal.escapes import ERASE
from ccci.terminal.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def advance(total: int) -> None:
    with progress(Output(), total) as seen:
        for _ in range(total):
            seen()


def test_a_terminal_gets_a_line_that_counts_and_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    advance(300)
    first, *_, last, none = terminal.getvalue().split(ERASE)[1:]
    assert (first, last, none) == ("sweeping: 3 of 300", "sweeping: 300 of 300", "")


def test_what_is_done_in_a_moment_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    advance(19)
    assert terminal.getvalue() == ""


def test_a_log_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    advance(300)
    assert log.getvalue() == ""
