"""Sampling memory while a rollout runs: by the kernel's files, else by the Engine, seldom."""

import time
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import EngineServer, recorded

from ccci.errors import CcciError
from ccci.swarm.decode.events import Event
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Sample
from ccci.swarm.watching import memory, recording
from ccci.swarm.watching.memory import Sampler
from ccci.swarm.watching.trace import Trace
from ccci.swarm.watching.watch import Watch

pytestmark = pytest.mark.slow

OLD, NEW = "a" * 64, "b" * 64
NODE = "n1"


def task(name: str, container: str, process: int = 0) -> dict[str, Any]:
    status = {"State": "running", "ContainerStatus": {"ContainerID": container, "PID": process}}
    return {"ID": name, "NodeID": NODE, "Status": status}


class Kernel:
    """The kernel's files, of one version of cgroups, and an Engine's way to name them."""

    def __init__(self, folder: Path, *, newer: bool, mount: str, name: str) -> None:
        self.processes, self.cgroups = folder / "proc", folder / "cgroup"
        self.newer, self.name = newer, name
        self.root = self.cgroups / mount

    def start(self, container: str, size: int, process: int = 0, idle: int = 0) -> None:
        path = self.name.format(container)
        home = self.root / path.lstrip("/")
        home.mkdir(parents=True, exist_ok=True)
        (home / ("memory.current" if self.newer else "memory.usage_in_bytes")).write_text(f"{size}")
        (home / "memory.stat").write_text(f"inactive_file {idle}\n")
        if process:
            line = f"0::{path}" if self.newer else f"5:memory:{path}"
            own = self.processes / str(process)
            own.mkdir(parents=True, exist_ok=True)
            (own / "cgroup").write_text(f"{line}\n")


@pytest.fixture(
    params=[
        (True, "", "/system.slice/docker-{}.scope"),
        (True, "unified", "/docker/{}"),
        (False, "memory", "/sandbox/{}"),
    ],
    ids=["v2", "v2-hybrid", "v1"],
)
def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> Kernel:
    newer, mount, name = request.param
    return Kernel(tmp_path, newer=newer, mount=mount, name=name)


def until(sampler: Sampler, *tasks: str, timeout: float = 5.0) -> dict[str, list[int]]:
    """Wait until these tasks were sampled, and return how much they held."""
    over = time.monotonic() + timeout
    while not set(tasks) <= sampler.found.keys():
        assert time.monotonic() < over, sampler.found
        time.sleep(0.01)
    return {task: [each.bytes for each in found] for task, found in sampler.found.items()}


def test_the_kernel_is_asked_and_the_engine_is_not(
    kernel: Kernel, engine: Engine, server: EngineServer
) -> None:
    kernel.start(OLD, 5 * 2**20, process=71, idle=2**20)
    told: list[dict[str, int]] = []
    sampler = Sampler(
        engine,
        report=lambda _at, _wall, sizes: told.append(dict(sizes)),
        processes=kernel.processes,
        cgroups=kernel.cgroups,
    )
    sampler.look([task("old", OLD, 71), task("gone", "c" * 64, 72)], "elsewhere")
    sampler.look([task("old", OLD, 71)], NODE)
    assert until(sampler, "old") == {"old": [4 * 2**20]}
    # What starts is known at once, by the name of the one before: its process nobody has named.
    kernel.start(NEW, 2**20)
    sampler.event(Event("container", "start", id=NEW, task="new"))
    assert until(sampler, "new")["new"] == [2**20]
    sampler.close()
    assert told[:2] == [{"old": 4 * 2**20}, {"new": 2**20}]
    assert server.requests == []


def test_where_the_kernel_says_nothing_the_engine_is_asked_seldom(
    engine: Engine, server: EngineServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "ASKED_EVERY", 0.6)
    server.routes[f"/containers/{OLD}/stats"] = {"memory_stats": {"usage": 7 * 2**20}}
    server.routes[f"/containers/{NEW}/stats"] = {"memory_stats": {"usage": 3 * 2**20}}
    sampler = Sampler(engine, processes=tmp_path, cgroups=tmp_path)
    begun = time.monotonic()
    sampler.look([task("old", OLD, 71), task("new", NEW, 72)], NODE)
    found = until(sampler, "old", "new")
    sampler.close()
    assert time.monotonic() - begun >= 0.6
    assert found == {"old": [7 * 2**20], "new": [3 * 2**20]}
    assert len(server.requests) == 2
    asked = server.requests[0].params
    assert {key: asked[key] for key in ("stream", "one-shot")} == {"stream": "0", "one-shot": "1"}


