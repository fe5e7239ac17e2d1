"""A baseline in a file: whatever lies there is read whole and soon, or refused."""

import os
from pathlib import Path

import pytest

from ccci.errors import UsageError
from ccci.plain_file import LARGEST_DOCUMENT
from ccci.records import baseline_file


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/dev/zero", "no plain file"),
        ("pipe", "no plain file"),
        ("folder", "no plain file"),
        ("nowhere", "No such file"),
        ("large", "larger than"),
        ("text", "no JSON"),
        ("deep", "no JSON"),
    ],
)
def test_what_cannot_be_a_baseline_is_refused_at_once(
    target: str, why: str, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("{")
    (tmp_path / "deep").write_text("[" * 100_000)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGEST_DOCUMENT + 1)
    (tmp_path / "baseline.json").symlink_to(target)
    with pytest.raises(UsageError, match=why):
        baseline_file.load(tmp_path / "baseline.json")
