"""A recipe's commits side by side: each one's files in a folder of its own, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.host import temporary
from ccci.recipe import checkouts
from ccci.recipe.checkouts import Checkout


@dataclass(frozen=True, slots=True)
class History:
    """A repository of ours with a source's commits; `folder` is where their trees are put."""

    checkout: Checkout
    folder: Path

    def tree(self, commit: str) -> Path:
        """Return the folder with the files of a full commit. Raise CheckoutFailed."""
        place = self.folder / commit
        if not place.exists():
            checkouts.switch(replace(self.checkout, path=place), commit, "to compare")
        return place


@contextmanager
def opened(source: str) -> Iterator[History]:
    """Give the history of a repository, a path or a URL. Raise CheckoutFailed."""
    with temporary.folder("history") as folder:
        checkout = checkouts.clone(source, folder / "tree", folder / "journal")
        yield History(checkout, folder)
