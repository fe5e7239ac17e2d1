"""A snapshot is a value: what it shows stays as it was, whatever comes after."""

from pathlib import Path
from typing import Any, cast

from support.engine.adversary import Played
from support.engine.server import recorded

from ccci.swarm.engine.client import Engine
from ccci.swarm.watching import recording
from ccci.swarm.watching.snapshot import Snapshots
from ccci.swarm.watching.trace import Trace


def test_an_image_that_comes_with_the_deploy_is_in_the_trace(tmp_path: Path) -> None:
    services: list[dict[str, Any]] = recorded("services")
    stack = services[0]["Spec"]["Labels"]["com.docker.stack.namespace"]
    images = {
        each["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]: {
            "Config": {"Healthcheck": {"Test": ["CMD", "true"]}}
        }
        for each in services
    }
    rest = {"nodes": recorded("nodes"), "orchestrator": "x@y", "images": images}
    after = {**rest, "services": services, "tasks": recorded("tasks"), "up_to_date": []}
    played = Played({**after, "services": [], "tasks": []})
    snapshots = Snapshots(cast("Engine", played), stack)
    with Trace(tmp_path / "trace.jsonl") as trace:
        trace.look(snapshots.take())
        played.truth = after
        snapshots.changed()
        trace.look(snapshots.take())
    before, seen = recording.observations(tmp_path / "trace.jsonl")
    assert before.inherited == ()
    assert {name for name, _ in seen.inherited} == set(images)
    assert before.asked == seen.asked == snapshots.own_node != ""
