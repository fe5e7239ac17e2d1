"""A run's files where a CI picks them up (`--output`), also where a pull request owns the place."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from ccci.host import files
from ccci.records import runs
from ccci.records.runs import Run


def clear(folder: Path) -> None:
    """Remove what an earlier run wrote into `folder`, lest it is taken for this one's.

    Where no run's record lies, nothing is removed; an overlay never is, since it may be the user's.
    """
    with suppress(OSError), files.opened(folder) as descriptor:
        record = os.stat(runs.RECORD, dir_fd=descriptor, follow_symlinks=False)
        for name in runs.FILES if stat.S_ISREG(record.st_mode) else ():
            with suppress(OSError):
                os.unlink(name, dir_fd=descriptor)


def copy(run: Run, folder: Path) -> None:
    """Copy the run's files, not its checkouts, into `folder`."""
    try:
        with files.opened(folder, create=True) as descriptor:
            for path in runs.files_of(run.folder):
                files.write_in(descriptor, path.name, path.read_bytes())
    except OSError as error:
        run.trouble.append(f"{folder} could not be written: {error.strerror}")
