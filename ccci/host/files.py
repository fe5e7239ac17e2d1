"""Files that ccci writes: whole or not at all, never through a link that somebody else put there.

Below a checkout (the nearest folder with a `.git`) each name may be a pull request's: there every
folder on the way is opened by itself, and none may be a link. Elsewhere the way is the user's own.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"(/dev/std(?:in|out|err))|/(?:dev|proc/self)/fd/(\d{1,9})")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
PRIVATE = 0o600
PRIVATE_FOLDER = 0o700


def write(path: Path, data: bytes | str, *, mode: int = PRIVATE, umask: bool = True) -> None:
    """Write a file in place of whatever has its name, be it a link. Raise OSError.

    Without `umask` its mode is the given one whatever the process's umask is.
    """
    with opened(path.parent) as folder:
        write_in(folder, path.name, data, mode=mode, umask=umask)


def write_chosen(path: Path, data: bytes | str) -> None:
    """Write the file that the user named: their links are followed, devices and pipes written to.

    Below a checkout a name may be somebody else's, so that there it is `write`. Raise OSError.
    """
    number = own_descriptor(path)
    if number is not None:
        with os.fdopen(os.dup(number), "wb") as file:
            file.write(_bytes(data))
        return
    if checkout_of(path) is not None:
        write(path, data)
        return
    real = path.resolve()
    if real.exists() and not real.is_file():
        real.write_bytes(_bytes(data))
    else:
        write(real, data)


def own_descriptor(path: Path) -> int | None:
    """Return which open file of ours a name of the kernel's stands for: `/dev/stdout`, `/dev/fd/3`.

    Whatever it leads to, it is written as it is open: by name it would be opened anew, at its
    beginning, and what renames a file to `/dev/stdout` takes that name from the whole machine
    (man 5 proc, /proc/self/fd).
    """
    found = _DESCRIPTOR.fullmatch(os.path.abspath(path))  # noqa: PTH100 -- without following it
    return None if found is None else _STANDARD.get(found[1]) or int(found[2] or 0)


def is_stream(path: Path) -> bool:
    """Say whether a name is a device's, a pipe's or an open file's: never to be replaced."""
    return own_descriptor(path) is not None or (path.exists() and not path.is_file())


def write_in(
    folder: int, name: str, data: bytes | str, *, mode: int = PRIVATE, umask: bool = True
) -> None:
    """Write a file into a folder that is open, as `write` does. Raise OSError."""
    draft = f".{name[:200]}.{os.urandom(4).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, mode, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_bytes(data))
            file.flush()
            if not umask:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise


def _bytes(data: bytes | str) -> bytes:
    """Return what is to be written; half of a character, as odd file names have, as its number."""
    return data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data


@contextmanager
def opened(folder: Path, *, create: bool = False, mode: int = PRIVATE_FOLDER) -> Iterator[int]:
    """Give a descriptor of a folder. Raise OSError, where below a checkout a link is in the way.

    With `create` it is made where it is not there, with this mode as far as the umask lets it.
    """
    descriptor = open_folder(folder, create=create, mode=mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_folder(folder: Path, *, create: bool = False, mode: int = PRIVATE_FOLDER) -> int:
    """Return a descriptor of a folder; as `opened`, for the caller to close."""
    path = Path(os.path.abspath(folder))  # noqa: PTH100 -- without following any link
    root = checkout_of(path)
    if root is None:
        if create:
            path.mkdir(parents=True, exist_ok=True, mode=mode)
        return os.open(path, _FOLDER)
    descriptor = os.open(root, _FOLDER)
    for name in path.relative_to(root).parts:
        try:
            inner = _step(descriptor, name, create=create, mode=mode)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _step(folder: int, name: str, *, create: bool, mode: int) -> int:
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=folder)
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise OSError(
                error.errno, f"{name} is no folder of its own, but a link or a file"
            ) from None
        raise


def checkout_of(path: Path) -> Path | None:
    """Return the innermost folder with a `.git` in it that a path lies below, as it is written.

    What a link of a checkout leads to is of that one: it may be the pull request's.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 -- without following any link
    found: Path | None = None
    link = False
    for each in path.parents:
        if (each / ".git").exists() and (found is None or link):
            found, link = each, False
        link = link or each.is_symlink()
    return found
