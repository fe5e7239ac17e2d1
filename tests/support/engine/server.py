"""A small real HTTP server on a unix socket that answers as an Engine would, for tests of ours.

Its stock answers are recordings of Engine 20.10 (tests/recordings/engine).
"""

import json
import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

RECORDED = Path(__file__).parents[2] / "recordings" / "engine"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Request:
    method: str
    version: str
    path: str
    params: dict[str, str]
    body: Any = None

    @property
    def filters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = json.loads(self.params.get("filters", "{}"))
        return found


class Refusal(Exception):  # noqa: N818
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Route = Callable[[Request], Any]


@dataclass
class EngineServer:
    """What it answers by path (a value, or a function of the request), and what it was asked."""

    socket: Path
    routes: dict[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    streams: list[Any] = field(default_factory=list)
    delay: float = 0.0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def environ(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def asked(self, path: str) -> list[Request]:
        return [each for each in self.requests if each.path == path]

    def answer(self, request: Request) -> Any:
        """Return the answer to a request; raise Refusal, or ConnectionAbortedError for none."""
        if request.path not in self.routes:
            raise Refusal(404, f"no such thing: {request.path}")
        found = self.routes[request.path]
        return found(request) if callable(found) else found

    def emit(self, event: dict[str, Any]) -> None:
        """Send an event to every subscriber."""
        data = json.dumps(event).encode() + b"\n"
        for stream in list(self.streams):
            stream.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            stream.wfile.flush()

    def cut(self) -> None:
        """Cut every event stream, as a proxy that loses patience does."""
        for stream in list(self.streams):
            self.streams.remove(stream)
            stream.connection.shutdown(2)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: EngineServer

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(timestamp or time.time(), usegmt=True)

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        match = re.fullmatch(r"(?:/v([0-9.]+))?(/.*)", parts.path)
        assert match
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        request = Request(
            self.command, match[1] or "", match[2], dict(parse_qsl(parts.query)), body
        )
        self.engine.requests.append(request)
        if self.engine.closing.wait(self.engine.delay):
            return
        if request.path == "/events" and "/events" not in self.engine.routes:
            self._stream()
        else:
            self._plain(request)

    def _drip(self, pieces: Iterator[bytes]) -> None:
        """Answer piece by piece, without ever saying how long it gets."""
        self.close_connection = True
        with suppress(OSError):
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                if self.engine.closing.is_set():
                    return

    def _plain(self, request: Request) -> None:
        status = 200
        try:
            value = self.engine.answer(request)
        except Refusal as refusal:
            status, value = refusal.status, {"message": str(refusal)}
        except ConnectionAbortedError:
            self.close_connection = True
            return
        if isinstance(value, Iterator):
            self._drip(value)
            return
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.engine.streams.append(self)
        self.end_headers()
        self.wfile.flush()
        self.engine.closing.wait()

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def engine_server(folder: Path, **routes: Any) -> Iterator[EngineServer]:
    """Serve recordings of a stack `t` of three services on a socket in this folder."""
    server = EngineServer(
        folder / "engine.sock",
        {
            "/version": recorded("version"),
            "/services": recorded("services"),
            "/tasks": recorded("tasks"),
            "/nodes": recorded("nodes"),
            "/images/eng:1/json": recorded("image"),
            "/info": {"Swarm": {"NodeID": recorded("nodes")[0]["ID"]}},
            "/networks/bridge": {"Id": "b", "Name": "bridge", "Created": "2026-11-23T21:00:00Z"},
            **routes,
        },
    )
    listener = _Server(str(server.socket), type("Handler", (_Handler,), {"engine": server}))
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
