import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.engine.server import EngineServer

from ccci.errors import EngineUnavailable
from ccci.swarm.engine.client import Engine

pytestmark = pytest.mark.slow

NEW = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(folder: Path, *arguments: str) -> None:
    argv = ["openssl", *arguments]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True, timeout=60)


def sign(folder: Path, name: str, authority: str, *extensions: str, days: int = 2) -> None:
    """Make a key and a certificate that the authority in the same folder signed."""
    (folder / "extensions").write_text("\n".join(extensions))
    openssl(folder, *NEW, "-subj", f"/CN={name}", "-keyout", f"{name}-key.pem", "-out", "csr")
    signed = ("x509", "-req", "-in", "csr", "-days", str(days), "-extfile", "extensions")
    keys = ("-CA", f"{authority}.pem", "-CAkey", f"{authority}-key.pem", "-CAcreateserial")
    openssl(folder, *signed, *keys, "-out", f"{name}.pem")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a CA as Docker's instructions make it, thus without key usage, and two certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = ("-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "ca-key.pem")
    openssl(folder, *NEW, *authority, "-out", "ca.pem")
    sign(folder, "server", "ca", "subjectAltName=DNS:localhost", "extendedKeyUsage=serverAuth")
    sign(folder, "client", "ca", "extendedKeyUsage=clientAuth")
    (folder / "client.pem").rename(folder / "cert.pem")
    (folder / "client-key.pem").rename(folder / "key.pem")
    return folder


def with_files(folder: Path, given: Path, **others: str) -> Path:
    """Return the folder with a copy of the given one's files; `others` maps one to another's."""
    folder.mkdir()
    for file in given.iterdir():
        (folder / file.name).write_bytes((given / others.get(file.stem, file.name)).read_bytes())
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


def environ(port: int, folder: Path | None, host: str = "localhost") -> dict[str, str]:
    tls = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(folder)} if folder else {}
    return {"DOCKER_HOST": f"tcp://{host}:{port}", **tls}


def test_tcp_is_spoken(server: EngineServer) -> None:
    with served(server, None) as port, Engine.connect(environ=environ(port, None)) as engine:
        assert len(engine.services("t")) == 3


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_no_proxy_is_asked_for_an_engine_on_this_machine(
    server: EngineServer, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    given = {"DOCKER_HOST": f"tcp://{host}:"}
    with served(server, None) as port:
        given["DOCKER_HOST"] += str(port)
        with Engine.connect(environ=given) as engine:
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


def test_an_authority_that_another_one_signed_is_trusted_where_it_is_given_alone(
    server: EngineServer, certificates: Path, tmp_path: Path
) -> None:
    folder = with_files(tmp_path / "certificates", certificates)
    sign(folder, "between", "ca", "basicConstraints=critical,CA:TRUE")
    sign(folder, "server", "between", "subjectAltName=DNS:localhost")
    with served(server, folder) as port:
        given = with_files(tmp_path / "given", folder, ca="between.pem")
        with Engine.connect(environ=environ(port, given)) as engine:
            assert len(engine.services("t")) == 3


def test_an_engine_that_another_authority_signed_is_refused(
    server: EngineServer, certificates: Path, tmp_path: Path
) -> None:
    given = with_files(tmp_path / "given", certificates)
    authority = ("-x509", "-days", "2", "-subj", "/CN=ca", "-keyout", "other-key.pem")
    openssl(given, *NEW, *authority, "-out", "ca.pem")
    with (
        served(server, certificates) as port,
        pytest.raises(EngineUnavailable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        Engine.connect(environ=environ(port, given))


def test_a_certificate_that_has_expired_is_refused(
    server: EngineServer, certificates: Path, tmp_path: Path
) -> None:
    folder = with_files(tmp_path / "certificates", certificates)
    sign(folder, "server", "ca", "subjectAltName=DNS:localhost", days=0)
    with (
        served(server, folder) as port,
        pytest.raises(EngineUnavailable, match="expired"),
    ):
        Engine.connect(environ=environ(port, folder))


def test_an_engine_is_taken_unseen_where_nobody_asked_to_verify_it(
    server: EngineServer, certificates: Path
) -> None:
    given = {**environ(0, certificates), "DOCKER_TLS": "1", "DOCKER_TLS_VERIFY": ""}
    with served(server, certificates) as port:
        given["DOCKER_HOST"] = f"tcp://127.0.0.1:{port}"
        with Engine.connect(environ=given) as engine:
            assert len(engine.services("t")) == 3


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