def test_of_tasks_that_are_old_the_engine_is_asked_less_still(
    engine: Engine, server: EngineServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces = {"YOUNG_FOR": 0.3, "ASKED_EVERY": 0.05, "ASKED_SELDOM": 60.0, "SELDOM": 0.05}
    for name, value in paces.items():
        monkeypatch.setattr(memory, name, value)
    for number, container in enumerate((OLD, NEW)):
        usage = {"memory_stats": {"usage": number + 2**20}}
        server.routes[f"/containers/{container}/stats"] = usage
    sampler = Sampler(engine, processes=tmp_path, cgroups=tmp_path)
    sampler.look([task("old", OLD, 71), task("new", NEW, 72)], NODE)
    until(sampler, "old", "new")
    young, over = len(server.requests), time.monotonic() + 1.5
    while time.monotonic() < over:
        sampler.look([task("old", OLD, 71), task("new", NEW, 72)], NODE)
        time.sleep(0.05)
    sampler.close()
    # One a quarter of a second while they are young, then one more at most.
    assert len(server.requests) <= young + 3


def test_a_process_of_another_machine_is_not_taken_for_the_containers(
    kernel: Kernel, engine: Engine, server: EngineServer
) -> None:
    kernel.start("d" * 64, 2**30, process=71)
    server.routes[f"/containers/{OLD}/stats"] = {"memory_stats": {"usage": 2**20}}
    sampler = Sampler(engine, processes=kernel.processes, cgroups=kernel.cgroups)
    sampler.look([task("old", OLD, 71)], NODE)
    assert until(sampler, "old") == {"old": [2**20]}
    sampler.close()


def test_what_has_died_is_not_sampled_any_more(
    kernel: Kernel, engine: Engine, server: EngineServer
) -> None:
    kernel.start(OLD, 2**20, process=71)
    sampler = Sampler(engine, processes=kernel.processes, cgroups=kernel.cgroups)
    sampler.look([task("old", OLD, 71)], NODE)
    until(sampler, "old")
    sampler.event(Event("container", "die", id=OLD, task="old"))
    kernel.start(OLD, 9 * 2**20)
    kernel.start(NEW, 2**20)
    sampler.event(Event("container", "start", id=NEW, task="new"))
    assert until(sampler, "new")["old"] == [2**20]
    sampler.close()
    assert server.requests == []


def test_a_watch_samples_only_where_it_is_asked_to(
    server: EngineServer, engine: Engine, tmp_path: Path
) -> None:
    tasks = recorded("tasks")
    server.routes |= {"/services": recorded("services"), "/tasks": tasks}
    node = tasks[0]["NodeID"]
    server.routes["/info"] = {"Swarm": {"NodeID": node}}
    server.routes["/nodes"] = recorded("nodes")
    running = [each for each in tasks if each["Status"]["State"] == "running"]
    for each in running:
        container = each["Status"]["ContainerStatus"]["ContainerID"]
        server.routes[f"/containers/{container}/stats"] = {"memory_stats": {"usage": 2**20}}
    path = tmp_path / "trace.jsonl"
    with Trace(path) as trace, Watch(engine, "t", trace=trace, samples=True) as watch:
        looks = watch.observations()
        while not watch.memory:
            assert next(looks).unreachable is None
        found = {task: each[0].bytes for task, each in watch.memory.items()}
    assert set(found.values()) == {2**20}
    assert recording.memory(path).keys() == found.keys() <= {each["ID"] for each in running}
    server.requests.clear()
    with Watch(engine, "t") as watch:
        next(watch.observations())
        assert watch.memory == {}
    assert not any("/stats" in each.path for each in server.requests)


def test_samples_are_read_back_from_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with Trace(path) as trace:
        trace.memory(1.0, "2026-11-26T10:00:00.000Z", {"t1": 2**20})
        trace.memory(1.5, "2026-11-26T10:00:00.500Z", {"t1": 2**24, "t2": 5})
    assert recording.memory(path) == {
        "t1": (
            Sample("2026-11-26T10:00:00.000Z", 2**20),
            Sample("2026-11-26T10:00:00.500Z", 2**24),
        ),
        "t2": (Sample("2026-11-26T10:00:00.500Z", 5),),
    }
    path.write_text(path.read_text().replace("16777216", '"much"'))
    with pytest.raises(CcciError, match="a sample makes no sense"):
        recording.memory(path)
