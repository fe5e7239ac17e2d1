"""What a deployer or COMMAND prints, in a file of the run: bounded, and never a reason to stop."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ccci.host.files import PRIVATE

LARGEST = 8 * 2**20
"""So many characters are kept; whoever prints more is told to have been cut."""


class LogFile:
    """A log while it is written, by any thread; `trouble` says once what is not whole."""

    def __init__(self, path: Path, *, largest: int = LARGEST) -> None:
        """Add to a file that only its owner can read."""
        self.trouble: list[str] = []
        self._path = path
        self._room = largest
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._file = os.fdopen(
                os.open(path, flags, PRIVATE), "a", encoding="utf-8", errors="backslashreplace"
            )
        except OSError as error:
            self._complain(str(error.strerror))

    def add(self, line: str) -> None:
        """Add a line."""
        with self._lock:
            if self._file is None or self._file.closed or self.trouble:
                return
            self._room -= len(line) + 1
            if self._room < 0:
                self._complain("more was printed than is kept")
                line = "… and more, which is not kept"
            try:
                self._file.write(f"{line}\n")
                self._file.flush()
            except (OSError, ValueError) as error:
                self._complain(str(getattr(error, "strerror", None) or error))

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        with self._lock, suppress(OSError):
            if self._file is not None:
                self._file.close()

    def _complain(self, why: str) -> None:
        if not self.trouble:
            self.trouble.append(f"{self._path} is not whole: {why}")
