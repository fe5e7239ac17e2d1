"""Many at once, and many times over: `make soak`."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from support.recipes.upgrade_bench import made, rest_of
from support.sandbox.swarms import KINDS, Swarm, compose

from ccci.removal.app import Place, Target, remove
from ccci.swarm.engine.client import Engine

AT_ONCE = 10
TEARDOWNS = 100


@pytest.mark.soak
def test_ten_upgrades_of_ten_apps_at_once_leave_nothing(swarm: Swarm, tmp_path: Path) -> None:
    with ExitStack() as stack:
        benches = []
        for number in range(AT_ONCE):
            (tmp_path / str(number)).mkdir()
            benches.append(stack.enter_context(made(swarm, tmp_path / str(number))))
        deployers = ["stack", "abra"] * (AT_ONCE // 2)
        running = [
            stack.enter_context(bench.upgrade("--deployer", deployer, "--timeout", "10m"))
            for bench, deployer in zip(benches, deployers, strict=True)
        ]
        said = [rest_of(each) for each in running]
        assert [each.wait(20) for each in running] == [0] * AT_ONCE, "\n".join(said)
        assert [bench.left() for bench in benches] == [[]] * AT_ONCE


@pytest.mark.soak
def test_a_hundred_teardowns_leave_nothing(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    text = compose(
        {"app": {"volumes": ["data:/data"], "networks": ["inner"], "configs": ["conf"]}},
        networks={"inner": {}},
        volumes={"data": {}},
        configs={"conf": {"file": "/etc/hostname"}},
    )
    with Engine.connect(environ=swarm.environment) as engine:
        place = Place(engine, tmp_path / "runs", tmp_path / "locks")
        for number in range(TEARDOWNS):
            swarm.deploy(stack, text)
            if number % 2:
                # Every other one is torn down while its task is still on its way.
                swarm.wait_running(f"{stack}_app")
            ending = remove(place, Target(stack, ours=True), lock_timeout=5)
            assert ending.gone, (number, ending)
            assert [kind for kind in KINDS if swarm.left(stack, kind)] == [], number
