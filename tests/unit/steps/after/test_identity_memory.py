from pathlib import Path

import pytest

from ccci.steps.after.identity import recall, remember
from ccci.swarm.commits import Dirt


def test_what_a_run_knows_is_kept_for_later(tmp_path: Path) -> None:
    dirt = Dirt(frozenset({"compose.ccci.yml"}), frozenset({"compose.ccci.yml"}))
    remember(tmp_path / "identity.json", dirt, {"fingerprint": "7ae7b0f7"})
    assert recall(tmp_path / "identity.json") == (dirt, {"fingerprint": "7ae7b0f7"})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dirty": 1, "ours": [], "specs": {}}'])
def test_a_record_that_says_nothing_explains_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "identity.json").write_text(text)
    assert recall(tmp_path / "identity.json") == (Dirt(), {})
    assert recall(tmp_path / "absent.json") == (Dirt(), {})


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    remember(tmp_path / "absent" / "identity.json", Dirt(), {})
    assert not (tmp_path / "absent").exists()
