"""A file that somebody else may have written: read where it is plain and of moderate size."""

import os
import stat
from pathlib import Path

LARGEST_FILE = 1024 * 1024
LARGEST_DOCUMENT = 64 * 2**20
"""Bytes of a document that ccci wrote itself: a report, a plan, a baseline."""


def read_plain(path: Path, inside: Path | None = None, *, most: int = LARGEST_FILE) -> bytes:
    """Return what a plain file of moderate size holds.

    With `inside`, what leads out of that folder, by a link or by `..`, is not followed. Nothing
    that is no plain file is read, so that a pipe cannot hang us. Raise OSError, or ValueError with
    the reason.
    """
    if inside is not None and not _is_inside(path, inside):
        raise ValueError("it leads out of the folder: not followed")
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("no plain file: not read")
        if status.st_size > most:
            raise ValueError(
                f"{status.st_size} bytes: larger than the {most} that are read of one file"
            )
        with open(number, "rb", closefd=False) as file:
            return file.read(most + 1)
    finally:
        os.close(number)


def _is_inside(path: Path, folder: Path) -> bool:
    if path.parent == folder and not path.is_symlink():
        return True  # the common case, without a look at every folder on the way
    return _real(path).is_relative_to(_real(folder))


def _real(path: Path) -> Path:
    # Path.resolve raises RuntimeError on a circle of links, which opening then reports better.
    return Path(os.path.realpath(path))
