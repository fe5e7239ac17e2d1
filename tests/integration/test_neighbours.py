"""What is known on a manager of a stack that runs on another node, as a real Swarm tells it."""

from pathlib import Path

import pytest
from support.sandbox import swarms
from support.sandbox.swarms import Swarm

from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.steps.reach import beyond, claims, ownership
from ccci.swarm.engine.client import Engine

LABEL = "traefik.http.services.theirs.loadbalancer.server.port"
USES = """
services:
  victim_app:
    image: a
    networks: [shared]
    deploy: {labels: {LABEL: "81"}}
volumes:
  one: {external: true, name: odd-data}
  two: {external: true, name: by-hand}
  three: {external: true, name: victim_data}
networks:
  shared: {external: true, name: neighbours}
""".replace("LABEL", LABEL)


def test_what_another_stack_has_on_another_node_is_its_own(
    swarm_three: Swarm, tmp_path: Path
) -> None:
    swarm = swarm_three
    swarm.docker("network", "create", "--driver=overlay", "neighbours")
    theirs = {
        "app": {
            "volumes": ["data:/a", "odd:/b", "hand:/c"],
            "networks": ["shared"],
            "deploy": {
                "labels": {LABEL: "80"},
                "placement": {"constraints": ["node.role==worker"]},
            },
        }
    }
    volumes = {
        "data": None,
        "odd": {"name": "odd-data"},
        "hand": {"external": True, "name": "by-hand"},
    }
    networks = {"shared": {"external": True, "name": "neighbours"}}
    text = swarms.compose(theirs, volumes=volumes, networks=networks)
    swarm.deploy("victim", text)
    swarm.wait_running("victim_app")
    assert swarm.names("volume") == []
    with Engine.connect(environ={"DOCKER_HOST": swarm.host}) as engine:
        there = ownership.owners(engine, "shop")
    (tmp_path / "compose.yml").write_text(USES)
    stack = stack_file.read([tmp_path / "compose.yml"], {})
    found = beyond.of_others(there, stack, "shop")
    assert {each.word for each in found} == {
        "volume:odd-data",
        "volume:by-hand",
        "volume:victim_data",
        "alias:victim_app",
        "route:http.services.theirs",
    }
    assert all("the stack victim" in str(each) for each in found)
    taken = USES.replace("external: true, name: odd", "name: odd")
    (tmp_path / "compose.yml").write_text(taken)
    with pytest.raises(DeployRefused, match="odd-data belongs to the stack victim"):
        claims.refuse_others(there, stack_file.read([tmp_path / "compose.yml"], {}), "shop")
