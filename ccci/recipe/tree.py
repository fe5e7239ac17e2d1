"""A commit's files in a folder of their own, and what of them is no longer as the commit has it.

The folder is handed to docker, and a container may write there: git is never run in it. It is
filled while nobody else knows of it, and compared with the commit's objects by reading alone.
"""

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import DeployRefused
from ccci.host import folders

MOST_FILES = 200_000
LARGEST_FILE = 256 * 2**20
LARGEST = 2**30
"""Bytes that a file of a commit, and all of them, may have: they lie on the disk twice or more."""

BAD_NAMES = ("invalid path", "File name too long", "Is a directory", "Not a directory")
"""What git says of a path that it will not make (read-cache.c, entry.c, strerror)."""

_CHUNK = 1 << 20
_LINK = "120000"
_EXECUTABLE = "100755"
_MODULE = "160000"
_GIT = ".git"
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, link or submodule of a commit: its mode and object as git names them, its size."""

    path: str
    mode: str
    object: str
    size: int


def refuse_excess(commit: str, files: Iterable[Entry]) -> None:
    """Raise DeployRefused for a commit that would fill a disk, or that nobody could walk."""
    found = _excess(files)
    if found is not None:
        raise DeployRefused(
            f"the commit {commit} has {found}",
            "a recipe is a few small files: is this one? Take out of it what is none",
        )


def _excess(files: Iterable[Entry]) -> str | None:
    count = total = 0
    for each in files:
        count += 1
        total += each.size
        if each.size > LARGEST_FILE:
            return f"{_shown(each)}, a file of {each.size} bytes: more than {LARGEST_FILE}"
        if each.path.count("/") > folders.DEEPEST:
            return f"{_shown(each)}, a file in more than {folders.DEEPEST} folders"
    if count > MOST_FILES:
        return f"more than {MOST_FILES} files"
    return f"files of more than {LARGEST} bytes together" if total > LARGEST else None


def _shown(entry: Entry) -> str:
    return entry.path if len(entry.path) <= _SHOWN else f"{entry.path[:_SHOWN]}…"


def entries(listing: str) -> Iterator[Entry]:
    """Give the entries that `git ls-tree -r -z -l` lists."""
    for line in filter(None, listing.split("\0")):
        about, _, path = line.partition("\t")
        mode, _, name, size = about.split()
        yield Entry(path, mode, name, int(size) if size.isdecimal() else 0)


def differing(folder: Path, commit: Collection[Entry], *, git_in_tree: bool) -> tuple[str, ...]:
    """Return the paths that differ from the commit: changed and missing ones, then untracked ones.

    With `git_in_tree` a `.git` at the top is passed over. Links are never followed; of a folder
    with very many files that the commit has not, the first ones are enough to be told of.
    """
    expected = {each.path: each for each in commit}
    seen, untracked = set(), []
    for path, inside, name in folders.walk(folder, but=_GIT if git_in_tree else None):
        entry = expected.get(path)
        if entry is None:
            untracked.append(path)
            if len(untracked) > MOST_FILES:
                break
        elif entry.mode != _MODULE and _same(inside, name, entry):
            seen.add(path)
    changed = [each.path for each in commit if each.path not in seen and each.mode != _MODULE]
    return (*changed, *sorted(untracked))


def _same(inside: int, name: str, entry: Entry) -> bool:
    """Say whether a file is what the commit has; one that cannot be read is not."""
    try:
        found = os.stat(name, dir_fd=inside, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode) or entry.mode == _LINK:
            target = os.fsencode(os.readlink(name, dir_fd=inside))
            return entry.mode == _LINK and _named(entry, target)
        executable = bool(found.st_mode & stat.S_IXUSR)
        if not stat.S_ISREG(found.st_mode) or found.st_size != entry.size:
            return False
        if executable != (entry.mode == _EXECUTABLE):
            return False
        # Non-blocking: what was a file a moment ago may be a pipe by now.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside)
        with os.fdopen(descriptor, "rb") as file:
            digest = _digest(entry, entry.size)
            left = entry.size
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
            return digest.hexdigest() == entry.object
    except OSError:
        return False


def _named(entry: Entry, content: bytes) -> bool:
    digest = _digest(entry, len(content))
    digest.update(content)
    return digest.hexdigest() == entry.object


def _digest(entry: Entry, size: int) -> "hashlib._Hash":
    """Return the begun name of a file's object (gitformat: `blob`, its size, NUL, its content)."""
    return hashlib.new(_algorithm(entry), b"blob %d\0" % size, usedforsecurity=False)


def _algorithm(entry: Entry) -> str:
    """Return what names objects in this repository (gitformat-hash-function-transition)."""
    return "sha1" if len(entry.object) == 40 else "sha256"  # noqa: PLR2004
