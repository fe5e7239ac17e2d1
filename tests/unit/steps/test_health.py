from typing import TYPE_CHECKING, Any, cast

import pytest

from ccci.errors import UsageError
from ccci.steps import health
from ccci.steps.health import Health

if TYPE_CHECKING:
    from ccci.swarm.engine import Engine


def test_nothing_is_asked_unless_somebody_says_so() -> None:
    assert health.wanted(None, "", {}) is None
    assert health.wanted(None, "200", {}) is None


def test_the_option_goes_before_the_recipes_label() -> None:
    labels = {"ccci.health-path": "/label", "ccci.health-status": "204"}
    assert health.wanted(None, "", labels) == Health("/label", frozenset({204}))
    assert health.wanted("/option", "", labels) == Health("/option", frozenset({204}))
    assert health.wanted("/option", "200, 302", {}) == Health("/option", frozenset({200, 302}))
    assert health.wanted("/x", "", {}) == Health("/x", frozenset({200, 301, 302}))


@pytest.mark.parametrize(
    ("path", "statuses"),
    [("status", ""), ("http://x/", ""), ("/a b", ""), ("/x", "ok"), ("/x", "99"), ("/x", "200,")],
)
def test_what_is_no_path_or_status_is_refused(path: str, statuses: str) -> None:
    with pytest.raises(UsageError, match="--health-"):
        health.wanted(path, statuses, {})


def test_the_port_is_the_one_that_traefik_is_told() -> None:
    labels = {"traefik.http.services.demo.loadbalancer.server.port": "3000"}
    dns = {"TargetPort": 53, "PublishedPort": 53, "Protocol": "udp"}
    published = {"Ports": [dns, {"TargetPort": 8080, "PublishedPort": 80}]}
    exposed: dict[str, Any] = {"9000/tcp": {}, "53/udp": {}, "5000/tcp": {}}
    image = {"Config": {"ExposedPorts": exposed}}
    assert health._port({"Spec": {"Labels": labels}, "Endpoint": published}, image) == 3000
    assert health._port({"Spec": {"Labels": None}, "Endpoint": published}, image) == 8080
    assert health._port({"Spec": {}}, image) == 5000
    assert health._port({"Spec": {}}, {"Config": {"ExposedPorts": None}}) == 80


class FarEngine:
    """An Engine far away, of a swarm with a node beside it."""

    host = "tcp://swarm.example.com:2376"

    def info(self) -> dict[str, Any]:
        return {"Swarm": {"NodeID": "here", "NodeAddr": "10.0.0.1"}}

    def nodes(self) -> list[dict[str, Any]]:
        return [{"ID": "here", "Status": {"Addr": "127.0.0.1"}}, {"ID": "there", "Status": THERE}]


THERE = {"Addr": "10.0.0.2"}


def task(node: str, port: int) -> dict[str, Any]:
    ports = [{"TargetPort": 80, "PublishedPort": port, "Protocol": "tcp", "PublishMode": "host"}]
    return {"NodeID": node, "Status": {"PortStatus": {"Ports": ports}}}


def test_a_port_of_the_mesh_is_asked_for_at_any_node_and_one_of_a_host_at_its_own() -> None:
    mesh = {"TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}
    host = {"TargetPort": 80, "PublishedPort": 0, "PublishMode": "host"}
    dns = {"TargetPort": 53, "PublishedPort": 53, "PublishMode": "ingress", "Protocol": "udp"}
    service = {"Endpoint": {"Ports": [dns, mesh, host]}}
    tasks = [task("here", 30001), task("there", 30002)]
    assert list(health._published(cast("Engine", FarEngine()), service, tasks)) == [
        ("swarm.example.com", 8080),
        ("10.0.0.1", 8080),
        ("swarm.example.com", 30001),
        ("10.0.0.1", 30001),
        ("10.0.0.2", 30002),
    ]
    assert list(health._published(cast("Engine", FarEngine()), {}, [])) == []
