"""What the whole test run shares: where its sandboxes live, and that none of them stays."""

import os
import signal
import sys
from pathlib import Path

import pytest
from swarms import SANDBOXES

_PREFIX = "ccci-test-"
_TEMPORARY = Path("/tmp")  # short: a socket's path has at most 107 bytes


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--record`."""
    parser.addoption(
        "--record", action="store_true", help="keep the staged rollouts in tests/recordings"
    )


def pytest_configure() -> None:
    """Choose the run's own prefix of folders; the workers of xdist inherit it."""
    if SANDBOXES not in os.environ:
        # A cancelled run removes its sandboxes, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        os.environ[SANDBOXES] = str(_TEMPORARY / f"{_PREFIX}{os.getpid()}")
        _remove_what_killed_runs_left()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long trials to `make soak`, which asks for them."""
    if "soak" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's sandboxes, once, at the very end, also when a worker crashed."""
    prefix = Path(os.environ.get(SANDBOXES, ""))
    if not hasattr(config, "workerinput") and prefix.name == f"{_PREFIX}{os.getpid()}":
        for folder in prefix.parent.glob(f"{prefix.name}*"):
            _down(folder)


def _remove_what_killed_runs_left() -> None:
    for folder in _TEMPORARY.glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", process).exists():
            _down(folder)


def _down(folder: Path) -> None:
    from ccci.errors import CcciError
    from ccci.sandbox import life

    if os.geteuid() == 0:
        try:
            life.down(folder)
        except CcciError as error:
            sys.stderr.write(f"{folder} stays: {error.message}\n")
