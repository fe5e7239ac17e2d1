"""What a repository's own files say of its branches and tags, without running git in it.

Git obeys a repository's configuration, and a checkout may be anybody's: these few text files
(gitrepository-layout(5)) are read instead. Names that are kept in another form are not seen.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ccci.host import folders

_LARGEST = 4_000_000
_MOST = 5_000
_COMMIT = re.compile(r"[0-9a-f]{40}")
_KINDS = ("heads", "tags")
_FOLDERS = tuple(f"refs/{each}/" for each in _KINDS)


@dataclass(frozen=True, slots=True)
class Current:
    """What is checked out: the branch, None where there is none, and the full commit."""

    branch: str | None
    commit: str


def current(repository: Path) -> Current | None:
    """Return what a repository has checked out, None where its files do not say."""
    folder = _git_folder(repository)
    head = _text(folder / "HEAD") if folder else ""
    if folder is None or _COMMIT.fullmatch(head):
        return Current(None, head) if head else None
    name = head.removeprefix("ref:").strip()
    commit = _commits(folder).get(name)
    return Current(name.removeprefix("refs/heads/"), commit) if commit else None


def names(repository: Path) -> list[str]:
    """Return the branches and tags of a repository, at most some thousands; none where it has none.

    The one that is checked out stands first.
    """
    folder = _git_folder(repository)
    if folder is None:
        return []
    commits = _commits(folder)
    head = _text(folder / "HEAD").removeprefix("ref:").strip()
    first = [head.removeprefix("refs/heads/")] if head in commits else []
    found = sorted(name.split("/", 2)[2] for name in commits)
    return [*first, *(name for name in found if name not in first)]


def _git_folder(repository: Path) -> Path | None:
    for folder in (repository / ".git", repository):
        if (folder / "HEAD").is_file():
            return folder
    inside = _text(repository / ".git").removeprefix("gitdir:").strip()  # a worktree of git's
    place = repository / inside
    return place if inside and (place / "HEAD").is_file() else None


def _commits(folder: Path) -> dict[str, str]:
    """Return the commit, or for an annotated tag the tag's object, of each branch and tag."""
    shared = folder / (_text(folder / "commondir") or ".")
    found = {}
    for line in _text(shared / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if _COMMIT.fullmatch(commit) and name.startswith(_FOLDERS):
            found[name] = commit
    for kind in _KINDS:
        place = shared / "refs" / kind
        for name in sorted(name for name, _, _ in folders.walk(place))[:_MOST]:
            commit = _text(place / name)
            if _COMMIT.fullmatch(commit):
                found[f"refs/{kind}/{name}"] = commit
    return found


def _text(path: Path) -> str:
    """Return what a small regular file holds, nothing where there is none."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
