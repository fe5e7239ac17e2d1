"""HTTP to an Engine behind a socket of this machine, or at the far end of ssh.

The SDK, and the libraries that it is made of, take as long to import as all of ccci, and each call
through them three times as long as this. They are for TLS and for proxies (`sdk`).
"""

import json
import select
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from ccci.host import process
from ccci.swarm.engine.endpoint import Endpoint
from ccci.swarm.engine.wire import Request

_DEFAULT = "/var/run/docker.sock"
_KEPT = 2
"""Connections at most: one for requests, and one for what is read beside them."""
_PLAIN = "!$%&'()*+,/:;=?@[]~"
"""What stands in a path and its query as it is; what a name may need was quoted before."""


class _UnixConnection(HTTPConnection):
    """A connection that leaves no open socket behind when it fails."""

    def __init__(self, address: str) -> None:
        super().__init__("localhost")
        self.address = address

    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.timeout)
            sock.connect(self.address)
        except BaseException:
            sock.close()
            raise
        self.sock = sock


class _SshConnection(_UnixConnection):
    """A connection through the system's ssh client, as the docker CLI makes it."""

    _process: Any = None

    def connect(self) -> None:
        # docker/cli cli/connhelper runs the same command.
        self.sock, self._process = process.dial(_ssh_argv(self.address))
        self.sock.settimeout(self.timeout)

    def close(self) -> None:
        super().close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


class SocketReply:
    """An answer of which the head has come; its connection is used again once all of it has."""

    def __init__(
        self, client: "SocketClient", connection: _UnixConnection, sock: socket.socket
    ) -> None:
        response: HTTPResponse = connection.getresponse()
        self.status = response.status
        self.headers: Mapping[str, str] = dict(response.headers.items())
        self._client = client
        self._connection = connection
        self._response = response
        self._socket = sock
        self._whole = False
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read1(self, most: int) -> bytes:
        """Return the next piece of the body, nothing at its end. Raise what cuts it off."""
        piece = self._response.read1(most)
        if not piece:
            left = self._response.length
            if left:
                raise IncompleteRead(b"", left)
            self._whole = True
        return piece

    def unlimited(self) -> None:
        """Let the pieces take any time to come."""
        with suppress(OSError):
            self._socket.settimeout(None)

    def shutdown(self) -> None:
        """End what is read, also for a thread that is waiting in it."""
        if not self._closed:  # else another answer may come on it by now
            self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Give the connection back, or close it where something of the answer may still come."""
        if self._closed:
            return
        self._closed = True
        self._response.close()
        if self._whole and self._connection.sock is not None:
            self._client.keep(self._connection)
        else:
            self._connection.close()


class SocketClient:
    """What makes requests, and keeps a connection for the next one."""

    def __init__(self, endpoint: Endpoint) -> None:
        scheme, _, address = endpoint.host.partition("://")
        self._address = address or _DEFAULT
        self._made = _SshConnection if scheme == "ssh" else _UnixConnection
        self._idle: deque[_UnixConnection] = deque()
        self._ended = False

    def close(self) -> None:
        """Close the connections that are kept."""
        self._ended = True
        while (connection := self._kept()) is not None:
            connection.close()

    def keep(self, connection: _UnixConnection) -> None:
        """Keep a connection for another request; called from any thread."""
        if self._ended or len(self._idle) >= _KEPT:
            connection.close()
        else:
            self._idle.append(connection)

    def ask(self, request: Request) -> SocketReply:
        """Return the answer, of which the head has come. Raise OSError or HTTPException."""
        body, headers = None, dict(request.headers)
        if request.body is not None:
            body = json.dumps(request.body, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        query = f"?{urlencode(request.params)}" if request.params else ""
        path = quote(request.path, safe=_PLAIN) + query
        while True:
            kept = self._still_open(request.timeout)
            connection = kept or self._connected(request.timeout)
            try:
                connection.request(request.method, path, body, headers)
                return SocketReply(self, connection, connection.sock)
            except ConnectionError:
                connection.close()
                # The other side closed what was kept while we asked: a question may be put again.
                if kept is None or request.method != "GET":
                    raise
            except BaseException:
                connection.close()
                raise

    def _still_open(self, timeout: float) -> _UnixConnection | None:
        while (connection := self._kept()) is not None:
            if not _has_ended(connection.sock):
                connection.sock.settimeout(timeout)
                return connection
            connection.close()
        return None

    def _connected(self, timeout: float) -> _UnixConnection:
        connection = self._made(self._address)
        connection.timeout = timeout
        connection.connect()
        return connection

    def _kept(self) -> _UnixConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None


def _has_ended(sock: socket.socket) -> bool:
    """Say whether the other side closed a connection on which nothing is due."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _ssh_argv(address: str) -> tuple[str, ...]:
    whole = urlsplit(f"ssh://{address}")
    user = ("-l", whole.username) if whole.username else ()
    port = ("-p", str(whole.port)) if whole.port else ()
    # A path is the far socket's (docker/cli cli/connhelper, from 24.0).
    far = ("--host", f"unix://{whole.path}") if whole.path.strip("/") else ()
    host = ("--", whole.hostname or "")
    return ("ssh", *user, *port, *host, "docker", *far, "system", "dial-stdio")
