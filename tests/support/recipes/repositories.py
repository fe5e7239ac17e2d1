"""Real git repositories for tests, made in a temporary folder."""

import os
import subprocess
from pathlib import Path

OURS_ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
"""Keeps git from what the developer has configured: signing, hooks, the first branch's name."""
_QUICK = ("-c", "maintenance.auto=false", "-c", "gc.auto=0")
"""Keeps git from looking after each commit whether there is something to tidy up."""
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
"""
_WHO = {
    **OURS_ALONE,
    "GIT_AUTHOR_NAME": "A Maintainer",
    "GIT_AUTHOR_EMAIL": "maintainer@example.com",
    "GIT_COMMITTER_NAME": "A Maintainer",
    "GIT_COMMITTER_EMAIL": "maintainer@example.com",
}


def git(folder: Path, *words: str) -> str:
    """Run git in a folder as a maintainer would, and return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    finished = subprocess.run(
        ["git", *_QUICK, "-C", str(folder), *words],
        env={**kept, **_WHO},
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.strip()


def make_repository(folder: Path) -> Path:
    """Make an empty repository with the branch `main`, as `git init` does without a template."""
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (folder / ".git" / name).mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "config").write_text(_CONFIG)
    return folder


def commit(folder: Path, files: dict[str, str], message: str = "change", tag: str = "") -> str:
    """Write files, commit everything, tag it (annotated) and return the full commit.

    The message names the folder: two tests that commit the same in the same second would have
    one commit, hence one app, and would wait for each other's lock.
    """
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", f"{message} in {folder}")
    if tag:
        git(folder, "tag", "-a", tag, "-m", tag)
    return _head(folder)


def _head(folder: Path) -> str:
    """Return the commit that was just made, which its branch's own file says without a process."""
    head = (folder / ".git" / "HEAD").read_text().strip()
    branch = head.removeprefix("ref: ")
    return head if branch == head else (folder / ".git" / branch).read_text().strip()
