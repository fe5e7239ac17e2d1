"""What `make unit` is: tests of this process alone; whatever reaches out of it is marked `slow`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import current_thread, main_thread

import pytest

_OUTSIDE = {
    "os.fork": "forks",
    "os.posix_spawn": "starts a process",
    "pty.spawn": "starts a process",
    "socket.bind": "listens on a socket",
    "socket.connect": "connects a socket",
    "subprocess.Popen": "starts a process",
}
"""What a test of this process alone does not do, by the name of Python's own audit event."""

_HERE = Path(__file__).parent
_quick: list[str] = []
"""The test that runs, unless it may reach out of this process."""


def _refuse(event: str, _: object) -> None:
    # Another thread's doing is not this test's: stacks of tests on a Swarm are removed in some.
    if _quick and (does := _OUTSIDE.get(event)) and current_thread() is main_thread():
        pytest.fail(f"{_quick[0]} {does}: mark it slow", pytrace=False)


sys.addaudithook(_refuse)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let only those tests out of this process that say so."""
    # Every test of a run comes by here, those of other folders too.
    if item.path.is_relative_to(_HERE) and item.get_closest_marker("slow") is None:
        _quick.append(item.nodeid)
    try:
        return (yield)
    finally:
        _quick.clear()
