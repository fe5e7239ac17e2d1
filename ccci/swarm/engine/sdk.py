"""The Docker SDK's client for an endpoint of TCP, with TLS or without. The only user of the SDK.

Of it the client's session is used, mounted adapters and the TLS configuration. What is imported
here takes long: sockets, which are what most Engines are reached by, are spoken to without.
"""

import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, cast
from urllib.parse import urlsplit

import docker
import requests
from docker.errors import DockerException
from docker.tls import TLSConfig
from requests.adapters import HTTPAdapter
from urllib3 import disable_warnings
from urllib3.exceptions import HTTPError, InsecureRequestWarning
from urllib3.util.ssl_ import create_urllib3_context

from ccci.errors import EngineUnavailable
from ccci.swarm.engine.answers import OLDEST, written
from ccci.swarm.engine.endpoint import Endpoint
from ccci.swarm.engine.wire import Request

# The SDK wants one to be told, so that it asks nothing; our URLs name ours.
_VERSION = written(OLDEST)


class _TlsAdapter(HTTPAdapter):
    """TLS that verifies what the docker CLI verifies, whatever this Python's defaults are."""

    def __init__(self, *, verify: bool) -> None:
        # From 3.13 on Python refuses an authority without key usage, as RFC 5280 has it; Docker's
        # own instructions make such (docs.docker.com/engine/security/protect-access) and Go, thus
        # the docker CLI, takes them. To Go each certificate in ca.pem is an anchor as well, one
        # that another authority signed included (crypto/x509, Certificate.Verify).
        self._context = create_urllib3_context(cert_reqs=None if verify else ssl.CERT_NONE)
        self._context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().init_poolmanager(*arguments, **options, ssl_context=self._context)


class SdkReply:
    """An answer of which the head has come."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self._response = response

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def read1(self, most: int) -> bytes:
        """Return the next piece of the body, nothing at its end. Raise OSError."""
        with _told():
            return bytes(self._response.raw.read1(most, decode_content=False))

    def unlimited(self) -> None:
        """Let the pieces take any time to come."""
        sock = getattr(self._response.raw.connection, "sock", None)
        if isinstance(sock, socket.socket):
            sock.settimeout(None)

    def shutdown(self) -> None:
        """End what is read, also for a thread that is waiting in it."""
        self._response.raw.shutdown()


class SdkClient:
    """What makes requests, through the SDK's session."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._client = _client(endpoint, timeout)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def ask(self, request: Request) -> SdkReply:
        """Return the answer, of which the head has come. Raise OSError."""
        with _told():
            response = self._client.request(
                request.method,
                f"{self._client.base_url}{request.path}",
                params=request.params,
                json=request.body,
                headers=request.headers,
                timeout=request.timeout,
                stream=True,
                allow_redirects=False,
                # Else REQUESTS_CA_BUNDLE would stand above the Engine's own authority.
                verify=self._client.verify,
            )
        return SdkReply(response)


@contextmanager
def _told() -> Iterator[None]:
    """Raise what urllib3 does not make an OSError as one; what requests raises is one."""
    try:
        yield
    except HTTPError as error:
        raise ConnectionError(str(error)) from error


def _client(endpoint: Endpoint, timeout: float) -> docker.APIClient:
    address = endpoint.host.partition("://")[2]
    seconds = cast("int", timeout)
    try:
        tls = _tls(endpoint) if endpoint.tls else False
        made = docker.APIClient(endpoint.host, _VERSION, timeout=seconds, tls=tls)
    except (DockerException, ValueError) as error:
        raise EngineUnavailable(
            f"the Engine's address {endpoint.host} cannot be used: {error}",
            "check DOCKER_HOST, DOCKER_CERT_PATH and the docker context",
        ) from error
    # Go sends nothing for this machine to a proxy (net/http, ProxyFromEnvironment).
    made.trust_env = not _is_here(address)
    made.mount("https://", _TlsAdapter(verify=endpoint.verify))
    if not endpoint.verify:
        disable_warnings(InsecureRequestWarning)  # who set DOCKER_TLS alone knows
    return made


def _is_here(address: str) -> bool:
    host = urlsplit(f"tcp://{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(endpoint: Endpoint) -> TLSConfig:
    pair = None
    if endpoint.certificate and endpoint.key:
        pair = (str(endpoint.certificate), str(endpoint.key))
    ca = str(endpoint.ca) if endpoint.ca else None
    return TLSConfig(client_cert=pair, ca_cert=ca, verify=endpoint.verify)
