"""Files of a recipe, which is a stranger's: read once, bounded, and never from outside of it.

A path is judged where it really lies, and the very bytes that were read are what is handed on: a
link, a pipe, a device, `/proc`, or a file that is exchanged in between never comes into it.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccci.errors import CcciError, DeployRefused

LARGEST = 1024 * 1024
"""Bytes of a file that a config, a secret or an `env_file` is made from; Swarm takes 1,000 KiB of
a config and 500 KB of a secret (swarmkit api/validation)."""

LARGEST_SETTINGS = 256 * 1024
"""Bytes of an `.env`, an `.env.sample` and an `abra.sh`."""

MOST_COMPOSE_FILES = 50
"""Compose files that COMPOSE_FILE may name."""

_HINT = "keep what the recipe needs inside of it, as plain files"


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turn whatever Python makes of odd names and odd content into a DeployRefused about `what`.

    The one boundary for reading a recipe: a name with a NUL or with 5,000 characters (ValueError,
    OSError), links in a circle (OSError, RuntimeError), what is nested too deep (RecursionError),
    numbers beyond all bounds (OverflowError, ValueError).
    """
    try:
        yield
    except CcciError:
        raise
    except (OSError, ValueError, RuntimeError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        told = reason or type(error).__name__
        raise DeployRefused(f"{shown(what)} cannot be read: {told}", "correct it") from None


def shown(name: str) -> str:
    """Return a name as a message may hold it: a long one cut."""
    return name if len(name) <= 200 else f"{name[:160]}… ({len(name)} characters)"  # noqa: PLR2004


def lies(folder: Path, name: str, start: Path, beside: Path | None) -> tuple[Path, Path]:
    """Return the folder that a file has to lie in, and where its name begins.

    That is `folder` and `start` (the recipe's), but for what the user's overlay names and has
    `beside` itself.
    """
    with refusing(name):
        if beside is not None and os.path.lexists(beside / name):
            return beside, beside
    return folder, start


def inside(folder: Path, name: str, *, start: Path | None = None) -> Path:
    """Return a recipe's file, relative to `start` (default: `folder`).

    Raise DeployRefused where it, or its link, leads out of `folder`.
    """
    with refusing(name):
        path = (start or folder) / name
        if not _within(os.path.realpath(path), folder):
            raise DeployRefused(f"{shown(name)} leads out of the recipe's folder", _HINT)
    return path


def read(folder: Path, name: str, *, start: Path | None = None, most: int = LARGEST) -> bytes:
    """Return what a plain file of the recipe holds.

    Raise DeployRefused where there is none, where it leads out of `folder`, where it is no plain
    file, or where it holds more than `most` bytes.
    """
    path = inside(folder, name, start=start)
    with refusing(name):
        # NONBLOCK: to open a pipe does not wait for who writes into it.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            # Asked again of what was opened: a link may have been turned in between.
            if not _within(os.path.realpath(f"/proc/self/fd/{number}"), folder):
                raise DeployRefused(f"{shown(name)} leads out of the recipe's folder", _HINT)
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise DeployRefused(f"{shown(name)} is no plain file", _HINT)
            with open(number, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(number)
    if len(content) > most:
        raise DeployRefused(f"{shown(name)} has more than {most} bytes", "is it the right file?")
    return content


def settings(folder: Path, name: str) -> str | None:
    """Return the text of an `.env.sample` or `abra.sh`, or None where there is none.

    Raise DeployRefused as `read` does, and for a text with a NUL, which no variable can hold.
    """
    path = inside(folder, name)
    with refusing(name):
        if not os.path.lexists(path):
            return None
    return decoded(read(folder, name, most=LARGEST_SETTINGS), name)


def decoded(content: bytes, name: str) -> str:
    """Return settings as text. Raise DeployRefused for a NUL in them."""
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DeployRefused(f"{name} line {line} holds a NUL", "take it out")
    return content.decode("utf-8", errors="replace")


def _within(real: str, folder: Path) -> bool:
    whole = os.path.realpath(folder)
    return real == whole or real.startswith(whole + os.sep)
