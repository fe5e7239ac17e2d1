"""How paused and lost nodes fool a watcher, staged for real.

The quirks and their sources are in docs/explanation/swarm.md.
"""

import os
import signal
from typing import Any

from support.sandbox.stagings import Stage, app
from support.sandbox.swarms import compose, wait_for

from ccci.exits import Verdict

STOPS = "trap 'exit 0' TERM; while true; do sleep 0.2; done"
EVERYWHERE = {"mode": "global"}
STOP_FIRST = {"order": "stop-first"}


def everywhere(stage: Stage, revision: str) -> None:
    """Deploy a global service and wait until each node has its task."""
    stage.base(app=service(revision))
    stage.swarm.wait_running(stage.full(), len(stage.swarm.hosts))


def service(revision: str) -> dict[str, Any]:
    """Return a service for all nodes, in a revision of its own."""
    return app(STOPS, deploy=EVERYWHERE, update=STOP_FIRST, environment={"REVISION": revision})


def test_a_network_with_the_addresses_of_one_that_goes(stage_alone: Stage) -> None:
    stage = stage_alone
    inner: dict[str, Any] = {"networks": {"inner": {}}}
    slow = app("trap '' TERM; sleep 100000", networks=["inner"], stop_grace_period="5s")
    stage.swarm.deploy("before", compose({"app": slow}, **inner))
    stage.swarm.wait_running("before_app")
    stage.swarm.docker("service", "rm", "before_app")
    freed = ("network", "rm", "before_inner")
    wait_for(lambda: stage.swarm.docker(*freed, check=False).code == 0, "Swarm to free its range")
    once = app(networks=["inner"], restart={"condition": "none"})
    told = stage.roll(app=once, top=inner, keep="network-of-one-that-goes")
    if int(told.report["engine"]["version"].split(".")[0]) < 27:
        told.as_expected(Verdict.CONVERGED)
        return
    assert told.cause() == "network-unavailable", told.report
    assert not told.verdict.passed
    assert "deploy again (`docker service update --force`" in told.service()["cause"]["hint"]
    stage.swarm.remove("before")
    stage.swarm.docker("service", "update", "--detach", "--force", stage.full())
    stage.swarm.wait_running(stage.full())


def test_an_old_task_of_a_global_service_stays_on_a_paused_node(stage_of_three: Stage) -> None:
    stage = stage_of_three
    everywhere(stage, "1")
    name = stage.swarm.docker("node", "ls", "--format={{.Hostname}}").stdout.split()[-1]
    stage.swarm.docker("node", "update", "--availability=pause", name)
    told = stage.roll(app=service("2"), keep="paused-node")
    told.as_expected(Verdict.STALLED, "no-suitable-node")
    assert stage.status() == "completed"
    assert f"of the old spec, stays, for {name} is paused" in told.report["summary"]
    assert "docker node update --availability" in told.service()["cause"]["hint"]


def test_an_update_waits_for_a_task_of_a_node_that_went_down(stage_of_three: Stage) -> None:
    stage = stage_of_three
    sandbox = stage.swarm.sandbox
    assert sandbox is not None
    node = sandbox.nodes[-1]
    everywhere(stage, "1")

    def lose() -> None:
        stage.wait_status("updating")
        os.kill(int(node.pidfile.read_text()), signal.SIGKILL)

    told = stage.roll(app=service("2"), during=lose, keep="node-lost-mid-roll")
    told.as_expected(Verdict.STALLED, "no-suitable-node")
    assert stage.status() == "updating"
    assert f"never ran, for {node.name} went down" in told.report["summary"]
