"""Fixtures for what verbs mean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.recipes.upgrade_stage import Make, stages

from ccci.swarm.engine.client import Engine

Reach = Callable[[object], None]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Give a function that makes a stage of a repository with a release and a head."""
    return stages(tmp_path, monkeypatch)


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Reach:
    """Give a function that has whoever connects reach the Engine it is given."""

    def reached(swarm: object) -> None:
        @contextmanager
        def connect() -> Iterator[object]:
            yield swarm

        monkeypatch.setattr(Engine, "connect", connect)

    return reached
