"""Swarm's own terminal events, and when they came, straight from the Engine."""

import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

TERMINAL = {"completed", "paused", "rollback_completed", "rollback_paused"}


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("engine")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


class Observer:
    """Notes each change of an update's state; use with `with`."""

    def __init__(self, engine: Path) -> None:
        self.states: list[tuple[float, str, str]] = []
        """When (monotonic), which service, which state."""
        self._connection = _Connection(engine)

    def __enter__(self) -> Self:
        filters = quote(json.dumps({"type": ["service"]}))
        self._connection.request("GET", f"/events?filters={filters}")
        answer = self._connection.getresponse()
        threading.Thread(target=self._listen, args=(answer,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _listen(self, answer: http.client.HTTPResponse) -> None:
        while line := answer.readline():
            now = time.monotonic()
            attributes = json.loads(line).get("Actor", {}).get("Attributes", {})
            if state := attributes.get("updatestate.new"):
                self.states.append((now, attributes.get("name", ""), state))

    def first(self, service: str, states: set[str], since: float) -> float | None:
        """Return when the service first came to one of these states after `since`."""
        return next(
            (
                at
                for at, name, state in self.states
                if at >= since and name == service and state in states
            ),
            None,
        )
