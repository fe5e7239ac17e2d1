"""The recording Engine: a socket that COMMAND takes for Docker's, and that lets nothing through.

Reads go to the real Engine, with the recorded writes laid over them; writes of a deploy are
recorded and answered; every other write is refused by its name.
"""

import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ccci.errors import CcciError, EngineError
from ccci.host import clock
from ccci.planning.objects import Kind, name_of
from ccci.planning.recording_engine import request, shape
from ccci.planning.recording_engine.dropped_fields import kept
from ccci.planning.recording_engine.overlaid import Recorded
from ccci.planning.recording_engine.refusals.refused import CONFLICT, Refused
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine.client import Engine

_REFUSED = 400
_WATCHES = re.compile(r"^/(?:tasks|events|nodes|services/[^/]+)$")
_ANSWERED_WITHIN = 60.0
ENDS_WITHIN = 0.05
"""How long it takes at most, in seconds, until the recording Engine notes that it is to end."""
_MOST_WRITES = 20_000


@dataclass(slots=True)
class Session:
    """What COMMAND has asked so far; shared by the threads that answer it."""

    engine: Engine
    recorded: Recorded
    lock: threading.Lock = field(default_factory=threading.Lock)
    refused: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    last_write: float | None = None
    watched: int = 0
    """How many requests in a row only watched, since the last one that did not."""

    def saw(self, method: str, path: str) -> None:
        """Note a request, to know when COMMAND only watches what it deployed."""
        watches = method == "GET" and _WATCHES.match(path) is not None
        self.watched = self.watched + 1 if watches else 0
        if method in {"POST", "DELETE"}:
            self.last_write = clock.monotonic()

    def forget(self) -> None:
        """Begin anew: what is asked from now on is of another deploy."""
        with self.lock:
            self.last_write, self.watched = None, 0

    def only_watches(self, quiet: float) -> bool:
        """Say whether COMMAND wrote, and since then has done nothing but look, for so long."""
        wrote = self.last_write is not None and clock.monotonic() - self.last_write >= quiet
        return wrote and self.watched >= 3  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str, session: Session) -> None:
        self.session = session
        super().__init__(path, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that COMMAND broke off."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = request.WITHIN
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._engine = self.server.session.engine.sibling(_ANSWERED_WITHIN)

    def finish(self) -> None:
        self._engine.close()
        with suppress(OSError):
            super().finish()

    def address_string(self) -> str:
        return "COMMAND"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Say nothing: the plan tells what was asked."""

    def do_HEAD(self) -> None:
        self._serve()

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD  # noqa: N815

    def _serve(self) -> None:
        try:
            body = request.body(self.rfile, self.headers)
        except (ValueError, TimeoutError) as error:
            self.close_connection = True  # what is left of it is not the next request
            self._send(_Answer(400, {"message": f"ccci plan cannot read the request: {error}"}))
            return
        try:
            answer = self._answer(body)
        except Refused as refused:
            answer = _Answer(refused.status, {"message": refused.message})
        except EngineError as error:
            answer = _Answer(
                error.status if error.status >= _REFUSED else 502, {"message": error.message}
            )
        except CcciError as error:
            answer = _Answer(502, {"message": error.message})
        except _UNREADABLE as error:
            self.close_connection = True
            answer = _Answer(400, {"message": f"ccci plan could not read the request: {error!r}"})
        self._send(answer)

    def _answer(self, body: bytes) -> _Answer:
        path, asked = request.path_of(self.path)
        session = self.server.session
        with session.lock:
            session.saw(self.command, path)
            if self.command in {"GET", "HEAD"}:
                laid_over = _read(session.recorded, path, parse_qs(asked))
                if laid_over is not None:
                    return laid_over
            else:
                return self._write(path, parse_qs(asked), body)
        if path == "/events":
            return _Answer(200, b"")
        if path == "/tasks" and _of_new_services(session.recorded, parse_qs(asked)):
            return _Answer(200, [])
        return self._passed_on()

    def _passed_on(self) -> _Answer:
        """Return the real Engine's answer to a read, with the headers that clients look at."""
        kept = {
            key: value
            for key in ("X-Registry-Auth", "X-Registry-Config")
            if (value := self.headers.get(key))
        }
        response = self._engine.passed_on(self.command, self.path, kept)
        told = {key: value for key, value in response.headers.items() if key in _TOLD}
        return _Answer(response.status, response.content, told)

    def _write(self, path: str, query: Mapping[str, list[str]], body: bytes) -> _Answer:
        recorded = self.server.session.recorded
        if len(recorded.writes) >= _MOST_WRITES:
            raise Refused(CONFLICT, f"ccci plan takes no more than {_MOST_WRITES} writes")
        parts = path.strip("/").split("/")
        try:
            kind = Kind(parts[0])
        except ValueError:
            return self._refuse(path)
        match self.command, parts[1:]:
            case "POST", ["create"]:
                identifier = recorded.create(kind, self._sent(kind, body))
                key = "Id" if kind is Kind.NETWORK else "ID"
                return _Answer(201, {key: identifier, "Warning": "", "Warnings": None})
            case "POST", [key, "update"] if kind is not Kind.NETWORK:
                spec = self._sent(kind, body)
                version = int((query.get("version") or ["0"])[0])
                if kind is Kind.SERVICE and (query.get("rollback") or [""])[0] == "previous":
                    recorded.roll_back(key, version)
                else:
                    recorded.update(kind, key, version, spec)
                return _Answer(200, {"Warnings": None})
            case "DELETE", [key]:
                recorded.remove(kind, key)
                return _Answer(200 if kind is Kind.SERVICE else 204)
        return self._refuse(path)

    def _sent(self, kind: Kind, body: bytes) -> OwnJson:
        """Return the spec that a body holds, as the Engine stores it."""
        spec = shape.sent(kind, json.loads(body))
        if kind is not Kind.SERVICE:
            return spec
        stored, passed_over = kept(spec, request.version_of(self.path), self._engine.api_version)
        session = self.server.session
        session.passed_over += (
            f"{spec.get('Name') or ''}: this Engine knows no {each}, and passes it over"
            for each in passed_over
        )
        return stored

    def _refuse(self, path: str) -> _Answer:
        asked = f"{self.command} {path}"
        self.server.session.refused.append(asked)
        return _Answer(403, {"message": f"ccci plan lets nothing be written: {asked} was refused"})

    def _send(self, answer: _Answer) -> None:
        data = answer.body
        content = (
            data if isinstance(data, bytes) else b"" if data is None else json.dumps(data).encode()
        )
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", **answer.headers}
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


_UNREADABLE = (
    *(KeyError, TypeError, ValueError, AttributeError),
    *(RecursionError, OverflowError, UnicodeError),
)
_TOLD = frozenset(
    {"Api-Version", "Ostype", "Docker-Experimental", "Builder-Version", "Swarm", "Content-Type"}
)


def _read(recorded: Recorded, path: str, query: Mapping[str, list[str]]) -> _Answer | None:
    """Return the answer to a read that writes may have changed, or None for the real Engine's."""
    parts = path.strip("/").split("/")
    try:
        kind = Kind(parts[0])
    except ValueError:
        return None
    if not recorded.touched(kind):
        return None
    if len(parts) == 1:
        filters = json.loads((query.get("filters") or ["{}"])[0])
        return _Answer(
            200, [each for each in recorded.listing(kind) if _let_through(kind, each, filters)]
        )
    if len(parts) == 2:  # noqa: PLR2004
        found = recorded.one(kind, parts[1])
        if found is None:
            return _Answer(404, {"message": f"{kind.word} {parts[1]} not found"})
        return _Answer(200, found)
    return None


def _of_new_services(recorded: Recorded, query: Mapping[str, list[str]]) -> bool:
    """Say whether tasks are asked for of services that the real Engine does not know."""
    asked = json.loads((query.get("filters") or ["{}"])[0]).get("service") or ()
    return not recorded.new.isdisjoint(asked)


def _let_through(kind: Kind, found: OwnJson, filters: Mapping[str, Any]) -> bool:
    """Apply the filters of the Engine's listings that deploys use: id, name, label, driver."""
    labels = (found if kind is Kind.NETWORK else found.get("Spec") or {}).get("Labels") or {}
    name = name_of(kind, found)
    checks: dict[str, Callable[[str], bool]] = {
        "id": lambda text: str(found.get("ID") or found.get("Id")).startswith(text),
        "name": lambda text: text in name if kind is Kind.NETWORK else name.startswith(text),
        "names": lambda text: name == text,
        "driver": lambda text: found.get("Driver") == text,
        "scope": lambda text: found.get("Scope") == text,
    }
    for key, wanted in filters.items():
        values = list(wanted)  # a list, or an object whose keys are the values
        if key == "label":
            if not all(_has_label(labels, text) for text in values):
                return False
        elif key in checks and not any(checks[key](text) for text in values):
            return False
    return True


def _has_label(labels: Mapping[str, str], text: str) -> bool:
    key, separator, value = text.partition("=")
    return key in labels and (not separator or labels[key] == value)


@contextmanager
def recording(engine: Engine, folder: Path, now: str) -> Iterator[tuple[str, Session]]:
    """Give the address of a recording Engine over a real one, and what is asked of it.

    The socket lies in `folder`, which only its owner may enter.
    """
    own = engine.sibling(_ANSWERED_WITHIN)
    listings: dict[Kind, Callable[[], list[OwnJson]]] = {
        Kind.SERVICE: own.services,
        Kind.NETWORK: own.networks,
        Kind.CONFIG: own.configs,
        Kind.SECRET: own.secrets,
    }
    session = Session(engine, Recorded(lambda kind: shape.listed(kind, listings[kind]()), now))
    path = folder / "engine.sock"
    try:
        made = _Server(str(path), session)
    except OSError as error:  # a path of a socket has at most 107 bytes (unix(7))
        raise CcciError(
            f"no socket can be made at {path}: {error}", "a shorter TMPDIR helps"
        ) from error
    with own, made as server:
        thread = threading.Thread(target=server.serve_forever, args=(ENDS_WITHIN,), daemon=True)
        thread.start()
        try:
            yield f"unix://{path}", session
        finally:
            server.shutdown()
            thread.join()
            path.unlink(missing_ok=True)
