"""Where a recipe comes from: a path, a URL, the user's recipes, or the forge."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import CheckoutFailed, UsageError
from ccci.recipe.abra_folder import RECIPE_NAME, recipe_folders
from ccci.recipe.refs import check_address, hide_password

FORGE = "https://git.coopcloud.tech/coop-cloud"

_URL = re.compile(r"(https?|ssh|git|file)://\S+")
_SCP = re.compile(r"[\w.-]+@[\w.-]+:[^:]\S*")


@dataclass(frozen=True, slots=True)
class Source:
    """A recipe's name and where its repository is (a path or a URL)."""

    recipe: str
    location: str


def locate(
    recipe: str, source: str | None = None, environ: Mapping[str, str] = os.environ
) -> Source:
    """Return where RECIPE is: at `source`, at its own path or URL, with the user, on the forge.

    With a `/`, or equal to `.`, RECIPE is a path or URL and the recipe is named after its folder,
    else after its origin; otherwise it is a name, sought in `$ABRA_DIR/recipes`, in
    `~/.abra/recipes` and on the forge. Raise UsageError for what is neither, CheckoutFailed for a
    path that is no repository.
    """
    if source is not None:
        place = location_of(source)
        name = recipe if RECIPE_NAME.fullmatch(recipe) else _name_of(place)
        if "/" not in recipe and recipe not in {".", name}:
            raise _no_name(recipe)
        return Source(name, place)
    if recipe == "." or "/" in recipe:
        place = location_of(recipe)
        return Source(_name_of(place), place)
    if not RECIPE_NAME.fullmatch(recipe):
        raise _no_name(recipe)
    for root in recipe_folders(environ):
        if (root / recipe / ".git").exists():
            return Source(recipe, str(root / recipe))
    return Source(recipe, f"{FORGE}/{recipe}.git")


@contextmanager
def sought(source: Source) -> Iterator[None]:
    """Say of a recipe that the forge does not give where else it was sought, and what is here."""
    try:
        yield
    except CheckoutFailed as error:
        if not source.location.startswith(f"{FORGE}/") or Path(source.location).exists():
            raise
        where = "it was sought in $ABRA_DIR/recipes and ~/.abra/recipes, then on the forge"
        here = Path(source.recipe)
        if here.is_dir():
            where = f"./{source.recipe} is here: name it with the ./ if that is meant; {where}"
        raise CheckoutFailed(error.message, f"{where}; {error.hint}") from None


def _no_name(recipe: str) -> UsageError:
    return UsageError(
        f"{hide_password(recipe)!r} is no name of a recipe",
        "names are small letters, digits, - and _; a path has a / in it, such as ./discourse",
    )


def location_of(text: str) -> str:
    """Return the address, or the absolute path, of a repository that git is to be told of.

    Raise UsageError for an address that ccci would not speak to, or that git would show to others
    with a secret in it, CheckoutFailed for a path that is no repository.
    """
    if text.startswith("-"):
        raise UsageError(f"{hide_password(text)!r} looks like an option, not like a repository")
    check_address(text)
    if _URL.fullmatch(text) or (_SCP.fullmatch(text) and not Path(text).exists()):
        return text
    if "::" in text or "://" in text:
        raise UsageError(
            f"{hide_password(text)!r} is no address of a repository that ccci would speak to",
            "give a path, or a URL with https, http, ssh, git or file",
        )
    path = Path(text).expanduser().resolve()
    if not path.is_dir():
        raise CheckoutFailed(
            f"{hide_password(text)} is no folder", "give the path of a recipe's repository"
        )
    if not ((path / ".git").exists() or (path / "HEAD").is_file()):
        raise CheckoutFailed(
            f"{hide_password(text)} is no git repository",
            "give the folder that holds the recipe's .git",
        )
    return str(path)


def _name_of(location: str) -> str:
    path = Path(location)
    names = [location.rstrip("/").rpartition("/")[2].rpartition(":")[2]]
    if path.is_dir():
        names.append(_origin(path).rstrip("/").rpartition("/")[2].rpartition(":")[2])
    for name in (each.removesuffix(".git") for each in names):
        if RECIPE_NAME.fullmatch(name):
            return name
    raise UsageError(
        f"{hide_password(location)} gives no name of a recipe",
        "name the folder after the recipe, or give the name as RECIPE and this as --source",
    )


def _origin(path: Path) -> str:
    """Return the URL of a repository's origin from its configuration's text, or nothing."""
    for config in (path / ".git" / "config", path / "config"):
        if config.is_file():
            text = config.read_text(encoding="utf-8", errors="replace")
            found = re.search(r'\[remote "origin"\][^\[]*?\burl\s*=\s*(\S+)', text)
            return found[1] if found else ""
    return ""
