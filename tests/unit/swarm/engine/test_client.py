import os
import socket
import threading
from pathlib import Path

import pytest
from support.engine.server import EngineServer, Refusal, Request, engine_server

from ccci.errors import ConnectionLost, EngineError, EngineUnavailable
from ccci.swarm.engine.client import Engine

pytestmark = pytest.mark.slow


def refuse(status: int, message: str) -> object:
    def answer(_: Request) -> None:
        raise Refusal(status, message)

    return answer


def test_the_version_is_the_highest_that_both_sides_know(server: EngineServer) -> None:
    for newest, oldest, agreed in (
        ("1.41", "1.12", "1.41"),
        ("1.48", "1.24", "1.48"),
        ("1.52", "1.44", "1.51"),
        ("1.70", "1.60", "1.60"),
    ):
        server.routes["/version"] = {"ApiVersion": newest, "MinAPIVersion": oldest}
        with Engine.connect(environ=server.environ) as engine:
            assert engine.api_version == agreed
            engine.services()
        assert server.requests[-1].version == agreed


@pytest.mark.parametrize("version", [{"ApiVersion": "1.40"}, {}, {"ApiVersion": "new"}])
def test_an_engine_too_old_is_said(server: EngineServer, version: dict[str, str]) -> None:
    server.routes["/version"] = version
    with pytest.raises(EngineUnavailable, match=r"ccci needs 1.41"):
        Engine.connect(environ=server.environ)


def test_listings_send_their_filters_and_the_stacks_label(
    server: EngineServer, engine: Engine
) -> None:
    assert [each["Spec"]["Name"] for each in engine.services("t")] == ["t_plain", "t_app", "t_glob"]
    assert server.requests[-1].filters == {"label": ["com.docker.stack.namespace=t"]}
    engine.tasks({"service": ["a", "b"], "_up-to-date": ["true"]})
    assert server.requests[-1].filters == {"service": ["a", "b"], "_up-to-date": ["true"]}
    engine.nodes()
    assert server.requests[-1].params == {}
    server.routes["/volumes"] = {"Volumes": None}
    assert engine.volumes("t") == []
    server.routes["/configs"] = None
    assert engine.configs() == []


def test_an_answer_tells_the_engines_time(engine: Engine) -> None:
    assert (engine.answer("/tasks").date or "").endswith(" GMT")


def test_what_is_not_there_is_none(server: EngineServer, engine: Engine) -> None:
    assert engine.image("gone:1") is None
    assert engine.container("gone") is None
    assert engine.config("gone") is None
    assert engine.image("eng:1") is not None
    server.routes["/containers/c/json"] = refuse(500, "on fire")
    with pytest.raises(EngineError, match="on fire") as refused:
        engine.container("c")
    assert refused.value.status == 500


def test_configs_are_made_changed_by_version_and_removed(
    server: EngineServer, engine: Engine
) -> None:
    server.routes |= {
        "/configs/create": {"ID": "c"},
        "/configs/c/update": b"",
        "/configs/c": b"",
    }
    assert engine.create_config("n", b"data", {"a": "b"}) == "c"
    assert server.requests[-1].body == {"Name": "n", "Labels": {"a": "b"}, "Data": "ZGF0YQ=="}
    engine.update_config("c", 7, {"Name": "n"})
    assert server.requests[-1].params == {"version": "7"}
    engine.remove_config("c")
    assert server.requests[-1].method == "DELETE"


def test_one_connection_carries_every_request(tmp_path: Path) -> None:
    with engine_server(tmp_path) as server, Engine.connect(environ=server.environ) as engine:
        ports = set()
        server.routes["/info"] = lambda _: {"thread": threading.get_ident()}
        for path in ("/services", "/tasks", "/nodes"):
            engine.get(path)
            ports.add(engine.info()["thread"])
        assert len(ports) == 1  # the server has a thread for each connection


def test_no_socket_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no such socket") as refused:
        Engine.connect(environ={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert "start the Docker Engine" in refused.value.hint


def test_a_socket_that_nobody_serves_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as lonely:
        lonely.bind(str(tmp_path / "lonely.sock"))
        with pytest.raises(EngineUnavailable, match="refuses connections"):
            Engine.connect(environ={"DOCKER_HOST": f"unix://{tmp_path}/lonely.sock"})


def test_an_engine_that_never_answers_is_said(server: EngineServer) -> None:
    server.delay = 60
    with pytest.raises(EngineUnavailable, match=r"did not answer within 0.2 s"):
        Engine.connect(environ=server.environ, timeout=0.2)


def test_a_host_that_is_none_is_said() -> None:
    with pytest.raises(EngineUnavailable, match="foo://x cannot be used"):
        Engine.connect(environ={"DOCKER_HOST": "foo://x"})


def test_an_engine_that_wants_tls_is_said(server: EngineServer) -> None:
    text = "Client sent an HTTP request to an HTTPS server."
    server.routes["/version"] = refuse(400, text)
    with pytest.raises(EngineUnavailable, match="wants TLS"):
        Engine.connect(environ=server.environ)


@pytest.mark.parametrize("answer", [b"<html>", b""])
def test_something_that_is_no_engine_is_said(server: EngineServer, answer: bytes) -> None:
    server.routes["/version"] = answer
    with pytest.raises(EngineUnavailable):
        Engine.connect(environ=server.environ)


def test_a_late_answer_is_a_lost_connection(server: EngineServer, engine: Engine) -> None:
    server.delay = 60
    with pytest.raises(ConnectionLost, match=r"did not answer within 0.2 s"):
        engine.get("/services", timeout=0.2)


def test_a_connection_that_is_cut_is_lost_and_the_next_call_opens_another(
    server: EngineServer, engine: Engine
) -> None:
    def cut(_: Request) -> None:
        raise ConnectionAbortedError

    server.routes["/info"] = cut
    with pytest.raises(ConnectionLost):
        engine.info()
    assert engine.nodes()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ('This node is not a swarm manager. Use "docker swarm init" or', "not in swarm mode"),
        ("This node is not a swarm manager. Worker nodes can't be used to view", "is a worker"),
        ("Swarm is encrypted and needs to be unlocked before", "locked"),
        ("Swarm certificates have expired. To replace", "expired"),
    ],
)
def test_an_engine_that_cannot_show_its_swarm_is_said(
    server: EngineServer, engine: Engine, message: str, said: str
) -> None:
    server.routes["/services"] = refuse(503, message)
    with pytest.raises(EngineUnavailable, match=said) as refused:
        engine.services()
    assert refused.value.hint


