"""What of a tree is not as its commit has it, with all that a container could write into it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.deep_folders import deepened
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import CheckoutFailed, DeployRefused
from ccci.recipe import checkouts, git_process, tree
from ccci.recipe.checkouts import Checkout

pytestmark = pytest.mark.slow


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = make_repository(tmp_path / "source")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "link").symlink_to("compose.yml")
    (folder / "deep" / "up").symlink_to("..")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "wide.txt").write_bytes("hi".encode("utf-16"))
    (folder / ".gitattributes").write_text(ATTRIBUTES)
    commit(folder, {"compose.yml": "one $Id$", "deep/er/x": "x\r\ny\n", "empty": ""})
    return folder


ATTRIBUTES = "* text=auto eol=crlf\n*.yml ident\n*.txt working-tree-encoding=UTF-16\n"


def put(source: Path, tmp_path: Path, *, git_in_tree: bool = False) -> tuple[Checkout, str]:
    ours = checkouts.clone(
        str(source), tmp_path / "ours", tmp_path / "journal", git_in_tree=git_in_tree
    )
    head = checkouts.resolve(ours, "main")
    checkouts.switch(ours, head, "head")
    return ours, head


@pytest.mark.parametrize("git_in_tree", [False, True])
def test_a_tree_is_the_bytes_of_its_objects(
    source: Path, tmp_path: Path, git_in_tree: bool
) -> None:
    ours, head = put(source, tmp_path, git_in_tree=git_in_tree)
    assert (ours.path / "compose.yml").read_bytes() == b"one $Id$"
    assert (ours.path / "deep" / "er" / "x").read_bytes() == b"x\ny\n"
    assert (ours.path / "wide.txt").read_bytes() == b"hi"
    assert (ours.path / "link").readlink() == Path("compose.yml")
    assert os.access(ours.path / "run.sh", os.X_OK)
    assert (ours.path / ".git").exists() == git_in_tree
    assert checkouts.dirty_paths(ours, head) == ()
    if git_in_tree:
        assert git(ours.path, "rev-parse", "HEAD") == head
        assert git(ours.path, "status", "--porcelain") == ""


def to_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: list[tuple[str, Callable[[Path], object], tuple[str, ...]]] = [
    ("compose.yml", lambda path: path.write_text("two"), ("compose.yml",)),
    ("compose.yml", lambda path: path.write_text("longer"), ("compose.yml",)),
    ("compose.yml", Path.unlink, ("compose.yml",)),
    ("compose.yml", to_link, ("compose.yml",)),
    ("compose.yml", to_pipe, ("compose.yml",)),
    ("compose.yml", to_folder, ("compose.yml",)),
    ("compose.yml", lambda path: path.chmod(0o755), ("compose.yml",)),
    ("run.sh", lambda path: path.chmod(0o644), ("run.sh",)),
    ("link", to_link, ("link",)),
    ("link", to_folder, ("link",)),
    ("deep/er/new", lambda path: path.write_text("x"), ("deep/er/new",)),
    ("loop", lambda path: path.symlink_to("."), ("loop",)),
    ("pipe", os.mkfifo, ("pipe",)),
    (".gitignore", lambda path: path.write_text("*\n"), (".gitignore",)),
    ("empty folder", Path.mkdir, ()),
]


@pytest.mark.parametrize(("name", "change", "expected"), CHANGES)
def test_what_is_not_as_committed_is_named(
    source: Path,
    tmp_path: Path,
    name: str,
    change: Callable[[Path], object],
    expected: tuple[str, ...],
) -> None:
    ours, head = put(source, tmp_path)
    change(ours.path / name)
    assert checkouts.dirty_paths(ours, head) == expected


def test_a_folder_that_became_a_link_is_not_followed(source: Path, tmp_path: Path) -> None:
    ours, head = put(source, tmp_path)
    (ours.path / "deep").rename(tmp_path / "away")
    (ours.path / "deep").symlink_to(tmp_path / "away")
    assert checkouts.dirty_paths(ours, head) == ("deep/er/x", "deep/up", "deep")


def test_whoever_writes_into_the_tree_before_writes_nowhere_near(
    source: Path, tmp_path: Path
) -> None:
    ours, head = put(source, tmp_path)
    handed_out = os.open(ours.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        checkouts.switch(ours, head, "again")
        late = os.open("compose.yml", os.O_WRONLY | os.O_TRUNC, dir_fd=handed_out)
        os.write(late, b"too late")
        os.close(late)
    finally:
        os.close(handed_out)
    assert (ours.path / "compose.yml").read_text() == "one $Id$"
    assert checkouts.dirty_paths(ours, head) == ()


def test_a_commit_of_too_many_files_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MOST_FILES", 3)
    with pytest.raises(DeployRefused, match="more than 3 files"):
        put(source, tmp_path)
    assert not (tmp_path / "ours").exists()


def test_a_commit_of_too_many_bytes_is_refused_before_any_is_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(source, {"zeros": "0" * 3_000_000, "more": "x" * 2_000_000})
    monkeypatch.setattr(tree, "LARGEST_FILE", 2_500_000)
    with pytest.raises(DeployRefused, match="zeros, a file of 3000000 bytes: more than 2500000"):
        put(source, tmp_path / "one")
    monkeypatch.setattr(tree, "LARGEST_FILE", 3_000_000)
    monkeypatch.setattr(tree, "LARGEST", 4_000_000)
    with pytest.raises(DeployRefused, match="more than 4000000 bytes together"):
        put(source, tmp_path / "two")
    assert not (tmp_path / "one" / "ours").exists()
    monkeypatch.setattr(tree, "LARGEST", 6_000_000)
    put(source, tmp_path / "three")


def test_a_name_that_no_disk_can_hold_is_the_recipes_fault(source: Path, tmp_path: Path) -> None:
    blob = git(source, "hash-object", "-w", "compose.yml")
    git(source, "update-index", "--add", "--cacheinfo", f"100644,{blob},{'n' * 300}")
    made = git(source, "write-tree")
    git(source, "update-ref", "refs/heads/main", git(source, "commit-tree", "-m", "x", made))
    with pytest.raises(DeployRefused, match="cannot be put on a disk"):
        put(source, tmp_path)


def test_a_commit_of_folders_in_folders_without_end_is_refused(
    source: Path, tmp_path: Path
) -> None:
    blob = git(source, "hash-object", "-w", "compose.yml")
    for levels, name in ((99, "fine"), (1300, "deep")):
        git(source, "update-index", "--add", "--cacheinfo", f"100644,{blob},{'a/' * levels}{name}")
        made = git(source, "write-tree")
        git(source, "update-ref", "refs/heads/main", git(source, "commit-tree", "-m", "x", made))
        if name == "fine":
            ours, head = put(source, tmp_path / name)
            assert checkouts.dirty_paths(ours, head) == ()
    with pytest.raises(DeployRefused, match=r"a/a/…, a file in more than 100 folders"):
        put(source, tmp_path / "deep")


def test_folders_in_folders_that_a_container_made_are_told_and_no_more(
    source: Path, tmp_path: Path
) -> None:
    ours, head = put(source, tmp_path)
    with deepened(ours.path / "made"):
        found = checkouts.dirty_paths(ours, head)
    assert [path[:7] for path in found] == ["made/dd"]


def test_branches_in_folders_without_end_are_given_to_a_tree_all_the_same(
    source: Path, tmp_path: Path
) -> None:
    git(source, "pack-refs", "--all")
    with (source / ".git" / "packed-refs").open("a") as packed:
        packed.write(f"{git(source, 'rev-parse', 'HEAD')} refs/heads/{'a/' * 1100}branch\n")
    ours, head = put(source, tmp_path, git_in_tree=True)
    assert git(ours.path, "rev-parse", "HEAD") == head
    assert checkouts.dirty_paths(ours, head) == ()


def test_a_history_of_too_many_bytes_is_not_fetched(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "noise").write_bytes(os.urandom(2_000_000))
    commit(source, {})
    monkeypatch.setattr(git_process, "LARGEST_FETCH", 1_000_000)
    with pytest.raises(CheckoutFailed, match="more than 1000000 bytes of history"):
        put(source, tmp_path / "one")
    monkeypatch.setattr(git_process, "LARGEST_FETCH", 3_000_000)
    put(source, tmp_path / "two")


def test_a_tree_is_made_anew_whatever_a_container_wrote_into_it(
    source: Path, tmp_path: Path
) -> None:
    ours, head = put(source, tmp_path, git_in_tree=True)
    (ours.path / ".git" / "config").write_text("[core]\n\tfsmonitor = evil\n")
    (ours.path / ".git" / "HEAD").write_text("ref: refs/heads/evil\n")
    (ours.path / "compose.yml").write_text("evil")
    checkouts.renew(ours, "undeploy")
    assert "evil" not in (ours.path / ".git" / "config").read_text()
    assert not checkouts.moved(ours, head)
    assert checkouts.dirty_paths(ours, head) == ()
    untouched = Checkout(tmp_path / "no", "", tmp_path / "journal", tmp_path / "none", True)
    checkouts.renew(untouched, "undeploy")
    assert not untouched.path.exists()


def test_a_tree_that_was_moved_is_told(source: Path, tmp_path: Path) -> None:
    ours, head = put(source, tmp_path, git_in_tree=True)
    assert not checkouts.moved(ours, head)
    git(ours.path, "checkout", "--quiet", "-b", "elsewhere")
    assert checkouts.moved(ours, head)
    (ours.path / ".git" / "HEAD").unlink()
    assert checkouts.moved(ours, head)
    os.mkfifo(ours.path / ".git" / "HEAD")
    assert checkouts.moved(ours, head)
    (ours.path / ".git" / "HEAD").unlink()
    (ours.path / ".git" / "HEAD").symlink_to("/dev/zero")
    assert checkouts.moved(ours, head)
