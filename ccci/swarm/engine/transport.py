"""HTTP to the Docker Engine, each call with an end: in time, and in size."""

import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar

from ccci.errors import CcciError, EngineError, ToolMissing
from ccci.host.clock import monotonic
from ccci.swarm.engine import errors
from ccci.swarm.engine.endpoint import Endpoint
from ccci.swarm.engine.sockets import SocketClient
from ccci.swarm.engine.stream import Stream
from ccci.swarm.engine.wire import Client, Reply, Request

_CHUNK = 65536
_PLAINLY = {"Accept-Encoding": "identity"}
LARGEST_ANSWER = 8 * 2**20
"""Bytes of an answer at most; a listing of 300 services has about 1 MB, one of their tasks 3 MB."""

_LARGEST_REFUSAL = 2**16

_GRACE = 0.1
"""Seconds in which a call that ran out of time may still say so itself."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer that came whole."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def date(self) -> str | None:
        """Return the Engine's own time of it, as its `Date` header says."""
        return self.headers.get("Date")


class Transport:
    """HTTP with one Engine, each call over when its time is, whatever the other side does.

    A library's timeout is one of each read, which an answer that drips or has no end never meets,
    so a thread of ours makes the calls, and is left behind with its connection where it is late.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.host = endpoint.host
        self._endpoint = endpoint
        self._timeout = timeout
        # A bad address is said at once.
        self._client: Client | None = _client(endpoint, timeout)
        self._session: _Session | None = None

    def close(self) -> None:
        """Close its connections; a later request opens them again."""
        if self._session is not None:
            self._session.end()
            self._session = None
        if self._client is not None:
            self._client.close()
            self._client = None

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,
    ) -> Whole:
        """Return the whole answer. Raise EngineError, ConnectionLost or EngineUnavailable.

        `timeout` is in seconds, until the last byte has come.
        """
        until = monotonic() + timeout
        told = {**(headers or {}), **_PLAINLY}
        asked = Request(method, path, timeout, _encoded(params), body, told)

        def call(client: Client) -> Whole:
            with self._answered(client, asked, until) as reply:
                return Whole(reply.status, _read(reply, until, self.host, timeout), reply.headers)

        return self._within(timeout, call)

    def stream(
        self, path: str, params: Mapping[str, Any] | None = None, *, timeout: float
    ) -> Stream:
        """Return what GET answers, of which only the head has come; raises as `request` does."""
        asked = Request("GET", path, timeout, _encoded(params), headers=_PLAINLY)

        def call(client: Client) -> Stream:
            return Stream(self._answered(client, asked, monotonic() + timeout))

        return self._within(timeout, call)

    def _answered(self, client: Client, request: Request, until: float) -> Reply:
        """Return the answer to a request that the Engine does not refuse."""
        reply = client.ask(request)
        if reply.status < 400:  # noqa: PLR2004
            return reply
        with reply:
            data = _read(reply, until, self.host, request.timeout)
            said = data[:_LARGEST_REFUSAL].decode(errors="replace")
            raise errors.refused(reply.status, said)

    def _within(self, timeout: float, call: Callable[[Client], _Result]) -> _Result:
        session = self._session
        if session is None:
            client, self._client = self._client or _client(self._endpoint, self._timeout), None
            session = self._session = _Session(client)
        try:
            return session.do(call, timeout + _GRACE)
        except (OSError, HTTPException, ToolMissing) as error:
            raise errors.lost(error, self.host, timeout) from error
        except queue.Empty:
            self._abandon()
            raise errors.lost(TimeoutError("timed out"), self.host, timeout) from None
        except CcciError:
            raise
        except BaseException:  # an interrupt: who still waits for an answer is in nobody's way
            self._abandon()
            raise

    def _abandon(self) -> None:
        if self._session is not None:
            self._session.end()
            self._session = None


class _Session:
    """A client and the thread that makes its calls, one after the other."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._calls: queue.SimpleQueue[Callable[[Client], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="engine", daemon=True).start()

    def do(self, call: Callable[[Client], _Result], timeout: float) -> _Result:
        """Return what the call returns, or raise what it raises; queue.Empty after `timeout`."""
        answers: queue.SimpleQueue[_Result | BaseException] = queue.SimpleQueue()

        def make(client: Client) -> None:
            try:
                answers.put(call(client))
            except BaseException as error:  # noqa: BLE001 -- raised where it was called
                answers.put(error)

        self._calls.put(make)
        found = answers.get(timeout=timeout)
        if isinstance(found, BaseException):
            raise found
        return found

    def end(self) -> None:
        """End the thread once it is done with what it is at, and close its connections."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call(self._client)
        self._client.close()


def _read(response: Reply, until: float, host: str, timeout: float) -> bytes:
    """Return the body of an answer, if it comes to an end in time and is no larger than it may."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_CHUNK):
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise EngineError(
                response.status, f"the answer of the Docker Engine at {host} has no end"
            )
        if monotonic() > until:
            raise errors.lost(TimeoutError("timed out"), host, timeout)
        pieces.append(piece)
    return b"".join(pieces)


def _client(endpoint: Endpoint, timeout: float) -> Client:
    if endpoint.host.startswith(("unix://", "ssh://")):
        return SocketClient(endpoint)
    from ccci.swarm.engine.sdk import SdkClient  # noqa: PLC0415 -- takes as long as all else

    return SdkClient(endpoint, timeout)


def _encoded(params: Mapping[str, Any] | None) -> dict[str, str]:
    return {
        key: json.dumps(value)
        if isinstance(value, Mapping)
        else str(int(value) if isinstance(value, bool) else value)
        for key, value in (params or {}).items()
        if value not in (None, {})
    }
