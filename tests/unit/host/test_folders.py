"""Folders in folders without end are walked and removed, and no link leads out of them."""

import json
import os
from pathlib import Path

import pytest
from support.deep_folders import deepened

from ccci.host import folders
from ccci.recipe import heads
from ccci.sweep.runs import observed


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.slow
def test_folders_at_any_depth_are_removed(tmp_path: Path) -> None:
    with deepened(tmp_path / "deep"):
        before = descriptors()
        folders.remove(tmp_path / "deep")
    assert not list(tmp_path.iterdir())
    assert descriptors() == before


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "in").mkdir(parents=True)
    (tmp_path / "theirs" / "file").write_text("x")
    (tmp_path / "ours" / "a" / "b").mkdir(parents=True)
    for at in ("link", "a/link", "a/b/link"):
        (tmp_path / "ours" / at).symlink_to(tmp_path / "theirs")
    folders.remove(tmp_path / "ours")
    assert not (tmp_path / "ours").exists()
    assert (tmp_path / "theirs" / "file").read_text() == "x"
    assert (tmp_path / "theirs" / "in").is_dir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    with pytest.raises(NotADirectoryError):
        folders.remove(tmp_path / "link")
    assert (tmp_path / "theirs" / "file").exists()


def test_what_cannot_be_removed_is_told_and_all_else_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/b/kept", "a/b/other", "z/file"):
        path = tmp_path / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    unlink = os.unlink

    def refusing(name: str, *, dir_fd: int) -> None:
        if name == "kept":
            raise PermissionError(1, "Operation not permitted")
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", refusing)
    with pytest.raises(PermissionError):
        folders.remove(tmp_path / "top")
    assert [path.name for path in (tmp_path / "top").rglob("*") if path.is_file()] == ["kept"]


def test_no_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        folders.remove(tmp_path / "none")


@pytest.mark.slow
def test_a_walk_enters_no_more_folders_than_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descriptors()
    with deepened(tmp_path / "deep") as deep:
        found = [path for path, _, _ in folders.walk(deep)]
    assert found == ["/".join(["dd"] * (folders.DEEPEST + 1))]
    assert descriptors() == before
    for name in "abcdef":
        (tmp_path / "wide" / name).mkdir(parents=True)
        (tmp_path / "wide" / name / "file").touch()
    monkeypatch.setattr(folders, "MOST", 4)
    walked = sorted(path for path, _, _ in folders.walk(tmp_path / "wide"))
    assert len(walked) == 6
    assert sum(path.endswith("/file") for path in walked) == 4


def test_a_walk_that_is_given_up_leaves_nothing_open(tmp_path: Path) -> None:
    before = descriptors()
    with deepened(tmp_path / "deep", 20) as deep:
        (deep / "file").touch()
        for _ in folders.walk(deep):
            break
    assert descriptors() == before


def test_a_walk_of_what_is_not_there_finds_nothing(tmp_path: Path) -> None:
    assert list(folders.walk(tmp_path / "none")) == []


@pytest.mark.slow
def test_branches_and_reports_are_found_beside_folders_without_end(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    (git / "refs" / "heads" / "a").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/a/b")
    (git / "refs" / "heads" / "a" / "b").write_text("0" * 40)
    with deepened(git / "refs" / "heads" / "deep"):
        assert heads.names(tmp_path) == ["a/b"]
    (tmp_path / "run").mkdir()
    report = {"schema": "ccci.report/1", "command": "upgrade", "verdict": "converged"}
    (tmp_path / "run" / "report.json").write_text(json.dumps({**report, "target": "shop"}))
    with deepened(tmp_path / "run" / "checkouts"):
        assert [each.recipe for each in observed(tmp_path, {"shop"})] == ["shop"]
