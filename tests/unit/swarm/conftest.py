"""The made-up Engine that the tests of this room ask, and ccci's client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine.server import EngineServer, engine_server

from ccci.swarm.engine.client import Engine


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EngineServer]:
    """Give an Engine that answers as a recorded one did, with the stack `t`."""
    with engine_server(tmp_path) as server:
        yield server


@pytest.fixture
def engine(server: EngineServer) -> Iterator[Engine]:
    """Give a client that has asked nothing yet."""
    with Engine.connect(timeout=5.0, environ=server.environ) as engine:
        server.requests.clear()
        yield engine
