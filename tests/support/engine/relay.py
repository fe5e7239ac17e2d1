"""A socket that passes everything on to an Engine's, counts the requests, and can fail as asked."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_REQUEST = re.compile(rb"^(GET|POST|DELETE|HEAD|PUT) (\S+) HTTP/1\.1\r\n", re.MULTILINE)


@dataclass
class Relay:
    """`requests` are the paths asked for so far; `held` lets nothing through while it is set."""

    path: Path
    target: str
    requests: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _listening: set[socket.socket] = field(default_factory=set)

    @property
    def environ(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.path}"}

    def cut(self, *, events_only: bool = False) -> None:
        """Cut the connections that stand; later ones are let through again."""
        for near, far in list(self.pairs):
            if not events_only or near in self._listening:
                with suppress(OSError):
                    near.shutdown(socket.SHUT_RDWR)
                with suppress(OSError):
                    far.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(self.target)
                except OSError:
                    near.close()
                    far.close()
                    continue
                self.pairs.append((near, far))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(
                        target=self._pass_on, args=(source, sink, near), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source is near:
                    for match in _REQUEST.finditer(data):
                        path = match[2].decode()
                        self.requests.append(path)
                        if "/events" in path:
                            self._listening.add(near)
                while self.held.is_set():
                    threading.Event().wait(0.02)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(folder: Path, host: str) -> Iterator[Relay]:
    """Give a relay to the Engine that a DOCKER_HOST of `unix://…` names."""
    made = Relay(folder / "relay.sock", host.removeprefix("unix://"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(made.path))
        listener.listen(64)
        thread = threading.Thread(target=made.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.held.clear()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            made.cut()
            thread.join(5)
            for near, far in made.pairs:
                near.close()
                far.close()
