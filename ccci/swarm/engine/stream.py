"""An answer of the Engine that comes in pieces: its events, and logs."""

import json
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from typing import Any, Self

from ccci.errors import ConnectionLost
from ccci.host.clock import monotonic
from ccci.swarm.engine.wire import Reply

_CHUNK = 65536
LONGEST_EVENT = 2**20
"""Bytes of one event at most."""


class Stream:
    """An answer that comes in pieces. `close` may be called from any thread, and ends it."""

    def __init__(self, response: Reply) -> None:
        self._response = response
        self._closed = False

    def unlimited(self) -> Self:
        """Let the pieces take any time to come: an answer was due in time, an event is not."""
        self._response.unlimited()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connection as well, of which nothing may have been read."""
        with self._response:
            self.close()

    def close(self) -> None:
        """End the stream, also for a thread that is waiting in it."""
        self._closed = True
        try:
            self._response.shutdown()
        except (OSError, ValueError, RuntimeError):
            return  # it has ended already

    def chunks(self) -> Iterator[bytes]:
        """Yield the pieces as they come. Raise ConnectionLost when it is cut, not when closed."""
        try:
            with self._response:
                while chunk := self._response.read1(_CHUNK):
                    yield chunk
        except (HTTPException, OSError, ValueError, AttributeError) as error:
            if self._closed:
                return
            raise ConnectionLost(f"the Engine's answer was cut off: {error}") from error

    def __iter__(self) -> Iterator[Any]:
        """Yield each JSON document, one a line, as the events are; what is none is left out."""
        rest = b""
        for chunk in self.chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_EVENT:
                self.close()
                raise ConnectionLost("an event of the Engine has no end")
            for line in lines:
                with suppress(ValueError, RecursionError):
                    yield json.loads(line)

    def collect(self, until: float, largest: int) -> tuple[bytes, bool]:
        """Return what came until then on the monotonic clock, and whether that is all."""
        kept = bytearray()
        try:
            for chunk in self.chunks():
                kept += chunk
                if monotonic() > until or len(kept) > largest:
                    self.close()
                    return bytes(kept[-largest:]), False
        except ConnectionLost:
            return bytes(kept), False
        return bytes(kept), True
