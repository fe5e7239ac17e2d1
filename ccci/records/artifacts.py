"""A run's files where a CI picks them up (`--output`), also where a pull request owns the place."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from ccci.errors import CheckoutFailed, UsageError
from ccci.host import files, temporary
from ccci.records import runs
from ccci.records.runs import Run


def refuse_what_is_not_the_users(place: Path, option: str) -> None:
    """Raise UsageError for a place to write to that the repository around it tracks or linked.

    `place` is a file or a folder. A pull request could have put it there, to have something else
    overwritten or read.
    """
    path = Path(os.path.abspath(place))  # noqa: PTH100 -- without following any link
    root = files.checkout_of(path)
    if root is None:
        return
    joint = "" if option.endswith("=") else " "
    hint = f"give a place outside of the checkout {root}, such as {option}{joint}../ccci-report"
    try:
        with files.opened(path.parent):
            pass
    except FileNotFoundError:
        pass
    except OSError as error:
        raise UsageError(f"{option}{joint}{place}: {error.strerror}", hint) from None
    if path.is_symlink():
        raise UsageError(f"{option}{joint}{place} is a link", hint)
    if _is_tracked(root, path):
        raise UsageError(f"{option}{joint}{place} is tracked by the repository there", hint)


def _is_tracked(root: Path, path: Path) -> bool:
    """Say whether a repository tracks a path or anything below it; yes, where nobody can say."""
    from ccci.recipe.git_process import indexed  # only in a checkout

    try:
        with temporary.folder("artifacts") as folder:
            return bool(indexed(folder / "repository", root, path.relative_to(root)))
    except CheckoutFailed:
        return True


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
