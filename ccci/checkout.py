"""The only user of git: a recipe's repository fetched, its refs resolved, its tree checked out.

What is fetched is a stranger's. Nothing of it may run: the repository is ours (made empty,
without templates), so its configuration and its hooks are ours; filters exist only in
configuration, of which a checkout reads none but our own; submodules are never followed; and
transports are the few that are named here, which leaves out `ext::` and every other helper.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ccci import clock
from ccci.errors import CheckoutFailed, ToolMissing
from ccci.process import OutOfTime, end
from ccci.refs import check_ref, hide_password
from ccci.releases import Release, parse

_FETCH_TIMEOUT = 600.0
_LOCAL_TIMEOUT = 120.0
_FULL = 40

# The user's own means of reaching a private forge; every other GIT_* stays out.
_KEPT = ("GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY")

_SAFE = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.autocrlf=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "advice.detachedHead=false"),
)

_HEX = re.compile(r"[0-9a-f]{4,40}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository of ours with what was fetched from `source` (a path or a URL)."""

    path: Path
    source: str
    journal: Path


def clone(source: str, folder: Path, journal: Path, upstream: str | None = None) -> Checkout:
    """Fetch all branches, tags and the HEAD of `source` into a new repository at `folder`.

    `upstream` is one more place to take release tags from, where the source is a fork that lacks
    them. Nothing is checked out yet. Raise CheckoutFailed when the source cannot be read.
    """
    folder.mkdir(parents=True)
    checkout = Checkout(folder, source, journal)
    _git(checkout, "init", "--quiet", "--template=", "--initial-branch=ccci", ".")
    _git(checkout, "config", "remote.origin.url", hide_password(source))
    _fetch(
        checkout,
        source,
        "+refs/heads/*:refs/remotes/origin/*",
        "+refs/tags/*:refs/tags/*",
    )
    with suppress(CheckoutFailed):  # an empty repository, or one whose HEAD names no commit
        _fetch(checkout, source, "+HEAD:refs/ccci/head")
    if upstream is not None:
        _fetch(checkout, upstream, "refs/tags/*:refs/tags/*")
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
            "push it there first, or name another repository with --source",
        )
    if len(set(meanings.values())) > 1:
        choice = ", ".join(f"{name} is {commit[:10]}" for name, commit in meanings.items())
        raise CheckoutFailed(
            f"{ref!r} is ambiguous: {choice}",
            "name one of them in full, or give the full commit",
        )
    return next(iter(meanings.values()))


def switch(checkout: Checkout, commit: str, why: str) -> None:
    """Make the tree exactly that of a full commit, whatever lay there before.

    Untracked files go as well, since one may collide with a file that the commit tracks. Raise
    CheckoutFailed when it cannot be done, or when HEAD is another commit afterwards.
    """
    _git(checkout, "clean", "-ffdxq")
    _git(checkout, "checkout", "--quiet", "--force", "--detach", commit, "--")
    _git(checkout, "clean", "-ffdxq")
    if head(checkout) != commit:
        raise CheckoutFailed(f"the checkout of {commit} left {head(checkout)} in place")
    _write(checkout, f"checked out {commit} ({why})")


