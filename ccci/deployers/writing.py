"""A resolved set written into its folder, for docker alone to read."""

import os
from contextlib import suppress
from pathlib import Path

from ccci.compose.tree import ComposeError, Map
from ccci.compose.writing import written
from ccci.deployers.resolving import Resolved
from ccci.errors import CcciError, DeployRefused
from ccci.host import folders
from ccci.host.files import PRIVATE, PRIVATE_FOLDER


def write(resolved: Resolved) -> tuple[Path, ...]:
    """Write the set into its folder, which is made anew; return the compose files in order.

    Raise DeployRefused where a file gets too large, CcciError where the disk refuses.
    """
    try:
        _make_anew(resolved.folder)
        _make_anew(resolved.folder / "files")
        for path, content in resolved.copies.items():
            write_private(path, content)
        for name, tree in resolved.trees:
            write_private(resolved.folder / name, _text(name, tree))
    except OSError as error:
        raise CcciError(
            f"what is to be deployed cannot be written to {resolved.folder}: {error.strerror}",
            "make room, or let CCCI_RUNS_DIR name a folder that can be written",
        ) from None
    return tuple(resolved.folder / name for name, _ in resolved.trees)


def write_private(path: Path, text: str | bytes) -> None:
    """Write a file that only its owner can read, which must not be there yet. Raise OSError."""
    content = text.encode() if isinstance(text, str) else text
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
    with os.fdopen(number, "wb") as file:
        file.write(content)


def _make_anew(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    with suppress(OSError):
        folders.remove(folder)
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True)


def _text(name: str, tree: Map) -> str:
    try:
        return written(tree)
    except ComposeError as error:
        line = f" line {error.line}" if error.line else ""
        raise DeployRefused(f"{name}{line}: {error.message}", "make it smaller") from None
