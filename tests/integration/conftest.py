"""The Swarm that these tests run on.

DOCKER_HOST where it is given, and then it has to be a manager; else a sandbox, which all workers
share and which `tests/conftest.py` removes at the end of the run. Never a skip.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.recipes.upgrades import Ccci
from support.sandbox import swarms
from support.sandbox.engine_faults import READ_ONLY_TOO_LATE
from support.sandbox.stagings import Stage
from support.sandbox.swarms import NEED, SANDBOXES, Swarm

from ccci.sandbox import lifecycle as life
from ccci.sandbox.layout import Sandbox

_FIXTURES = {
    "swarm",
    "swarm_alone",
    "swarm_of_a_file",
    "swarm_three",
    "swarm_managers",
    "stack",
    "new_stack",
    "stage",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a Swarm; where its Engine fails by itself, they are run again."""
    again = pytest.mark.flaky(reruns=2, only_rerun=[READ_ONLY_TOO_LATE])
    for item in items:
        if _FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.swarm)
            item.add_marker(again)


def _say(line: str) -> None:
    print(line)


@contextmanager
def private_swarm(nodes: int = 1, managers: int = 1) -> Iterator[Swarm]:
    """Give a sandbox of one's own, removed at the end."""
    if os.geteuid() != 0:
        pytest.fail(NEED, pytrace=False)
    folder = Path(f"{os.environ[SANDBOXES]}-{secrets.token_hex(3)}")
    sandbox = Sandbox(folder, nodes, managers)
    life.up(sandbox, _say)
    try:
        yield swarms.of_sandbox(sandbox)
    finally:
        life.down(folder)


@pytest.fixture(scope="session")
def swarm() -> Swarm:
    """Give the Swarm that the whole run shares: use a stack of your own, break nothing else."""
    if os.environ.get("DOCKER_HOST"):
        given = Swarm((os.environ["DOCKER_HOST"],))
        if not swarms.is_manager(given):
            pytest.fail(NEED, pytrace=False)
        swarms.prepare(given)
        return given
    if os.geteuid() != 0:
        pytest.fail(NEED, pytrace=False)
    sandbox = Sandbox(Path(os.environ[SANDBOXES]))
    life.up(sandbox, _say)
    return swarms.of_sandbox(sandbox)


@pytest.fixture(scope="module")
def swarm_of_a_file() -> Iterator[Swarm]:
    """Give a private sandbox for the tests of one file, which look at all that is on a Swarm."""
    with private_swarm() as private:
        yield private


@pytest.fixture
def swarm_alone() -> Iterator[Swarm]:
    """Give a private sandbox, for tests that kill or restart its daemon or fill its nodes."""
    with private_swarm() as private:
        yield private


@pytest.fixture
def swarm_three() -> Iterator[Swarm]:
    """Give a private Swarm of three nodes, one of them a manager."""
    with private_swarm(nodes=3) as private:
        yield private


@pytest.fixture
def swarm_managers() -> Iterator[Swarm]:
    """Give a private Swarm of three managers, the first of which leads."""
    with private_swarm(nodes=3, managers=3) as private:
        yield private


@pytest.fixture(scope="session")
def removals(swarm: Swarm) -> Iterator[Callable[[str], object]]:
    """Give what removes a stack while other tests run; the run ends once all are gone."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        asked: list[Future[None]] = []
        yield lambda stack: asked.append(pool.submit(swarm.remove, stack))
    for each in asked:
        each.result()


@pytest.fixture
def new_stack(removals: Callable[[str], object]) -> Iterator[Callable[[], str]]:
    """Give a maker of names for stacks; what is deployed under them is removed afterwards."""
    made: list[str] = []

    def make() -> str:
        made.append(f"t{secrets.token_hex(3)}")
        return made[-1]

    yield make
    for stack in made:
        removals(stack)


@pytest.fixture
def stack(new_stack: Callable[[], str]) -> str:
    """Give the name of a stack; what is deployed under it is removed at the end."""
    return new_stack()


@pytest.fixture
def stage(swarm: Swarm, stack: str, tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    """Give a stack of one's own to stage rollouts on."""
    return Stage(swarm, stack, tmp_path, bool(request.config.getoption("--record")))


@pytest.fixture
def stage_alone(swarm_alone: Swarm, tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    """Give a stack on a Swarm of one's own, whose daemon may be killed."""
    return Stage(swarm_alone, "alone", tmp_path, bool(request.config.getoption("--record")))


@pytest.fixture
def stage_of_three(swarm_three: Swarm, tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    """Give a stack on a Swarm of three nodes of one's own."""
    return Stage(swarm_three, "three", tmp_path, bool(request.config.getoption("--record")))


@pytest.fixture
def stage_of_managers(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Give a stack on a Swarm of three managers of one's own, any of which may be killed."""
    with private_swarm(nodes=3, managers=3) as swarm:
        yield Stage(swarm, "three", tmp_path, bool(request.config.getoption("--record")))


@pytest.fixture
def deployer() -> str:
    """Return the deployer that `ccci` goes through; `upgrades.EACH` asks for each in turn."""
    return "stack"


@pytest.fixture
def ccci(
    swarm: Swarm, tmp_path: Path, deployer: str, removals: Callable[[str], object]
) -> Iterator[Ccci]:
    """Give ccci on the shared Swarm, with a home of its own; what it leaves is removed."""
    home = tmp_path / "home"
    home.mkdir()
    made = Ccci(swarm, home, deployer)
    yield made
    for stack in made.stacks:
        removals(stack)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return where a test makes the repository of its recipe."""
    return tmp_path / "shop"
