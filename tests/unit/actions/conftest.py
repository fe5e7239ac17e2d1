"""Fixtures for what verbs mean."""

from pathlib import Path

import pytest
from support.recipes.upgrade_stage import Make, stages


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Give a function that makes a stage of a repository with a release and a head."""
    return stages(tmp_path, monkeypatch)
