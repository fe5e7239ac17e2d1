import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from ccci.errors import DeployRefused, UsageError
from ccci.steps.after import health
from ccci.steps.after.health import HealthPath
from ccci.swarm.decode.services import ServiceEntry
from ccci.swarm.decode.tasks import TaskEntry

if TYPE_CHECKING:
    from ccci.swarm.engine.client import Engine


def test_nothing_is_asked_unless_somebody_says_so() -> None:
    assert health.wanted(None, "", {}) is None
    assert health.wanted(None, "200", {}) is None


def test_the_option_goes_before_the_recipes_label() -> None:
    labels = {"ccci.health-path": "/label", "ccci.health-status": "204"}
    assert health.wanted(None, "", labels) == HealthPath("/label", frozenset({204}))
    assert health.wanted("/option", "", labels) == HealthPath("/option", frozenset({204}))
    assert health.wanted("/option", "200, 302", {}) == HealthPath("/option", frozenset({200, 302}))
    assert health.wanted("/x", "", {}) == HealthPath("/x", frozenset({200, 301, 302}))


@pytest.mark.parametrize(
    ("path", "statuses"),
    [("status", ""), ("http://x/", ""), ("/a b", ""), ("/x", "ok"), ("/x", "99"), ("/x", "200,")],
)
def test_what_is_no_path_or_status_is_refused(path: str, statuses: str) -> None:
    with pytest.raises(UsageError, match="--health-"):
        health.wanted(path, statuses, {})


def port(service: dict[str, Any], container: dict[str, Any]) -> int | None:
    return health._port(ServiceEntry(service), container)


def test_the_port_is_the_one_that_traefik_is_told() -> None:
    labels = {"traefik.http.services.demo.loadbalancer.server.port": "3000"}
    dns = {"TargetPort": 53, "PublishedPort": 53, "Protocol": "udp"}
    published = {"Ports": [dns, {"TargetPort": 8080, "PublishedPort": 80}]}
    odd = ("x/tcp", "9" * 5000 + "/tcp", "-1/tcp", "/tcp", "80-90/tcp")
    exposed: dict[str, Any] = {"9000/tcp": {}, "53/udp": {}, "5000/tcp": {}, **dict.fromkeys(odd)}
    image = {"Config": {"ExposedPorts": exposed}}
    assert port({"Spec": {"Labels": labels}, "Endpoint": published}, image) == 3000
    assert port({"Spec": {"Labels": None}, "Endpoint": published}, image) == 8080
    assert port({"Spec": {}}, image) == 5000
    assert port({"Spec": {}}, {"Config": {"ExposedPorts": None}}) is None
    wrong = {"traefik.http.services.demo.loadbalancer.server.port": "9" * 5000}
    assert port({"Spec": {"Labels": wrong}, "Endpoint": published}, image) == 8080


PHP: dict[str, dict[str, str]] = {"app": {}, "db": {}, "web": {}}
ROUTED = {"traefik.http.services.x.loadbalancer.server.port": "8080"}


@pytest.mark.parametrize(
    ("labels", "publishing", "named", "expected"),
    [
        (PHP, (), None, "app"),
        (PHP | {"web": ROUTED}, ("db",), None, "web"),
        (PHP | {"web": ROUTED, "app": ROUTED}, (), None, "app"),
        (PHP | {"web": {**ROUTED, "traefik.enable": "true"}}, (), "db", "db"),
        (PHP, ("web",), None, "web"),
        (PHP, ("web", "app"), None, "app"),
        (PHP | {"web": {"traefik.http.services.x.loadbalancer.server.port": ""}}, (), None, "app"),
    ],
)
def test_the_front_is_not_always_the_carrier(
    labels: dict[str, dict[str, str]],
    publishing: tuple[str, ...],
    named: str | None,
    expected: str,
) -> None:
    assert health.front(labels, publishing, "app", named) == expected


def test_a_front_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="--health-service nginx"):
        health.front(PHP, (), "app", "nginx")


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("ccci.health-path", "no-slash"),
        ("ccci.health-path", "/a\nb"),
        ("ccci.health-status", "9" * 5000),
        ("ccci.health-status", "²00"),
        ("ccci.health-status", "600"),
    ],
)
def test_a_label_that_makes_no_sense_is_the_recipes_fault(label: str, value: str) -> None:
    with pytest.raises(DeployRefused, match=label):
        health.wanted(None, "", {"ccci.health-path": "/x", label: value})


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
    service = ServiceEntry({"Endpoint": {"Ports": [dns, mesh, host]}})
    tasks = [TaskEntry(task("here", 30001)), TaskEntry(task("there", 30002))]
    assert list(health._published(cast("Engine", FarEngine()), service, tasks)) == [
        ("swarm.example.com", 8080),
        ("10.0.0.1", 8080),
        ("swarm.example.com", 30001),
        ("10.0.0.1", 30001),
        ("10.0.0.2", 30002),
    ]
    assert list(health._published(cast("Engine", FarEngine()), ServiceEntry({}), [])) == []


@contextmanager
def answering(answer: bytes, *, again: bool = False) -> Iterator[int]:
    """Give the port of a server that says this to whoever comes, then hangs up."""
    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                connection.sendall(answer)
                while again and not over.wait(0.05):
                    connection.sendall(answer)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join(5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "204"),
        (b"HTTP/1.0 302\r\n\r\n", "302"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "200"),
        (b"HTTP/1.1 103 Early Hints\r\nX: HTTP/1.1 200 OK\r\n\r\n", "nothing"),
        (b"SSH-2.0-x\r\nHTTP/1.1 200 OK\r\n\r\n", "nothing"),
        (b"", "nothing"),
    ],
)
def test_a_published_port_is_asked_for_its_status(answer: bytes, status: str) -> None:
    with answering(answer) as port:
        said = health._outside("127.0.0.1", port, "/")
    assert said.split(" ")[0] == status


@pytest.mark.slow
def test_an_answer_that_drips_or_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_ANSWER_WITHIN", 0.5)
    for answer in (b"H", b"HTTP/1.1 100 Continue\r\n\r\n" * 4000):
        with answering(answer, again=True) as port:
            assert health._outside("127.0.0.1", port, "/").startswith("nothing")
