"""What there is to sweep: paths in, sets of compose files out."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.errors import CcciError
from ccci.names import ABRA_SH, COMPOSE_YML, ENV_SAMPLE
from ccci.plain_file import read_plain
from ccci.recipe import abra_script, compose_file, dotenv
from ccci.recipe.abra_folder import RECIPE_NAME, recipe_folders
from ccci.recipe.compose_file import COMPOSE_FILE
from ccci.recipe.files import MOST_COMPOSE_FILES

_SUFFIXES = (".yml", ".yaml")
OVERLAY_NAME = re.compile(r"compose\..+\.ya?ml")
STANDARD_INPUT = "-"
_STACK_FILE = re.compile(r"(?:.+[.-])?(?:compose|stack|swarm)(?:[.-].+)?\.ya?ml", re.IGNORECASE)
_DEEPEST_LOOK = 3
_MOST_NAMED = 5
_MOST_LOOKED_AT = 1000
MOST_OVERLAYS = 200
"""Optional overlays of a recipe that are swept."""


@dataclass(frozen=True, slots=True)
class Member:
    """One compose file of a set: its name as given, and where it is.

    `content` stands for what is there, as where it came through standard input.
    """

    name: str
    path: Path
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recipe's own files say: its variables, its set of compose files, what was odd."""

    values: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComposeSet:
    """Files that are merged in this order; a variant adds one optional overlay to a recipe's set.

    `folder` is the recipe's, out of which no link is followed, and `own` what its own files say;
    None for files of no recipe.
    """

    members: tuple[Member, ...]
    recipe: str | None = None
    folder: Path | None = None
    variant: bool = False
    own: Recipe | None = None

    @property
    def label(self) -> str:
        """Return the set's name: its members as given, joined with `+`."""
        return "+".join(member.name for member in self.members)


class NothingToSweep(CcciError):  # noqa: N818 -- reads as what happened
    """There is no compose file where we were told to look."""


def find(paths: Sequence[str], environ: Mapping[str, str] = os.environ) -> list[ComposeSet]:
    """Return every set below these paths, in order.

    Without a path, the first of the user's recipe folders that exists. Raise NothingToSweep for a
    path that is not there, and when nothing is found at all.
    """
    if paths:
        found = [each for path in paths for each in _at(path, environ)]
    else:
        folder = next((each for each in recipe_folders(environ) if each.is_dir()), None)
        if folder is None:
            raise NothingToSweep(
                "there is no folder of recipes: "
                + " and ".join(str(each) for each in recipe_folders(environ)),
                "name a folder of recipes, a recipe or compose files",
            )
        found = list(_folder(str(folder), folder))
    if not found:
        raise NothingToSweep(
            f"nothing to sweep in {', '.join(paths) or 'the recipes'}: no compose file",
            "name a folder of recipes, a recipe or compose files",
        )
    return found


def merged(names: Sequence[str], standard_input: bytes = b"") -> list[ComposeSet]:
    """Return the one set of the files given with `-c`, in that order; `-` is standard input."""
    members = tuple(
        Member(name, Path(name), standard_input if name == STANDARD_INPUT else None)
        for name in names
    )
    for member in members:
        if member.content is None:
            _must_exist(member.name, member.path)
    folder = members[0].path.parent
    return [ComposeSet(members) if members[0].content is not None else _set(members, folder)]


def passed_over(paths: Sequence[str], found: Sequence[ComposeSet]) -> list[str]:
    """Return a sentence for each folder of these paths in which YAML files lie that are not swept.

    It looks a few levels down and no further.
    """
    swept = {os.path.realpath(member.path) for each in found for member in each.members}
    notes = []
    for path in paths:
        folder = Path(path).expanduser()
        if not folder.is_dir():
            continue
        rest = [
            each for each in _stack_files(folder) if os.path.realpath(folder / each) not in swept
        ]
        if rest:
            more = f" and {len(rest) - _MOST_NAMED} more" if len(rest) > _MOST_NAMED else ""
            named = ", ".join(rest[:_MOST_NAMED])
            notes.append(f"not swept in {path}: {named}{more}; name what you mean, or merge by -c")
    return notes


def _stack_files(folder: Path) -> list[str]:
    """Return the files below a folder that are called as stack files are, by their path in it."""
    found: list[str] = []
    for root, folders, names in os.walk(folder):
        below = os.path.relpath(root, folder)
        depth = 0 if below == "." else below.count("/") + 1
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and depth < _DEEPEST_LOOK
        )
        prefix = "" if below == "." else f"{below}/"
        found += [f"{prefix}{name}" for name in sorted(names) if _STACK_FILE.fullmatch(name)]
        if len(found) > _MOST_LOOKED_AT:
            break
    return found