@pytest.mark.parametrize(
    ("swarm", "said"),
    [
        ({}, "not in swarm mode"),
        ({"LocalNodeState": "inactive"}, "not in swarm mode"),
        ({"LocalNodeState": "locked"}, "locked"),
        ({"LocalNodeState": "active", "ControlAvailable": False}, "is a worker"),
        (
            {"LocalNodeState": "active", "ControlAvailable": False, "Error": "no leader"},
            "no leader",
        ),
    ],
)
def test_who_needs_a_manager_can_ask(
    server: EngineServer, engine: Engine, swarm: dict[str, object], said: str
) -> None:
    server.routes["/info"] = {"Swarm": swarm}
    with pytest.raises(EngineUnavailable, match=said):
        engine.require_manager()
    server.routes["/info"] = {"Swarm": {"LocalNodeState": "active", "ControlAvailable": True}}
    engine.require_manager()


def test_a_lost_quorum_is_an_error_of_the_moment(server: EngineServer, engine: Engine) -> None:
    server.routes["/services"] = refuse(503, "The swarm does not have a leader.")
    with pytest.raises(EngineError, match="does not have a leader") as refused:
        engine.services()
    assert refused.value.status == 503


def test_events_come_as_they_happen_until_closed(server: EngineServer, engine: Engine) -> None:
    heard: list[object] = []
    with engine.sibling() as other:
        stream = other.events({"type": ["service"]})
        arrived = threading.Event()

        def listen() -> None:
            for event in stream:
                heard.append(event)
                arrived.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert server.requests[-1].filters == {"type": ["service"]}
        while not server.streams:
            threading.Event().wait(0.01)
        server.emit({"Type": "service"})
        assert arrived.wait(5)
        stream.close()
        listener.join(5)
        assert not listener.is_alive()
    assert heard == [{"Type": "service"}]


def test_events_that_are_cut_are_a_lost_connection(server: EngineServer, engine: Engine) -> None:
    stream = engine.events({})
    while not server.streams:
        threading.Event().wait(0.01)
    server.cut()
    with pytest.raises(ConnectionLost):
        list(stream)


def test_logs_are_raw_and_say_whether_they_are_whole(server: EngineServer, engine: Engine) -> None:
    server.routes["/tasks/t/logs"] = b"\x01\x00\x00\x00\x00\x00\x00\x02a\n"
    data, whole = engine.raw_logs("tasks", "t")
    assert whole
    assert data.endswith(b"a\n")
    assert server.requests[-1].params == {"stdout": "1", "stderr": "1", "tail": "30"}


def test_ssh_runs_the_systems_client(
    tmp_path: Path, server: EngineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = tmp_path / "ssh"
    relay.write_text(
        "#!/usr/bin/env python3\n"
        "import os, select, socket, sys\n"
        f"open({str(tmp_path / 'argv')!r}, 'w').write(' '.join(sys.argv[1:]))\n"
        f"far = socket.socket(socket.AF_UNIX); far.connect({str(server.socket)!r})\n"
        "pairs = {0: far.fileno(), far.fileno(): 1}\n"
        "while True:\n"
        "    for ready in select.select(list(pairs), [], [])[0]:\n"
        "        data = os.read(ready, 65536)\n"
        "        if not data: sys.exit()\n"
        "        os.write(pairs[ready], data)\n"
    )
    relay.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with Engine.connect(environ={"DOCKER_HOST": "ssh://me@far:2222"}) as engine:
        assert len(engine.services()) == 3
        assert engine.environment() == {"DOCKER_HOST": "ssh://me@far:2222"}
    argv = (tmp_path / "argv").read_text()
    assert argv == "-l me -p 2222 -- far docker system dial-stdio"
    with Engine.connect(environ={"DOCKER_HOST": "ssh://far/run/d.sock"}):
        argv = (tmp_path / "argv").read_text()
    assert argv == "-- far docker --host unix:///run/d.sock system dial-stdio"
    relay.write_text("#!/bin/sh\nexit 255\n")
    with pytest.raises(EngineUnavailable, match="ssh://far") as refused:
        Engine.connect(environ={"DOCKER_HOST": "ssh://far"})
    assert "ssh far docker system dial-stdio" in refused.value.hint
