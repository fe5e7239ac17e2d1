"""A recipe's repository fetched, its refs resolved, its commits put where they are deployed from.

The repository is one folder, which no container is given; the tree is another, and holds the files
of one commit (`ccci.recipe.tree`). git runs on the first alone (`ccci.recipe.git_process`).
"""

import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ccci.errors import CheckoutFailed, DeployRefused
from ccci.host import clock
from ccci.nearest import nearest
from ccci.plain_file import read_plain
from ccci.recipe import tree
from ccci.recipe.git_process import FETCH_TIMEOUT, fetch, git, make_repository
from ccci.recipe.refs import check_ref, hide_password
from ccci.recipe.releases import Release, parse
from ccci.recipe.source import location_of

_FULL = 40
_IN_PLACE = "ccci-in-place"
"""The file of the repository, where no container can write, that says which commit the tree is."""

_HEX = re.compile(r"[0-9a-f]{4,40}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository of ours with what was fetched from `source` (a path or a URL), and its tree.

    With `git_in_tree` the tree has a repository of its own, a copy, since abra wants one; ccci
    never reads it.
    """

    path: Path
    source: str
    journal: Path
    repository: Path
    git_in_tree: bool = False


_MOST_REFS = 2000
FETCH_AT_MOST = 3 * FETCH_TIMEOUT
"""Seconds that a clone may take: its branches, its HEAD, and the tags of another place."""


def clone(
    source: str,
    folder: Path,
    journal: Path,
    upstream: str | None = None,
    *,
    repository: Path | None = None,
    git_in_tree: bool = False,
) -> Checkout:
    """Fetch all branches, tags and the HEAD of `source` into a new repository.

    It is at `repository`, else beside `folder`, where the tree is to be. `upstream` is one more
    place to take release tags from, where the source is a fork that lacks them. Nothing is checked
    out yet. Raise CheckoutFailed when the source cannot be read.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    ours = repository or folder.with_name(f"{folder.name}.repository")
    checkout = Checkout(folder, source, journal, ours, git_in_tree)
    make_repository(ours, source)
    fetch(ours, source, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    with suppress(CheckoutFailed):  # an empty repository, or one whose HEAD names no commit
        fetch(ours, source, "+HEAD:refs/ccci/head")
    if upstream is not None:
        fetch(ours, location_of(upstream), "refs/tags/*:refs/tags/*")
    _write(checkout, f"fetched {hide_password(source)}")
    return checkout


def resolve(checkout: Checkout, ref: str) -> str:
    """Return the full commit that a tag, branch, full ref name or commit stands for.

    Raise UsageError where the text cannot be a ref, CheckoutFailed where it names nothing, more
    than one thing, or something that is no commit.
    """
    check_ref(ref)
    meanings = _meanings(checkout, ref)
    if not meanings and ref.startswith("refs/"):
        meanings = _fetch_one(checkout, ref, ref)
    if not meanings and len(ref) == _FULL and _HEX.fullmatch(ref):
        # A commit that no branch reaches: the head of a pull request, a detached CI clone.
        meanings = _fetch_one(checkout, ref.lower(), "refs/ccci/wanted")
    if not meanings:
        raise CheckoutFailed(
            f"{ref!r} is no tag, branch or commit of {hide_password(checkout.source)}",
            f"{_near(checkout, ref)}push it there first, or name another repository with --source",
        )
    if len(set(meanings.values())) > 1:
        choice = ", ".join(f"{name} is {commit[:10]}" for name, commit in meanings.items())
        raise CheckoutFailed(
            f"{ref!r} is ambiguous: {choice}",
            "name one of them in full, or give the full commit",
        )
    return next(iter(meanings.values()))


def _near(checkout: Checkout, ref: str) -> str:
    """Return the refs that are much like one that is not there, as the beginning of a hint."""
    listing = _git(checkout, "for-each-ref", "--format=%(refname:lstrip=2)", "refs")
    names = [each.removeprefix("origin/") for each in listing.split("\n")[:_MOST_REFS]]
    near = nearest(ref, filter(None, names), 3)
    return f"is {' or '.join(dict.fromkeys(near))} meant? Else " if near else ""


def switch(checkout: Checkout, commit: str, why: str) -> None:
    """Put the files of a full commit, as they are in the repository, where the tree is.

    In a folder made anew: whoever still writes into the one before, a container or a process that
    was given it, writes nowhere near. Raise DeployRefused for a commit that no disk should hold,
    CheckoutFailed when it cannot be done.
    """
    tree.refuse_excess(commit, _entries(checkout, commit))
    mark = secrets.token_hex(4)
    made = checkout.repository.with_name(f"tree-{mark}")
    index = checkout.repository / f"index-{mark}"
    made.mkdir(mode=0o755)
    where = {"GIT_WORK_TREE": str(made), "GIT_INDEX_FILE": str(index)}
    _put(checkout, commit, where)
    if checkout.git_in_tree:
        _give_git(checkout, commit, made, index)
    index.unlink()
    if checkout.path.exists():
        checkout.path.rename(checkout.repository.with_name(f"before-{mark}"))
    made.rename(checkout.path)
    (checkout.repository / _IN_PLACE).write_text(commit, encoding="ascii")
    _write(checkout, f"checked out {commit} ({why})")


def renew(checkout: Checkout, why: str) -> None:
    """Put the files of the commit that is in place there once more, as `switch` does."""
    place = checkout.repository / _IN_PLACE
    if place.is_file():
        switch(checkout, place.read_text(encoding="ascii"), why)


def _put(checkout: Checkout, commit: str, where: Mapping[str, str]) -> None:
    """Put a commit's files into a tree. Raise DeployRefused for names that no disk can hold."""
    try:
        _git(checkout, "read-tree", "--reset", "-u", commit, env=where)
    except CheckoutFailed as error:
        if any(words in error.message for words in tree.BAD_NAMES):
            raise DeployRefused(
                f"the commit {commit} cannot be put on a disk: {error.message}",
                "rename what it names",
            ) from None
        raise


def _give_git(checkout: Checkout, commit: str, made: Path, index: Path) -> None:
    """Give a tree a repository of its own, on that commit, as `git checkout --detach` leaves it."""
    inner = made / ".git"
    # Branches are folders in folders as their names want it: packed they are lines of one file.
    _git(checkout, "pack-refs", "--all", "--prune")
    shutil.copytree(checkout.repository, inner, ignore=shutil.ignore_patterns("index-*", _IN_PLACE))
    shutil.copyfile(index, inner / "index")
    (inner / "HEAD").write_text(f"{commit}\n", encoding="ascii")
    _git(checkout, "config", f"--file={inner / 'config'}", "core.bare", "false")


def moved(checkout: Checkout, commit: str) -> bool:
    """Say whether somebody else checked another commit out than this full one.

    That needs a repository in the tree; its HEAD is read as a file.
    """
    if not checkout.git_in_tree:
        return False
    try:
        # Whatever a container made of it: no pipe is waited for, and no link out followed.
        return read_plain(checkout.path / ".git" / "HEAD", checkout.path).strip() != commit.encode()
    except (OSError, ValueError):
        return True


def source_head(checkout: Checkout) -> str | None:
    """Return the full commit of the source's own HEAD, or None where it has none."""
    return _commit(checkout, "refs/ccci/head")


def dirty_paths(checkout: Checkout, commit: str) -> tuple[str, ...]:
    """Return the paths of the tree that differ from a full commit, untracked ones included."""
    known = _entries(checkout, commit)
    return tree.differing(checkout.path, known, git_in_tree=checkout.git_in_tree)


@lru_cache(maxsize=2)  # of a base and a head, each of which is put in place again and again
def _entries(checkout: Checkout, commit: str) -> tuple[tree.Entry, ...]:
    return tuple(tree.entries(_git(checkout, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)))


def releases(checkout: Checkout, within: str | None = None) -> dict[Release, str]:
    """Return each release tag with its full commit, the newest first.

    `within` keeps those that are that commit or an ancestor of it.
    """
    merged = () if within is None else (f"--merged={within}",)
    form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
    found: dict[Release, str] = {}
    for line in _git(checkout, "for-each-ref", *merged, form, "refs/tags").split("\n"):
        # A name may hold white space, but for a plain one (git-check-ref-format(1)).
        name, *objects = line.rstrip(" ").split(" ")
        release = parse(name)
        if release is not None:
            found[release] = objects[-1]
    return dict(sorted(found.items(), reverse=True))


def is_shallow(checkout: Checkout) -> bool:
    """Say whether the history was cut off where it was fetched from, as CI systems like to do."""
    return (checkout.repository / "shallow").is_file()


def tags(checkout: Checkout) -> tuple[str, ...]:
    """Return the names of all tags, releases or not."""
    names = _git(checkout, "for-each-ref", "--format=%(refname:strip=2)", "refs/tags")
    return tuple(filter(None, names.split("\n")))


def commits(checkout: Checkout) -> frozenset[str]:
    """Return the full id of every commit that a ref reaches."""
    return frozenset(_git(checkout, "rev-list", "--all").split())


def tag_of(checkout: Checkout, ref: str) -> str | None:
    """Return the release tag that a ref names, or None where it names something else."""
    name = ref.removeprefix("refs/tags/")
    known = _commit(checkout, f"refs/tags/{name}") is not None
    return name if known and parse(name) is not None else None


def is_lightweight(checkout: Checkout, tag: str) -> bool:
    """Say whether a tag is a mere name of a commit, which abra's lint refuses as a release."""
    return _git(checkout, "cat-file", "-t", f"refs/tags/{tag}").strip() == "commit"


def abbreviated_by(checkout: Checkout, digits: str) -> tuple[str, ...]:
    """Return the full commits of the checkout that begin with these digits."""
    return tuple(_objects(checkout, digits).values())


def _meanings(checkout: Checkout, ref: str) -> dict[str, str]:
    """Return every ref or object that the text may mean, with its commit."""
    names = [f"refs/tags/{ref}", f"refs/remotes/origin/{ref.removeprefix('origin/')}"]
    if ref.startswith("refs/heads/"):
        names = [f"refs/remotes/origin/{ref.removeprefix('refs/heads/')}"]
    elif ref.startswith("refs/"):
        names = [ref]
    elif ref == "HEAD":
        names = ["refs/ccci/head"]
    found: dict[str, str] = {}
    for name in names:
        if not _git(checkout, "for-each-ref", "--count=1", name):
            continue
        commit = _commit(checkout, name)
        if commit is None:
            raise CheckoutFailed(f"{name} does not name a commit", "give a tag of a commit")
        found[name.replace("refs/remotes/origin/", "refs/heads/")] = commit
    if _HEX.fullmatch(ref):
        found |= _objects(checkout, ref.lower())
    return found


def _objects(checkout: Checkout, digits: str) -> dict[str, str]:
    """Return the commits that begin with these digits. Raise CheckoutFailed for a tag object."""
    kinds: dict[str, str] = {}
    for name in _git(checkout, "rev-parse", f"--disambiguate={digits}").split():
        # A full id is echoed back whether it exists or not.
        with suppress(CheckoutFailed):
            kinds[name] = _git(checkout, "cat-file", "-t", name).strip()
    commits = {name: name for name, kind in kinds.items() if kind == "commit"}
    if commits or not kinds:
        return commits
    name, kind = next(iter(kinds.items()))
    if kind == "tag":
        commit = _git(checkout, "rev-parse", f"{name}^{{}}").strip()
        raise CheckoutFailed(
            f"{digits} is a tag object, not a commit", f"it stands for {commit}: give that"
        )
    raise CheckoutFailed(f"{digits} is a {kind}, not a commit", "give a commit")


def _commit(checkout: Checkout, name: str) -> str | None:
    try:
        return _git(checkout, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
    except CheckoutFailed:
        return None


def _fetch_one(checkout: Checkout, name: str, target: str) -> dict[str, str]:
    with suppress(CheckoutFailed):
        fetch(checkout.repository, checkout.source, f"+{name}:{target}")
        commit = _commit(checkout, target)
        if commit is not None:
            return {name: commit}
    return {}


def _write(checkout: Checkout, line: str) -> None:
    """Keep a record of what was fetched and checked out when, for the run's evidence."""
    # A full disk that hinders this alone is no reason to stop.
    with (
        suppress(OSError),
        checkout.journal.open("a", encoding="utf-8", errors="backslashreplace") as journal,
    ):
        journal.write(f"{clock.now()} {line}\n")


def _git(checkout: Checkout, *words: str, env: Mapping[str, str] | None = None) -> str:
    return git(checkout.repository, checkout.source, *words, env=env)
