"""Temporary folders, which no record names: found where we were killed."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccci.host import clock, file_lock

PREFIX = "ccci-run-"
ALIVE = "alive.lock"
"""The file of a folder that is held while somebody works in it."""


@contextmanager
def folder(what: str) -> Iterator[Path]:
    """Give a temporary folder for the block; where we are killed in it, `find` has it."""
    with (
        tempfile.TemporaryDirectory(prefix=f"{PREFIX}{what}-") as name,
        file_lock.hold(Path(name) / ALIVE, what, until=clock.monotonic()),
    ):
        yield Path(name)


def find() -> tuple[Path, ...]:
    """Return the temporary folders that nobody works in any more.

    Of this user alone: what others put under such a name is left to them.
    """
    found = []
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            about = path.lstat()
            ours = stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid()
            # An empty one may just have been made; whoever is killed then leaves nothing of worth.
            begun = ours and not about.st_mode & 0o077 and any(path.iterdir())
            if begun and file_lock.is_free(path / ALIVE):
                found.append(path)
    return tuple(sorted(found))
