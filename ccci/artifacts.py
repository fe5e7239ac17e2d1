"""A run's files where a CI picks them up (`--output`)."""

import shutil
from contextlib import suppress
from pathlib import Path

from ccci import runs
from ccci.runs import Run

_PER_STAGE = (runs.TRACE, runs.COMPOSE)
_ONCE = (runs.RECORD, runs.REPORT, runs.DEPLOYER_LOG, runs.IDENTITY, runs.JOURNAL)
_OURS = (*_ONCE, *_PER_STAGE, *(f"base.{name}" for name in _PER_STAGE))


def clear(folder: Path) -> None:
    """Remove what an earlier run wrote into `folder`, lest it is taken for this one's.

    Where no run's record lies, nothing is removed; an overlay never is, since it may be the user's.
    """
    if (folder / runs.RECORD).is_file():
        for name in _OURS:
            with suppress(OSError):
                (folder / name).unlink()


def copy(run: Run, folder: Path) -> None:
    """Copy the run's files, not its checkouts, into `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in run.folder.iterdir():
            if path.is_file() and path.name != runs.ALIVE and not path.name.startswith("."):
                shutil.copyfile(path, folder / path.name)
    except OSError as error:
        run.trouble.append(f"{folder} could not be written: {error.strerror}")
