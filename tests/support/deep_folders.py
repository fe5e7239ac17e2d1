"""Folders in folders, at a depth that a container can make and few programs can walk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccci.host import folders

DEEP = 1500
"""More than Python calls itself, than a process has descriptors, and than a path may be long."""


@contextmanager
def deepened(folder: Path, levels: int = DEEP, name: str = "dd") -> Iterator[Path]:
    """Make folders in folders, as a process does that stands in the innermost; gone at the end."""
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=descriptor)
        inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)
    yield folder
    if folder.exists():
        folders.remove(folder)
