"""Folders that anybody may have filled, walked and removed: never through a link, at any depth.

A container can make folders in folders without end. Nothing here calls itself for each of them,
holds a descriptor for each, or spells a path that the kernel calls too long.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

DEEPEST = 100
"""Folders in folders that are entered by a walk: each costs a descriptor while it is walked."""

MOST = 500_000
"""Folders that are entered by a walk."""

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(slots=True)
class _Level:
    """A folder that is being walked: its descriptor, its path, and its folders still to enter."""

    descriptor: int
    path: str
    folders: list[str] = field(default_factory=list)


def walk(folder: Path, *, but: str | None = None) -> Iterator[tuple[str, int, str]]:
    """Give each file's path below the folder, the descriptor of its own folder, and its name.

    A link is a file. So is a folder that is too deep, or one too many, to be entered, but the one
    called `but` at the top, which is passed over. What cannot be read is passed over as well.
    """
    levels: list[_Level] = []
    entered = 0
    try:
        with suppress(OSError):
            levels.append(_Level(os.open(folder, _ENTER & ~os.O_NOFOLLOW), ""))
            yield from _listed(levels[0], enter=MOST, but=but)
        while levels:
            level = levels[-1]
            if not level.folders:
                os.close(levels.pop().descriptor)
                continue
            name = level.folders.pop()
            with suppress(OSError):
                inside = os.open(name, _ENTER, dir_fd=level.descriptor)
                levels.append(_Level(inside, f"{level.path}{name}/"))
                entered += 1
                room = MOST - entered if len(levels) <= DEEPEST else 0
                yield from _listed(levels[-1], enter=room)
    finally:
        for level in levels:
            os.close(level.descriptor)


def _listed(level: _Level, *, enter: int, but: str | None = None) -> Iterator[tuple[str, int, str]]:
    """Give the files of a folder; at most as many of its folders as `enter` wait to be entered."""
    with os.scandir(level.descriptor) as entries:
        for entry in entries:
            if not _is_folder(entry):
                yield f"{level.path}{entry.name}", level.descriptor, entry.name
            elif entry.name == but:
                continue
            elif len(level.folders) < enter:
                level.folders.append(entry.name)
            else:
                yield f"{level.path}{entry.name}", level.descriptor, entry.name


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def remove(folder: Path) -> None:
    """Remove a folder and all that is in it, what links point to left alone.

    What is deeper is moved up before it is emptied. Raise OSError, the first one, where something
    stays: FileNotFoundError where there is no folder; all else is removed nevertheless.
    """
    emptying = _Emptying(os.open(folder, _ENTER))
    try:
        emptying.begin()
    finally:
        os.close(emptying.top)
    try:
        folder.rmdir()
    except OSError as error:
        raise emptying.trouble or error from None


@dataclass(slots=True)
class _Emptying:
    """A folder on the way to be empty: its descriptor, and its folders that are not yet."""

    top: int
    folders: list[str] = field(default_factory=list)
    trouble: OSError | None = None
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    moved: int = 0

    def begin(self) -> None:
        self._empty(self.top)
        while self.folders:
            name = self.folders.pop()
            try:
                inside = os.open(name, _ENTER, dir_fd=self.top)
                try:
                    self._empty(inside)
                finally:
                    os.close(inside)
                os.rmdir(name, dir_fd=self.top)
            except OSError as error:
                self._note(error)

    def _empty(self, folder: int) -> None:
        """Remove the files of a folder; its folders wait at the top."""
        with os.scandir(folder) as found:
            entries = list(found)  # what is removed while it is listed may hide something else
        for entry in entries:
            try:
                if not _is_folder(entry):
                    os.unlink(entry.name, dir_fd=folder)
                elif folder == self.top:
                    self.folders.append(entry.name)
                else:
                    self._move_up(folder, entry.name)
            except OSError as error:
                self._note(error)

    def _move_up(self, folder: int, name: str) -> None:
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            self.moved += 1
            above = f".removed-{self.mark}-{self.moved}"
            os.rename(name, above, src_dir_fd=folder, dst_dir_fd=self.top)
            self.folders.append(above)

    def _note(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            self.trouble = self.trouble or error
