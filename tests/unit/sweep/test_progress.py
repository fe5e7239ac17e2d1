"""The bar while many recipes are swept: on a terminal, and nowhere else."""

import io
import sys

import pytest

from ccci.sweep.printing import progress
from ccci.terminal.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def advance(total: int) -> None:
    with progress(Output(), total) as seen:
        for _ in range(total):
            seen()


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    advance(300)
    assert "sweeping" in terminal.getvalue()


def test_a_log_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    advance(300)
    assert log.getvalue() == ""
