"""A temporary folder with a checkout in it: nobody's while it is worked in, found where we died."""

import os
import tempfile
from pathlib import Path

import pytest

from ccci.records import strays


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_folder_that_is_worked_in_is_no_stray_and_leaves_nothing(tmp_path: Path) -> None:
    with strays.temporary("dry") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert strays.find() == ()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_one_that_was_killed_is_found() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with strays.temporary("dry") as folder:
            os.write(writing, os.fsencode(folder))
            os._exit(0)
    os.waitpid(child, 0)
    assert strays.find() == (Path(os.fsdecode(os.read(reading, 4096))),)
