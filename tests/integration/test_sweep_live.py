"""`ccci sweep rollback-policy --live` on a real Swarm."""

import json
import sys
from typing import Any

from support.sandbox.swarms import SEES_IT_FAIL, Swarm, compose

from ccci.host.process import run


def swept(swarm: Swarm, *arguments: str) -> tuple[int, dict[str, Any]]:
    argv = (sys.executable, "-m", "ccci", "sweep", "rollback-policy", "--live", "--json")
    done = run((*argv, *arguments), env=swarm.environment, check=False)
    return done.code, json.loads(done.stdout)


def test_what_runs_is_swept_with_its_update_status(swarm: Swarm, stack: str) -> None:
    update = {"failure_action": "rollback", "order": "start-first", "monitor": SEES_IT_FAIL}
    port = {"target": 80, "published": 18912, "mode": "host"}
    risky: dict[str, Any] = {"deploy": {"update_config": update}}
    plain = {"ports": [port], "volumes": ["data:/data"]}
    text = compose({"risky": risky, "plain": plain}, volumes={"data": {}})
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_risky")
    swarm.deploy(stack, text.replace("sleep 100000", "false", 1))

    swarm.wait_update(f"{stack}_risky", "rollback_completed")
    code, found = swept(swarm, "--stack", stack)
    assert code == 20
    assert found["files"][0]["file"] == f"swarm:{stack}"
    services = {each["service"]: each for each in found["services"]}
    assert set(services) == {"risky", "plain"}
    assert services["risky"]["update"] == {
        "declared": True,
        "failure_action": "rollback",
        "order": "start-first",
        "monitor": 30.0,
        "max_failure_ratio": 0.0,
        "parallelism": 1,
        "delay": 0.0,
    }
    assert services["risky"]["update_status"] == "rollback_completed"
    assert services["plain"]["host_ports"] == [18912]
    assert services["plain"]["volumes"] == ["data"]
    assert services["plain"]["update"]["failure_action"] == "pause"
    assert ("CCCI001", "risky") in {(each["rule"], each["service"]) for each in found["findings"]}


def test_a_service_on_the_network_of_its_node_is_seen_to_be_there(swarm: Swarm, stack: str) -> None:
    update = {"update_config": {"order": "start-first"}}
    host = {"host": {"external": True}}
    service = {"deploy": update, "networks": ["host"]}
    swarm.deploy(stack, compose({"web": service}, networks=host))
    _, found = swept(swarm, "--stack", stack)
    assert "CCCI022" in {each["rule"] for each in found["findings"]}


def test_a_stack_that_does_not_run_is_unable(swarm: Swarm) -> None:
    code, found = swept(swarm, "--stack", "no-such-stack")
    assert code == 3
    assert found["verdict"] == "unable"
