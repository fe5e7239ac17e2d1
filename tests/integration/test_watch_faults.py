"""A watch whose Engine fails it: killed, restarted, cut off, slow, or no manager any more."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.engine.relay import relay
from support.sandbox.swarms import Swarm, compose, wait_for

from ccci.errors import EngineUnavailable
from ccci.sandbox import daemon
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Observation
from ccci.swarm.watching.watch import Watch


def kill(swarm: Swarm, number: int = 1, how: int = signal.SIGKILL) -> Callable[[], None]:
    """End a node's daemon and return what starts it again."""
    assert swarm.sandbox is not None
    sandbox, node = swarm.sandbox, swarm.sandbox.nodes[number - 1]
    os.kill(int(node.pidfile.read_text()), how)
    wait_for(lambda: not daemon.alive(node), "the end of the daemon")
    # A containerd that dies with its dockerd, not yet reaped, would be waited for in vain.
    containerd = node.run / "containerd" / "containerd.pid"
    if how == signal.SIGKILL and containerd.exists():
        status = Path("/proc", containerd.read_text().strip(), "status")
        wait_for(lambda: not status.exists() or "zombie" in status.read_text(), "its containerd")
        containerd.unlink(missing_ok=True)

    def start() -> None:
        daemon.start(sandbox, node)
        daemon.await_up(node)

    return start


def first(
    seen: Iterator[Observation], condition: Callable[[Observation], object], timeout: float = 60
) -> Observation:
    begun: float | None = None
    for each in seen:
        begun = each.at if begun is None else begun
        if condition(each):
            return each
        assert each.at - begun < timeout, f"watched in vain: {each}"
    raise AssertionError("a watch never ends by itself")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_daemon_that_restarts_is_unreachable_and_then_a_new_leader(
    swarm_alone: Swarm, how: int
) -> None:
    swarm_alone.deploy("t", compose({"app": {}}))
    swarm_alone.wait_running("t_app")
    with (
        Engine.connect(environ=swarm_alone.environment) as engine,
        Watch(engine, "t") as watching,
    ):
        seen = watching.observations()
        before = next(seen)
        start = kill(swarm_alone, how=how)
        gone = first(seen, lambda each: each.unreachable)
        assert gone.services == ()
        assert "Docker Engine at" in (gone.unreachable or "")
        start()
        back = first(seen, lambda each: each.unreachable is None)
        assert back.services[0].id == before.services[0].id
        assert back.orchestrator.partition("@")[0] == before.orchestrator.partition("@")[0]
        assert back.orchestrator != before.orchestrator
        # Its events are heard again.
        swarm_alone.docker("service", "update", "--detach", "--label-add", "a=b", "t_app")
        first(seen, lambda each: each.services[0].version > back.services[0].version, timeout=10)


def test_an_event_stream_that_is_cut_is_no_new_leader(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")
    with (
        relay(tmp_path, swarm.host) as passing,
        Engine.connect(environ=passing.environ) as engine,
        Watch(engine, stack) as watching,
    ):
        seen = watching.observations()
        before = next(seen)
        for _ in range(3):
            passing.requests.clear()
            passing.cut(events_only=True)
            first(seen, lambda _: any("/events" in each for each in passing.requests))
        after = next(seen)
        assert after.unreachable is None
        assert after.orchestrator == before.orchestrator
        swarm.docker("service", "update", "--detach", "--label-add", "a=b", f"{stack}_app")
        changed = first(seen, lambda each: each.services[0].version > after.services[0].version)
        assert changed.orchestrator == before.orchestrator


def test_every_connection_cut_is_no_more_than_a_moment(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")
    with (
        relay(tmp_path, swarm.host) as passing,
        Engine.connect(environ=passing.environ) as engine,
        Watch(engine, stack) as watching,
    ):
        seen = watching.observations()
        before = next(seen)
        passing.cut()
        back = first(seen, lambda each: each.unreachable is None and each.services)
        assert back.at - before.at < 5
        assert back.orchestrator == before.orchestrator


def test_an_engine_that_hangs_is_unreachable_and_comes_back(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")
    with (
        relay(tmp_path, swarm.host) as passing,
        Engine.connect(timeout=0.5, environ=passing.environ) as engine,
        Watch(engine, stack) as watching,
    ):
        seen = watching.observations()
        before = next(seen)
        passing.held.set()
        hung = first(seen, lambda each: each.unreachable)
        assert "did not answer within 0.5 s" in (hung.unreachable or "")
        passing.held.clear()
        back = first(seen, lambda each: each.unreachable is None)
        assert back.orchestrator == before.orchestrator
        assert back.services[0].id == before.services[0].id


def test_a_node_that_leaves_its_swarm_is_refused(swarm_alone: Swarm) -> None:
    swarm_alone.deploy("t", compose({"app": {}}))
    with (
        Engine.connect(environ=swarm_alone.environment) as engine,
        Watch(engine, "t") as watching,
    ):
        seen = watching.observations()
        next(seen)
        swarm_alone.docker("swarm", "leave", "--force")
        with pytest.raises(EngineUnavailable, match="not in swarm mode"):
            # At once, or after a while where the leave itself broke a look: see the watch.
            first(seen, lambda _: False, timeout=60)


def test_a_leader_lost_elsewhere_is_a_new_leader(swarm_managers: Swarm) -> None:
    swarm_managers.deploy("t", compose({"app": {"deploy": {"placement": {
        "constraints": [f"node.hostname=={hostname(swarm_managers, 2)}"]}}}}))  # fmt: skip
    swarm_managers.wait_running("t_app")
    with (
        Engine.connect(environ={"DOCKER_HOST": swarm_managers.hosts[1]}) as engine,
        Watch(engine, "t") as watching,
    ):
        seen = watching.observations()
        before = first(seen, lambda each: each.services)
        leader = next(each for each in before.nodes if each.leader)
        assert before.orchestrator == leader.id
        kill(swarm_managers)
        after = first(
            seen, lambda each: each.orchestrator not in {"", before.orchestrator}, timeout=90
        )
        assert after.services[0].tasks[0].id == before.services[0].tasks[0].id


def test_of_a_task_on_another_node_the_log_is_had_through_the_swarm(swarm_three: Swarm) -> None:
    away = {
        "command": ["sh", "-c", "echo far $$A_TOKEN; exit 3"],
        "environment": {"A_TOKEN": "hunter2hunter2"},
        "deploy": {
            "placement": {"constraints": [f"node.hostname=={hostname(swarm_three, 2)}"]},
            "restart_policy": {"condition": "none"},
        },
    }
    with (
        Engine.connect(environ=swarm_three.environment) as engine,
        Watch(engine, "t") as watching,
    ):
        seen = watching.observations()
        next(seen)
        swarm_three.deploy("t", compose({"app": away}))
        failed = first(seen, lambda each: watching.evidence and each.services)
        assert watching.settle_evidence(5)
        (found,) = watching.evidence.values()
    assert found.task == failed.services[0].tasks[0].id
    assert not found.local
    assert found.exit_code == 3
    assert found.logs == ("far ***",)
    assert found.incomplete == ""


def hostname(swarm: Swarm, node: int) -> str:
    return swarm.docker("info", "--format", "{{.Name}}", node=node).stdout.strip()
