"""Connections of a socket, on one that answers as it is told and counts who comes."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ccci.errors import ConnectionLost
from ccci.swarm.engine import sockets
from ccci.swarm.engine.client import Engine
from ccci.swarm.engine.endpoint import Endpoint
from ccci.swarm.engine.transport import Transport

pytestmark = pytest.mark.slow

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
UNMARKED = b"HTTP/1.1 200 OK\r\n\r\nok"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok"


@dataclass
class Line:
    """A socket: the heads that it was sent, and on how many connections."""

    path: Path
    answer: bytes = WHOLE
    hangs_up: bool = False
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    """Set once a connection was closed at the other end."""

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"unix://{self.path}")

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self.speak, args=(near,), daemon=True).start()

    def speak(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            while head := near.recv(65536):
                self.heads.append(head)
                near.sendall(self.answer)
                if self.hangs_up:
                    return
            self.ended.set()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(made.path))
        listener.listen()
        thread = threading.Thread(target=made.serve, args=(listener,), daemon=True)
        thread.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def transport(line: Line) -> Iterator[Transport]:
    made = Transport(line.endpoint, 3.0)
    yield made
    made.close()


@pytest.mark.parametrize("answer", [WHOLE, CHUNKED])
def test_a_connection_is_used_again(line: Line, transport: Transport, answer: bytes) -> None:
    line.answer = answer
    for _ in range(3):
        assert transport.request("GET", "/x", timeout=3.0).body == b"ok"
    assert (line.connections, len(line.heads)) == (1, 3)


@pytest.mark.parametrize("answer", [WHOLE, LAST, UNMARKED])
def test_one_that_the_other_side_closed_is_not(
    line: Line, transport: Transport, answer: bytes
) -> None:
    line.answer, line.hangs_up = answer, True
    for _ in range(3):
        assert transport.request("GET", "/x", timeout=3.0).body == b"ok"
    assert line.connections == 3


def test_a_question_is_put_again_where_what_was_kept_is_closed_meanwhile(
    line: Line, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.hangs_up = True
    assert transport.request("GET", "/x", timeout=3.0).body == b"ok"
    monkeypatch.setattr(sockets, "_has_ended", lambda _: False)  # looked at a moment too early
    assert transport.request("GET", "/x", timeout=3.0).body == b"ok"
    assert line.connections == 2
    with pytest.raises(ConnectionLost):
        transport.request("POST", "/x", timeout=3.0)


@pytest.mark.parametrize("answer", [CUT, CUT_CHUNK, b""])
def test_an_answer_that_is_cut_off_is_none(line: Line, transport: Transport, answer: bytes) -> None:
    line.answer, line.hangs_up = answer, True
    with pytest.raises(ConnectionLost, match="failed"):
        transport.request("GET", "/x", timeout=3.0)


def test_a_stream_of_which_nothing_was_read_leaves_no_connection(
    line: Line, transport: Transport
) -> None:
    with transport.stream("/x", timeout=5) as stream:
        assert not line.ended.is_set()
    assert line.ended.wait(5)
    stream.close()


def test_closing_a_stream_that_was_read_whole_disturbs_nobody(
    line: Line, transport: Transport
) -> None:
    with transport.stream("/logs", timeout=3.0) as stream:
        assert b"".join(stream.chunks()) == b"ok"
        assert transport.request("GET", "/x", timeout=3.0).body == b"ok"
    assert transport.request("GET", "/x", timeout=3.0).body == b"ok"
    assert line.connections == 1


def test_a_request_is_sent_as_it_is_meant(line: Line, transport: Transport) -> None:
    names = {"filters": {"name": ["ü &"]}, "all": True, "none": None}
    transport.request("POST", "/a b/é%2F\n", names, body={"x": "é"}, timeout=3.0)
    head, _, body = line.heads[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == (
        b"POST /a%20b/%C3%A9%2F%0A"
        b"?filters=%7B%22name%22%3A+%5B%22%5Cu00fc+%26%22%5D%7D&all=1 HTTP/1.1"
    )
    assert b"Content-Type: application/json" in head
    assert b"Host: localhost" in head
    assert (body or line.heads[1]) == b'{"x": "\\u00e9"}'


def test_a_read_that_is_passed_on_keeps_its_query(line: Line) -> None:
    with Engine(line.endpoint, 3.0) as engine:
        engine.passed_on("GET", "/v1.41/services/a%2Fb?insertDefaults=false&x=%7B%22%3F", {})
    assert line.heads[0].startswith(
        b"GET /v1.41/services/a%2Fb?insertDefaults=false&x=%7B%22%3F HTTP/1.1\r\n"
    )


def test_no_library_for_other_networks_is_imported(line: Line) -> None:
    code = (
        "import sys\n"
        "from ccci.swarm.engine.endpoint import Endpoint\n"
        "from ccci.swarm.engine.transport import Transport\n"
        "Transport(Endpoint(sys.argv[1]), 3.0).request('GET', '/x', timeout=3.0)\n"
        "print(*sys.modules)\n"
    )
    argv = [sys.executable, "-c", code, line.endpoint.host]
    loaded = subprocess.check_output(argv, text=True).split()
    assert {"docker", "requests", "urllib3"}.isdisjoint(loaded)
    assert len(line.heads) == 1
