"""A lock file that the kernel frees when its holder dies, and that may be removed safely."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccci.errors import CcciError
from ccci.host import clock
from ccci.host.files import PRIVATE

LOOK_EVERY = 0.2


class Busy(CcciError):  # noqa: N818 -- reads as what happened
    """Another process on this host has the lock file."""


@contextmanager
def hold(
    path: Path, words: str, *, until: float, waiting: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the lock file `path`, with `words` in it that say who we are.

    Wait for it up to `until` on the monotonic clock; `waiting` is told at each look who has it, in
    that one's own words. Raise Busy when it stays taken, CcciError when the folder cannot be used.
    """
    descriptor = _take(path, until, waiting)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, words.encode("utf-8", "backslashreplace"), 0)
        yield
    finally:
        # Removed while it is held: whoever waits for this file finds another, or none, at its path.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                path.unlink()
        os.close(descriptor)


def is_free(path: Path) -> bool:
    """Say whether nobody holds the lock file; the answer is old as soon as it is given."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return not path.exists()
    try:
        return _locked(descriptor)
    finally:
        os.close(descriptor)


def _take(path: Path, until: float, waiting: Callable[[str], None]) -> int:
    while True:
        descriptor = _opened(path)
        try:
            # The file may have been removed, and made anew, between opening and locking it: then
            # we hold a file that nobody else will ever look at.
            if _locked(descriptor) and _still_there(descriptor, path):
                return descriptor
            holder = os.pread(descriptor, 500, 0).decode(errors="replace").strip()
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if clock.monotonic() >= until:
            raise Busy(holder or "another process of this host")
        if holder:
            waiting(holder)
        clock.sleep(LOOK_EVERY)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE)
    except OSError as error:
        raise CcciError(
            f"the lock file {path} cannot be opened: {error.strerror}",
            "set XDG_STATE_HOME to a folder that can be written",
        ) from error


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_there(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def folder_name(folder: Path) -> str:
    """Return the name that tells this folder of lock files from those of other hosts."""
    path = folder / "folder-name"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{os.urandom(16).hex()}"
        draft.write_text(f"{os.urandom(16).hex()}\n")
        # A link is made whole or not at all, and never over one that is there.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise CcciError(
            f"the folder of locks {folder} cannot be used: {error.strerror}",
            "set XDG_STATE_HOME to a folder that can be written",
        ) from error
