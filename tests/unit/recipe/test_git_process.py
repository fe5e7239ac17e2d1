"""How a private forge is reached: the password in no argument list, file and message."""

import base64
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import CheckoutFailed
from ccci.recipe import checkouts

pytestmark = pytest.mark.slow

SECRET = "hunter2"  # noqa: S105


class Forge(SimpleHTTPRequestHandler):
    """Serves a bare repository to ann alone; notes each argument list that names her password."""

    wanted = ""
    told: list[str]

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
            self.end_headers()
            return
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes()
            except OSError:
                continue
            if SECRET.encode() in words and b"git" in words:
                self.told.append(words.decode(errors="replace"))
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[str]:
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x"})
    git(tmp_path, "clone", "--quiet", "--bare", str(source), "shop.git")
    git(tmp_path / "shop.git", "update-server-info")
    Forge.told = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Forge, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}/shop.git"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("login", "user", "password"),
    [
        (f"ann:{SECRET}", "ann", SECRET),
        (f"ann:p@{SECRET}", "ann", f"p@{SECRET}"),
        (f"ann:p%40{SECRET}%3A", "ann", f"p@{SECRET}:"),
        (f"{SECRET}", SECRET, ""),
    ],
)
def test_a_password_in_a_url_reaches_the_forge_and_no_argument_list(
    forge: str, tmp_path: Path, login: str, user: str, password: str
) -> None:
    Forge.wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    source = f"http://{login}@{forge}"
    ours = checkouts.clone(source, tmp_path / "ours", tmp_path / "journal")
    assert len(checkouts.resolve(ours, "main")) == 40
    assert Forge.told == []
    written = [path for path in tmp_path.rglob("*") if path.is_file() and "source" not in str(path)]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


def test_a_wrong_password_is_refused_and_not_shown(forge: str, tmp_path: Path) -> None:
    Forge.wanted = "Basic nobody"
    with pytest.raises(CheckoutFailed) as refused:
        checkouts.clone(f"http://ann:{SECRET}@{forge}", tmp_path / "ours", tmp_path / "journal")
    assert SECRET not in refused.value.message


@pytest.mark.parametrize("login", ["a%0aprotocol=x:b", "a:b%0d", "a%00:b"])
def test_a_line_break_in_a_password_is_refused(tmp_path: Path, login: str) -> None:
    with pytest.raises(CheckoutFailed, match="line break"):
        checkouts.clone(f"http://{login}@127.0.0.1:1/x", tmp_path / "ours", tmp_path / "journal")


def test_a_password_in_an_ssh_address_reaches_no_argument_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    spy = tmp_path / "ssh"
    look = "for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$each; done"
    spy.write_text(f"#!/bin/sh\n{look} >{told} 2>&1\nexit 1\n")
    spy.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(spy))
    for number, login in enumerate((f"git:{SECRET}", f"git:p@{SECRET}")):
        with pytest.raises(CheckoutFailed) as refused:
            checkouts.clone(
                f"ssh://{login}@forge.test/x", tmp_path / f"at-{number}", tmp_path / "j"
            )
        assert SECRET not in refused.value.message
        assert "forge.test" in told.read_text()
        assert SECRET not in told.read_text()
