"""The proxy that counts: it passes everything on, and counts requests alone."""

import http.server
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.proxy import CountingProxy

pytestmark = pytest.mark.slow


class _Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "here"

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "engine.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), _Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield path
        server.shutdown()


def ask(connection: socket.socket, path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    answer = b""
    while not answer.endswith(b"\r\n\r\n" + body):
        answer += connection.recv(65536)
    return answer


def test_every_request_of_one_connection_is_counted_without_version_and_query(
    tmp_path: Path, engine: Path
) -> None:
    body = json.dumps({"line": "GET /not/a/request HTTP/1.1\r\n" + "x" * 200_000}).encode()
    with (
        CountingProxy(tmp_path / "proxy.sock", engine) as proxy,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.connect(str(proxy.path))
        for path in ("/v1.41/services?filters=x", "/_ping", "/v1.47/tasks"):
            assert ask(connection, path, body).startswith(b"HTTP/1.1 200")
        assert [path for _, path in proxy.requests] == ["/services", "/_ping", "/tasks"]


def test_requests_are_found_by_when_they_came(tmp_path: Path, engine: Path) -> None:
    with (
        CountingProxy(tmp_path / "proxy.sock", engine) as proxy,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.connect(str(proxy.path))
        ask(connection, "/one", b"x")
        ask(connection, "/two", b"x")
        (_, _), (second, _) = proxy.requests
        assert proxy.between(0, second) == ["/one"]
        assert proxy.between(second, second + 1) == ["/two"]
