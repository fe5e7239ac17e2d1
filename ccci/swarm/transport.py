"""HTTP to the Docker Engine over a socket, TLS or ssh: the only user of the Docker SDK.

Apart from `engine` so that its heavy imports happen only when an Engine is spoken to.
"""

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any, Self, cast
from urllib.parse import urlsplit

import docker
import requests
from docker.errors import DockerException
from docker.tls import TLSConfig
from docker.transport.unixconn import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)
from urllib3.exceptions import HTTPError

from ccci import process
from ccci.clock import monotonic
from ccci.errors import ConnectionLost, EngineUnavailable, ToolMissing
from ccci.swarm import refusals
from ccci.swarm.endpoint import Endpoint

_BASE = "http+docker://localhost"
_CHUNK = 65536
_SDK_VERSION = "1.41"  # the SDK wants one to be told, so that it asks nothing; our URLs name ours


class _UnixConnection(UnixHTTPConnection):
    """A connection that leaves no open socket behind when it fails, unlike the SDK's."""

    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.timeout)
            sock.connect(self.unix_socket)
        except BaseException:
            sock.close()
            raise
        self.sock = sock


class _SshConnection(UnixHTTPConnection):
    """A connection through the system's ssh client, as the docker CLI makes it."""

    _process: Any = None

    def connect(self) -> None:
        # `unix_socket` carries the ssh address: docker/cli cli/connhelper runs the same command.
        self.sock, self._process = process.dial(_ssh_argv(self.unix_socket))
        self.sock.settimeout(self.timeout)

    def close(self) -> None:
        super().close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


class _Pool(UnixHTTPConnectionPool):
    connection: type[UnixHTTPConnection] = _UnixConnection

    def _new_conn(self) -> UnixHTTPConnection:  # type: ignore[override]
        return self.connection(self.base_url, self.socket_path, cast("int", self.timeout))


class _SshPool(_Pool):
    connection = _SshConnection


class _Adapter(UnixHTTPAdapter):
    """The SDK's adapter with one pool of connections; its own opens one for each URL."""

    def __init__(self, address: str, timeout: float, *, ssh: bool) -> None:
        super().__init__("http+unix:///", cast("int", timeout))
        pool = _SshPool if ssh else _Pool
        self._pool = pool(_BASE, address, cast("int", timeout), maxsize=2)

    def get_connection(
        self,
        url: bytes | str,  # noqa: ARG002
        proxies: object = None,  # noqa: ARG002
    ) -> UnixHTTPConnectionPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


class Transport:
    """A session of HTTP with one Engine."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.host = endpoint.host
        self._client = _client(endpoint, timeout)

    def close(self) -> None:
        """Close its connections; a later request opens them again."""
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: object = None,
        timeout: float,
        stream: bool = False,
    ) -> requests.Response:
        """Return the answer, of which with `stream` only the head has come.

        Raise EngineError, ConnectionLost or EngineUnavailable; `timeout` is in seconds.
        """
        try:
            response = self._client.request(
                method,
                f"{self._client.base_url}{path}",
                params=_encoded(params),
                json=body,
                timeout=timeout,
                stream=stream,
                # Else REQUESTS_CA_BUNDLE would stand above the Engine's own authority.
                verify=self._client.verify,
            )
            if response.status_code < 400:  # noqa: PLR2004
                return response
            with response:
                raise refusals.refused(response.status_code, response.text)
        except (requests.RequestException, HTTPError, OSError, ToolMissing) as error:
            raise refusals.lost(error, self.host, timeout) from error


class Stream:
    """An answer that comes in pieces. `close` may be called from any thread, and ends it."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._closed = False

    def unlimited(self) -> Self:
        """Let the pieces take any time to come: an answer was due in time, an event is not."""
        sock = getattr(self._response.raw.connection, "sock", None)
        if isinstance(sock, socket.socket):
            sock.settimeout(None)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the stream, also for a thread that is waiting in it."""
        self._closed = True
        try:
            self._response.raw.shutdown()
        except (OSError, ValueError, RuntimeError):
            return  # it has ended already

    def chunks(self) -> Iterator[bytes]:
        """Yield the pieces as they come. Raise ConnectionLost when it is cut, not when closed."""
        try:
            with self._response:
                yield from self._response.raw.stream(_CHUNK, decode_content=False)
        except (HTTPError, OSError, ValueError, AttributeError) as error:
            if self._closed:
                return
            raise ConnectionLost(f"the Engine's answer was cut off: {error}") from error

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each JSON document, one a line, as the events are."""
        rest = b""
        for chunk in self.chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    yield json.loads(line)

    def collect(self, until: float) -> tuple[bytes, bool]:
        """Return what came until then on the monotonic clock, and whether that is all."""
        kept = bytearray()
        try:
            for chunk in self.chunks():
                kept += chunk
                if monotonic() > until:
                    self.close()
                    return bytes(kept), False
        except ConnectionLost:
            return bytes(kept), False
        return bytes(kept), True


def _client(endpoint: Endpoint, timeout: float) -> docker.APIClient:
    """Return the SDK's client, as transport alone."""
    scheme, _, address = endpoint.host.partition("://")
    try:
        if scheme not in {"unix", "ssh"}:
            tls = _tls(endpoint) if endpoint.tls else False
            seconds = cast("int", timeout)
            return docker.APIClient(endpoint.host, _SDK_VERSION, timeout=seconds, tls=tls)
        client = docker.APIClient("unix:///", _SDK_VERSION)
    except (DockerException, ValueError) as error:
        raise EngineUnavailable(
            f"the Engine's address {endpoint.host} cannot be used: {error}",
            "check DOCKER_HOST, DOCKER_CERT_PATH and the docker context",
        ) from error
    client.trust_env = False  # no proxy and no netrc is meant for a socket
    client.mount(_BASE, _Adapter(address or "/var/run/docker.sock", timeout, ssh=scheme == "ssh"))
    client.base_url = _BASE
    return client


def _tls(endpoint: Endpoint) -> TLSConfig:
    pair = None
    if endpoint.certificate and endpoint.key:
        pair = (str(endpoint.certificate), str(endpoint.key))
    ca = str(endpoint.ca) if endpoint.ca else None
    return TLSConfig(client_cert=pair, ca_cert=ca, verify=endpoint.verify)


def _ssh_argv(address: str) -> tuple[str, ...]:
    whole = urlsplit(f"ssh://{address}")
    user = ("-l", whole.username) if whole.username else ()
    port = ("-p", str(whole.port)) if whole.port else ()
    # A path is the far socket's (docker/cli cli/connhelper, from 24.0).
    far = ("--host", f"unix://{whole.path}") if whole.path.strip("/") else ()
    host = ("--", whole.hostname or "")
    return ("ssh", *user, *port, *host, "docker", *far, "system", "dial-stdio")


def _encoded(params: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        key: json.dumps(value)
        if isinstance(value, Mapping)
        else str(int(value) if isinstance(value, bool) else value)
        for key, value in (params or {}).items()
        if value not in (None, {})
    }