def head(checkout: Checkout) -> str:
    """Return the full commit that is checked out."""
    return _git(checkout, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()


def source_head(checkout: Checkout) -> str | None:
    """Return the full commit of the source's own HEAD, or None where it has none."""
    return _commit(checkout, "refs/ccci/head")


def dirty_paths(checkout: Checkout) -> tuple[str, ...]:
    """Return the paths that differ from the commit, untracked ones included."""
    text = _git(
        checkout,
        *("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"),
        "--ignore-submodules=all",
    )
    return tuple(entry[3:] for entry in text.split("\0") if entry)


def releases(checkout: Checkout, within: str | None = None) -> dict[Release, str]:
    """Return each release tag with its full commit, the newest first.

    `within` keeps those that are that commit or an ancestor of it.
    """
    merged = () if within is None else (f"--merged={within}",)
    lines = _git(
        checkout,
        *("for-each-ref", *merged, "--format=%(refname:strip=2) %(objectname) %(*objectname)"),
        "refs/tags",
    )
    found: dict[Release, str] = {}
    for line in lines.splitlines():
        name, *objects = line.split()
        release = parse(name)
        if release is not None:
            found[release] = objects[-1]
    return dict(sorted(found.items(), reverse=True))


def commits(checkout: Checkout) -> frozenset[str]:
    """Return the full id of every commit that a ref reaches."""
    return frozenset(_git(checkout, "rev-list", "--all").split())


def tag_of(checkout: Checkout, ref: str) -> str | None:
    """Return the release tag that a ref names, or None where it names something else."""
    name = ref.removeprefix("refs/tags/")
    known = _commit(checkout, f"refs/tags/{name}") is not None
    return name if known and parse(name) is not None else None


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
        _fetch(checkout, checkout.source, f"+{name}:{target}")
        commit = _commit(checkout, target)
        if commit is not None:
            return {name: commit}
    return {}


def _fetch(checkout: Checkout, source: str, *refspecs: str) -> None:
    _git(
        checkout,
        *("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--update-shallow"),
        *("--no-auto-maintenance", "--no-write-fetch-head", "--end-of-options", source, *refspecs),
        timeout=_FETCH_TIMEOUT,
        network=True,
    )


def _write(checkout: Checkout, line: str) -> None:
    """Keep a record of what was fetched and checked out when, for the run's evidence."""
    with checkout.journal.open("a", encoding="utf-8") as journal:
        journal.write(f"{clock.now()} {line}\n")


def _git(
    checkout: Checkout, *words: str, timeout: float = _LOCAL_TIMEOUT, network: bool = False
) -> str:
    """Run git in the checkout and return what it printed. Raise CheckoutFailed when it fails.

    Only a fetch reads the user's own configuration, which may hold the way to a private forge.
    """
    try:
        from git import Git
    except ImportError as error:  # GitPython refuses to be imported where git is missing
        raise ToolMissing("git is not installed", "install git and retry") from error
    with _environment_without_git():
        process = Git(checkout.path).execute(
            ["git", *_SAFE, *words],
            as_process=True,
            env=_variables(checkout, network=network),
            start_new_session=True,
        )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except OutOfTime:
        raise CheckoutFailed(f"git {words[0]} did not end within {timeout:g} s") from None
    finally:
        if process.proc is not None and process.proc.poll() is None:
            end(process.proc)
    if process.returncode != 0:
        raise _failure(checkout, words, stderr.decode(errors="replace").strip())
    return str(stdout.decode(errors="replace"))


def _failure(checkout: Checkout, words: tuple[str, ...], said: str) -> CheckoutFailed:
    said = hide_password(said)
    what = f"git {words[0]} of {hide_password(checkout.source)} failed: {said or 'no output'}"
    if "dubious ownership" in said:
        return CheckoutFailed(
            f"{checkout.source} belongs to another user, and git will not read it",
            f"if you trust it: git config --global --add safe.directory {checkout.source}",
        )
    if words[0] == "fetch":
        return CheckoutFailed(what, "check the path or URL, and that you may read it")
    return CheckoutFailed(what)


def _variables(checkout: Checkout, *, network: bool) -> dict[str, str]:
    ours = {
        "GIT_DIR": str(checkout.path / ".git"),
        "GIT_WORK_TREE": str(checkout.path),
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    if network:
        ours["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
        return ours | {name: os.environ[name] for name in _KEPT if name in os.environ}
    return ours | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


@contextmanager
def _environment_without_git() -> Iterator[None]:
    """Keep the variables of a surrounding git command (a hook's GIT_DIR) away from ours.

    GitPython copies `os.environ` when it starts git, and can only add to it.
    """
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    try:
        yield
    finally:
        os.environ.update(taken)
