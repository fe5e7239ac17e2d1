"""Made-up wheels, and an index on this machine alone that offers them."""

import base64
import hashlib
import html
import re
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import canonicalize_name


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    needs: Iterable[str] = (),
    extras: Iterable[str] = (),
    files: Mapping[str, str] | None = None,
    build: str = "",
) -> Path:
    """Write a wheel for any Python that holds `files`, and return its path."""
    stem = re.sub(r"[-_.]+", "_", name)
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in needs]
    metadata += [f"Provides-Extra: {each}" for each in extras]
    info = f"{stem}-{version}.dist-info"
    inside = {
        **(files or {}),
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_recorded(text)},{len(text)}\n" for path, text in inside.items())
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-{version}{f'-{build}' if build else ''}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as out:
        for path, text in {**inside, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            out.writestr(path, text)
    return wheel


def pinned(wheel: Path, requirement: str) -> str:
    """Return the lock's entry for this wheel."""
    return f"{requirement} \\\n    --hash=sha256:{digest(wheel)}\n"


def digest(file: Path) -> str:
    """Return the sum of a file as locks and indexes write it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@contextmanager
def index(folder: Path) -> Iterator[str]:
    """Offer the files of a folder as package indexes do (PEP 503), and give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def alone(address: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which pip and uv know this index and no other source."""
    kept = {
        key: value
        for key, value in environment.items()
        if not key.startswith(("PIP_", "UV_")) and not key.lower().endswith("_proxy")
    }
    return {
        **kept,
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": address,
        "PIP_NO_CACHE_DIR": "1",
        "UV_NO_CONFIG": "1",
        "UV_DEFAULT_INDEX": address,
        "UV_NO_CACHE": "1",
    }


def _recorded(text: str) -> str:
    content = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(content).decode().rstrip("=")


def _handler(folder: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = unquote(self.path).strip("/").partition("/")
            if kind == "simple" and (links := _links(folder, name)):
                self._answer(links.encode(), "text/html; charset=utf-8")
            elif kind == "files" and (file := folder / Path(name).name).is_file():
                self._answer(file.read_bytes(), "application/octet-stream")
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _links(folder: Path, name: str) -> str:
    # With their sums, as indexes tell them: pip chooses by these among a release's files.
    return "".join(
        f'<a href="/files/{html.escape(file.name)}#sha256={digest(file)}">{file.name}</a>\n'
        for file in sorted(folder.iterdir())
        if canonicalize_name(file.name.partition("-")[0]) == canonicalize_name(name)
    )
