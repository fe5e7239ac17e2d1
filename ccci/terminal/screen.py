"""The lower end of a terminal: what is redrawn there stays below the lines that others print.

COMMAND's lines, warnings and deaths come from several threads, and would land in the middle of a
table or of a line that tells of a wait. Whoever prints asks here first.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from ccci.report.columns import shortened
from ccci.terminal.escapes import ERASE

_DIGITS = 10
_USUAL = 80
"""Columns of a terminal that does not say how many it has."""


class Screen:
    """What is redrawn on standard error, if that is a terminal: a table, a line, or nothing."""

    def __init__(self) -> None:
        """Redraw nothing."""
        self._lock = threading.RLock()
        self._above: Callable[[str], None] | None = None
        self._line = ""

    def keep(self, above: Callable[[str], None]) -> None:
        """Leave the lower end to somebody who prints lines `above` what he redraws there."""
        with self._lock:
            self.tell("")
            self._above = above

    def leave(self) -> None:
        """Redraw nothing any more; no line is on its way above it after this."""
        with self._lock:
            self._above = None

    def tell(self, line: str) -> None:
        """Redraw one line, cut to the terminal's width; an empty one is gone."""
        with self._lock:
            if self._above is not None or line == self._line:
                return
            width = width_of(sys.stderr) or _USUAL
            shown = shortened(line, max(width - 1, 1)) if line else ""
            sys.stderr.write(f"{ERASE}{shown}")
            sys.stderr.flush()
            self._line = shown

    def say(self, stream: TextIO, text: str) -> None:
        """Write whole lines to a stream, above what is redrawn where that is on this terminal."""
        if (self._above is None and not self._line) or not _is_this_terminal(stream):
            _write(stream, text)
            return
        with self._lock:
            if self._above is not None:
                self._above(text)
                return
            line, self._line = self._line, ""
            if line:
                _write(sys.stderr, ERASE)
            _write(stream, text)
            if line:
                _write(sys.stderr, line)
                self._line = line


def width_of(stream: TextIO) -> int | None:
    """Return how many columns there are, None where nobody says: a log wraps its own lines."""
    asked = os.environ.get("COLUMNS", "")
    if len(asked) < _DIGITS and asked.isdecimal() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None if stream.isatty() else None
    except (OSError, ValueError):
        return None


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


def _is_this_terminal(stream: TextIO) -> bool:
    """Say whether what is written to a stream shows where standard error shows."""
    if stream is sys.stderr:
        return True
    try:
        ours, theirs = os.fstat(sys.stderr.fileno()), os.fstat(stream.fileno())
        return stream.isatty() and ours.st_rdev == theirs.st_rdev
    except (OSError, ValueError):
        return False
