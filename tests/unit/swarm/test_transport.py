import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from engine_server import EngineServer, engine_server

from ccci.errors import EngineUnavailable
from ccci.swarm.engine import Engine


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a CA and two certificates of it, the server's and the client's."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        argv = ["openssl", *arguments]
        subprocess.run(argv, cwd=folder, check=True, capture_output=True, timeout=60)

    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl(*new, "-x509", "-subj", "/CN=ca", "-keyout", "ca-key.pem", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    for name in ("server", "client"):
        openssl(*new[:-2], "-subj", f"/CN={name}", "-keyout", f"{name}-key.pem", "-out", "csr")
        signed = ("x509", "-req", "-in", "csr", "-days", "2", "-extfile", "names")
        ca = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial")
        openssl(*signed, *ca, "-out", f"{name}.pem")
    (folder / "client.pem").rename(folder / "cert.pem")
    (folder / "client-key.pem").rename(folder / "key.pem")
    return folder


@contextmanager
def served(server: EngineServer, certificates: Path | None) -> Iterator[int]:
    """Serve the Engine on a port of localhost, over TLS that wants a client's certificate."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
            context.load_verify_locations(certificates / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED

        def serve() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    with suppress(OSError):
                        near = context.wrap_socket(near, server_side=True) if certificates else near
                        far = socket.socket(socket.AF_UNIX)
                        far.connect(str(server.socket))
                        for source, sink in ((near, far), (far, near)):
                            ends = (source, sink)
                            threading.Thread(target=pass_on, args=ends, daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EngineServer]:
    with engine_server(tmp_path) as server:
        yield server


def environ(port: int, folder: Path | None, host: str = "localhost") -> dict[str, str]:
    tls = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)} if folder else {}
    return {"DOCKER_HOST": f"tcp://{host}:{port}", **tls}


def test_tcp_is_spoken(server: EngineServer) -> None:
    with served(server, None) as port, Engine.connect(environ=environ(port, None)) as engine:
        assert len(engine.services("t")) == 3


def test_tls_is_spoken_with_both_sides_certificates_whatever_requests_trusts(
    server: EngineServer, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "server.pem"))
    with (
        served(server, certificates) as port,
        Engine.connect(environ=environ(port, certificates)) as engine,
    ):
        assert len(engine.services("t")) == 3
        assert engine.environment() == environ(port, certificates)


def test_a_certificate_of_another_host_is_refused(server: EngineServer, certificates: Path) -> None:
    with (
        served(server, certificates) as port,
        pytest.raises(EngineUnavailable, match="TLS with the Docker Engine at") as refused,
    ):
        Engine.connect(environ=environ(port, certificates, host="127.0.0.1"))
    assert "DOCKER_CERT_PATH" in refused.value.hint


def test_an_engine_that_speaks_no_tls_is_said(server: EngineServer, certificates: Path) -> None:
    with (
        served(server, None) as port,
        pytest.raises(EngineUnavailable, match="TLS with the Docker Engine at"),
    ):
        Engine.connect(environ=environ(port, certificates), timeout=3)


def test_certificates_that_are_missing_are_said(
    server: EngineServer, certificates: Path, tmp_path: Path
) -> None:
    with served(server, certificates) as port, pytest.raises(EngineUnavailable):
        Engine.connect(environ=environ(port, tmp_path), timeout=3)
