"""A temporary folder: nobody's while it is worked in, found where we died."""

import os
import tempfile
from pathlib import Path

import pytest

from ccci.host import temporary
from ccci.host.process import run
from ccci.recipe import history

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_folder_that_is_worked_in_is_no_stray_and_leaves_nothing(tmp_path: Path) -> None:
    with temporary.folder("dry") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert temporary.find() == ()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_one_that_was_killed_is_found() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with temporary.folder("dry") as folder:
            os.write(writing, os.fsencode(folder))
            os._exit(0)
    os.waitpid(child, 0)
    assert temporary.find() == (Path(os.fsdecode(os.read(reading, 4096))),)


def test_one_that_was_only_just_made_is_nobodys_to_remove(tmp_path: Path) -> None:
    (tmp_path / f"{temporary.PREFIX}dry-x").mkdir(mode=0o700)
    assert temporary.find() == ()


def test_whatever_is_fetched_to_be_compared_is_found_where_its_reader_was_killed(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    run(("git", "init", "--quiet", "--bare", str(source)))
    child = os.fork()
    if not child:
        with history.opened(str(source)):
            os._exit(0)
    os.waitpid(child, 0)
    (found,) = temporary.find()
    assert (found / "tree.repository").is_dir()