def _at(path: str, environ: Mapping[str, str]) -> Iterable[ComposeSet]:
    if "/" not in path and path != "." and RECIPE_NAME.fullmatch(path):
        for root in recipe_folders(environ):
            if (root / path).is_dir():
                return _recipe(str(root / path), root / path)
    here = Path(path).expanduser()
    _must_exist(path, here)
    return _folder(path, here) if here.is_dir() else _file(path, here)


def _must_exist(name: str, path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        if not path.is_symlink():
            raise NothingToSweep(
                f"{name}: {(error.strerror or 'cannot be read').lower()}",
                "check the path; a recipe's name is sought in the user's recipes",
            ) from None


def _file(name: str, path: Path) -> list[ComposeSet]:
    return [_set((Member(name, path),), path.parent)]


def _set(members: tuple[Member, ...], folder: Path) -> ComposeSet:
    if not _is_recipe(folder):
        return ComposeSet(members)
    return ComposeSet(members, _name(folder), folder, own=own_files(folder))


def _folder(name: str, folder: Path) -> Iterable[ComposeSet]:
    """Return a recipe's sets, or those of every recipe in a folder, or its single files."""
    if _is_recipe(folder):
        yield from _recipe(name, folder)
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise NothingToSweep(f"{name}: {(error.strerror or '').lower()}") from None
    shown = [each for each in entries if not each.name.startswith(".")]
    recipes = [each for each in shown if _is_recipe(each)]
    known = set(recipes)
    for each in recipes:
        yield from _recipe(_join(name, each.name), each)
    # Beside recipes only what is called as a stack file is one; alone, each YAML file is meant.
    for each in entries:
        if each.suffix in _SUFFIXES and (not recipes or _STACK_FILE.fullmatch(each.name)):
            yield ComposeSet((Member(_join(name, each.name), each),), None, None)
    for each in shown:
        if each not in known and each.is_dir():
            yield from _one_level_down(_join(name, each.name), each)


def _one_level_down(name: str, folder: Path) -> Iterable[ComposeSet]:
    """Return the stack files of a folder that is no recipe, as plain Swarm users keep theirs."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for each in entries:
        if _STACK_FILE.fullmatch(each.name):
            yield ComposeSet((Member(_join(name, each.name), each),), None, None)


def _join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/') or '/'}/{name}".replace("//", "/")


def _is_recipe(folder: Path) -> bool:
    if any(os.path.lexists(folder / name) for name in (COMPOSE_YML, ENV_SAMPLE)):
        return True
    # What may not be entered is listed as a recipe, so that it is said and not passed over.
    return folder.is_dir() and not os.access(folder, os.X_OK)


def _name(folder: Path) -> str:
    return folder.resolve().name if folder.name in {"", ".", ".."} else folder.name


def _recipe(name: str, folder: Path) -> Iterable[ComposeSet]:
    recipe = _name(folder)
    own = own_files(folder)
    named = compose_file.named(own.values.get(COMPOSE_FILE, ""))
    try:
        overlays = sorted(
            each.name for each in folder.iterdir() if OVERLAY_NAME.fullmatch(each.name)
        )
    except OSError:
        overlays = []
    # Each overlay is merged with all of the others: without a bound the sweep would take no end.
    odd = [f"COMPOSE_FILE names {len(named)} files"] if len(named) > MOST_COMPOSE_FILES else []
    odd += [f"it has {len(overlays)} optional overlays"] if len(overlays) > MOST_OVERLAYS else []
    own = replace(own, notes=(*own.notes, *(f"{each}: the rest is not read" for each in odd)))
    base = named[:MOST_COMPOSE_FILES]

    def member(file: str) -> Member:
        return Member(_join(name, file), folder / file)

    members = tuple(map(member, base))
    yield ComposeSet(members, recipe, folder, own=own)
    for overlay in overlays[:MOST_OVERLAYS]:
        if overlay not in named:
            yield ComposeSet((*members, member(overlay)), recipe, folder, True, own)


def own_files(folder: Path) -> Recipe:
    """Return what `.env.sample` and `abra.sh` of a recipe say; nothing of them is run.

    What abra.sh exports stands above the app's `.env` (coop-cloud/abra, MergeAbraShEnv).
    """
    values: dict[str, str] = {}
    notes: list[str] = []
    for name in (ENV_SAMPLE, ABRA_SH):
        path = folder / name
        if not os.path.lexists(path):
            continue
        try:
            text = read_plain(path, folder).decode(errors="replace")
            if name == ABRA_SH:
                exported, said = abra_script.exports(text)
                values |= exported
                notes += said
            else:
                values |= dotenv.values(dotenv.read(text, name))
        except (OSError, ValueError) as error:
            notes.append(f"{name} was passed over: {error}")
        except CcciError as error:
            notes.append(f"{name} was passed over: {error.message}")
    return Recipe(values, tuple(notes))
