"""A throwaway Swarm as a pytest fixture: `pytest_plugins = ["ccci.sandbox.fixtures"]`.

It needs root, dockerd, ip and iptables, as `ccci sandbox up` does; a test that asks for it where
one of them is missing fails with what is missing, and is never skipped. pytest is the reader's own.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ccci.sandbox import lifecycle
from ccci.sandbox.layout import Sandbox


@contextmanager
def sandbox(nodes: int = 1, managers: int = 1) -> Iterator[Sandbox]:
    """Give a Swarm of one's own, removed without trace at the end of the block.

    `host` of what is given is its DOCKER_HOST; `image.load` makes an image for it. Raise CcciError
    where it cannot be made here.
    """
    # A socket's path has at most 107 bytes, so that pytest's own temporary folders are too deep.
    with tempfile.TemporaryDirectory(prefix=f"ccci-{os.getpid()}-", dir="/tmp") as folder:
        made = Sandbox(Path(folder) / "s", nodes, managers)
        lifecycle.up(made, lambda _line: None)
        try:
            yield made
        finally:
            lifecycle.down(made.folder)


@pytest.fixture(scope="session")
def ccci_swarm() -> Iterator[Sandbox]:
    """Give a Swarm of one node that all tests of the session share."""
    with sandbox() as made:
        yield made


@pytest.fixture
def new_ccci_swarm() -> Iterator[Callable[..., Sandbox]]:
    """Give a function `(nodes=1, managers=1)` that makes a Swarm for this test alone."""
    with ExitStack() as made:
        yield lambda nodes=1, managers=1: made.enter_context(sandbox(nodes, managers))
