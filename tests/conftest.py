"""What the whole test run shares: where its sandboxes live, and that none of them stays."""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from support.documents import checked
from support.examples import DESK
from support.sandbox.swarms import SANDBOXES, takes_jobs

from ccci.terminal.output import Output

_PREFIX = "ccci-test-"
_TEMPORARY = Path("/tmp")  # short: a socket's path has at most 107 bytes
_TERMINAL = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TERMINAL_WIDTH")
"""What would colour, wrap or shorten what the tests read."""
_CI = ("CI", "GITHUB_ACTIONS", "GITLAB_CI")
"""What says that a CI reads us: ccci's log then has the time of day, Typer colours."""
_OF_A_CI = ("CCCI_", "CI_", "DRONE_", "PLUGIN_")
"""How variables begin that are settings of ours, or stand for one where a CI sets them."""
_PYTHON = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
"""What has each ccci that a test starts compile itself, or write as nobody's does."""
_NEARBY = "localhost,127.0.0.1,::1"
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""What ends ccci; `nohup` and a shell's `&` have some of them ignored, in whatever is started."""
_BETWEEN_COLLECTIONS = 10_000
"""So many new objects are there when Python looks through the young ones, not 700."""
settings.load_profile(DESK)  # the plugin loads another one later, where one is asked for


@pytest.fixture
def newer_docker() -> None:
    """Pass over a test for whose compose file the docker CLI is too old, as Debian 12's is."""
    if not takes_jobs("docker"):
        pytest.skip("this docker CLI is older than 23.0: no job in a compose file, no stack config")


@pytest.fixture(autouse=True, scope="session")
def every_document_keeps_its_schema() -> Iterator[None]:
    """Hold each document that is printed in this process against the schema published for it."""
    whole = Output.json_result
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Output, "json_result", lambda self, value: whole(self, checked(value)))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--record`."""
    parser.addoption(
        "--record", action="store_true", help="keep the staged rollouts in tests/recordings"
    )


def pytest_configure() -> None:
    """Choose the run's own prefix of folders; the workers of xdist inherit it.

    What is set around us is none of the tests' business: a terminal, a CI, settings of ccci, a
    proxy for our own servers, ignored signals.
    """
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            # Still passed over here, but a handler is not inherited by what the tests start.
            signal.signal(number, lambda *_: None)
    settings_of_ours = {name for name in os.environ if name.startswith(_OF_A_CI)}
    for name in (*_TERMINAL, *_CI, *_PYTHON, *settings_of_ours):
        if not name.startswith("CCCI_TEST_"):
            os.environ.pop(name, None)
            # Readline, which pytest imports, sets some past `os.environ`, for what we start.
            os.unsetenv(name)
    python = Path(sys.executable).parent
    if Path(shutil.which("python3") or "").parent != python:
        # Our own Python for what asks for one: that of a version manager is a slow script.
        os.environ["PATH"] = f"{python}:{os.environ['PATH']}"
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), _NEARBY)))
    if SANDBOXES not in os.environ:
        # A cancelled run removes its sandboxes, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        os.environ[SANDBOXES] = str(_TEMPORARY / f"{_PREFIX}{os.getpid()}")
        # Whatever judges is recorded: not among the runs of whoever runs the tests.
        os.environ["XDG_STATE_HOME"] = str(_TEMPORARY / f"{_PREFIX}{os.getpid()}-state")
        _remove_what_killed_runs_left()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Have the garbage collector pass over what stays to the end: modules, tests, fixtures.

    Looked through again and again it takes a twelfth of the time. What is garbage by then is
    collected once, so that what it leaves open is noticed as ever.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_BETWEEN_COLLECTIONS)
        gc.enable()


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
    from ccci.sandbox import lifecycle as life

    if folder.name.endswith("-state"):
        shutil.rmtree(folder, ignore_errors=True)
    elif os.geteuid() == 0:
        try:
            life.down(folder)
        except CcciError as error:
            sys.stderr.write(f"{folder} stays: {error.message}\n")
