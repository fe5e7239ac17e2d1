"""What the repository of a checkout tracks, of a checkout that is somebody else's."""

from pathlib import Path

from ccci.errors import CheckoutFailed
from ccci.host import temporary
from ccci.recipe.git_process import indexed


def is_tracked(root: Path, path: Path) -> bool:
    """Say whether a repository tracks a path or anything below it; yes, where nobody can say."""
    try:
        with temporary.folder("artifacts") as folder:
            return bool(indexed(folder / "repository", root, path.relative_to(root)))
    except CheckoutFailed:
        return True
