"""A proxy between a client and the Engine that counts the requests that pass."""

import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

# A request's first line; nothing that docker or ccci sends in a body looks like it.
_REQUEST = re.compile(rb"(?:^|\r\n)(?:GET|POST|PUT|HEAD|DELETE) (/\S*) HTTP/1\.[01]\r\n")
_CHUNK = 65536


class CountingProxy:
    """Listens on a socket of its own and passes everything on to the Engine's; use with `with`."""

    def __init__(self, path: Path, engine: Path) -> None:
        self.path = path
        self.requests: list[tuple[float, str]] = []
        """When each request came, on the monotonic clock, and its path without the version."""
        self._engine = engine
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    @property
    def host(self) -> str:
        """Return what DOCKER_HOST has to be."""
        return f"unix://{self.path}"

    def __enter__(self) -> Self:
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def between(self, begin: float, end: float) -> list[str]:
        """Return the requests that came in that time."""
        return [path for at, path in self.requests if begin <= at < end]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            engine.connect(str(self._engine))
            for source, target, counts in ((client, engine, True), (engine, client, False)):
                threading.Thread(
                    target=self._pass, args=(source, target), kwargs={"counts": counts}, daemon=True
                ).start()

    def _pass(self, source: socket.socket, target: socket.socket, *, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if counts:
                    self._count(data)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        if not counts:
            # The Engine has said all it will: nothing more is to come either way.
            source.close()
            target.close()

    def _count(self, data: bytes) -> None:
        now = time.monotonic()
        for found in _REQUEST.finditer(data):
            path = found[1].decode(errors="replace").partition("?")[0]
            self.requests.append((now, re.sub(r"^/v1\.\d+", "", path)))
