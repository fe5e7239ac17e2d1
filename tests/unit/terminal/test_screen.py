import os
import sys
import termios
from io import StringIO

import pytest

from ccci.terminal.escapes import ERASE
from ccci.terminal.screen import Screen


def test_a_line_is_as_wide_as_the_terminal_that_shows_it_wherever_results_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    reader, writer = os.openpty()
    termios.tcsetwinsize(writer, (24, 40))
    with os.fdopen(writer, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(sys, "stdout", StringIO())
        Screen().tell("waiting for " + "x" * 100)
        told = os.read(reader, 1000).decode()
    os.close(reader)
    assert len(told.removeprefix(ERASE)) == 39
