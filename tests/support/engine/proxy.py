"""A proxy on an Engine's socket that makes the connection bad in the ways that happen."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_REQUEST = re.compile(rb"^(GET|POST|DELETE|HEAD) (\S+) HTTP")
_FOREVER = 3600.0


@dataclass(eq=False)
class Proxy:
    """The proxy at `host`; `fault` says for how many seconds a request is held, by its path."""

    folder: Path
    engine: Path
    fault: Callable[[str], float] = lambda _path: 0.0
    requests: list[str] = field(default_factory=list)
    cuts: int = 0
    _open: list[tuple[str, socket.socket]] = field(default_factory=list)
    _closing: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/proxy.sock"

    def hang(self, path: str, times: int) -> None:
        """Never answer the next so many requests whose path has this in it."""
        left = [times]

        def fault(asked: str) -> float:
            if path not in asked or not left[0]:
                return 0.0
            left[0] -= 1
            return _FOREVER

        self.fault = fault

    def cut(self, path: str) -> None:
        """Close every connection whose last request has this in its path."""
        for asked, connection in list(self._open):
            if path in asked:
                self.cuts += 1
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Be gone, as an Engine that died: nothing answers any more."""
        self._closing.set()
        (self.folder / "proxy.sock").unlink(missing_ok=True)
        self.cut("")

    def serve(self) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.folder / "proxy.sock"))
            listener.listen(64)
            listener.settimeout(0.2)
            while not self._closing.is_set():
                with suppress(TimeoutError):
                    client, _ = listener.accept()
                    threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(str(self.engine))
            back = threading.Thread(target=_pump, args=(engine, client), daemon=True)
            back.start()
            entry = ("", client)
            with suppress(OSError):
                while data := client.recv(65536):
                    if asked := _REQUEST.match(data):
                        path = asked[2].decode()
                        self.requests.append(path)
                        if entry in self._open:
                            self._open.remove(entry)
                        entry = (path, client)
                        self._open.append(entry)
                        if self._closing.wait(self.fault(path)):
                            break
                    engine.sendall(data)
                engine.shutdown(socket.SHUT_RDWR)
            back.join(5)
            if entry in self._open:
                self._open.remove(entry)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(folder: Path, engine_host: str) -> Iterator[Proxy]:
    """Give a proxy between its own `host` and the Engine's."""
    made = Proxy(folder, Path(engine_host.removeprefix("unix://")))
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
        thread.join(5)
