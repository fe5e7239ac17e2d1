"""Where abra keeps its own on this machine, and what a recipe is called there."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

RECIPE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""A recipe by its name alone: no path, no address, and no option."""


def folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return abra's folders, its own choice first: `$ABRA_DIR` where it is set, then `~/.abra`."""
    named = environ.get("ABRA_DIR")
    home = Path(environ.get("HOME") or Path.home())
    return [*([Path(named)] if named else []), home / ".abra"]


def recipe_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the folders that hold the user's recipes, in the order in which they are sought."""
    return [each / "recipes" for each in folders(environ)]
