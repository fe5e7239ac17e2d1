"""Where a user has something written to, which may be a place that a pull request owns."""

import os
from pathlib import Path

from ccci.errors import UsageError
from ccci.host import files


def refuse_tracked_place(place: Path, option: str) -> None:
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
    from ccci.recipe.tracked import is_tracked  # noqa: PLC0415 -- git, only in a checkout

    if is_tracked(root, path):
        raise UsageError(f"{option}{joint}{place} is tracked by the repository there", hint)
