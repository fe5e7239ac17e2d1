"""How git is told a password, by a real server that asks for it, and who else can see it."""

import base64
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import CheckoutFailed, UsageError
from ccci.host.process import environment, run
from ccci.recipe.login import Login, git_options, git_variables, without_login
from ccci.recipe.refs import check_address, hide_password

TOKEN = "t0k3n@odd"  # noqa: S105 -- made up


@dataclass
class Forge:
    """A server that gives a repository to who knows the token, and looks at who runs meanwhile."""

    address: str
    seen: list[str] = field(default_factory=list)


class Asking(SimpleHTTPRequestHandler):
    seen: list[str]

    def __init__(self, *arguments: Any, seen: list[str], **words: Any) -> None:
        self.seen = seen
        super().__init__(*arguments, **words)

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            if path.parent.name != str(os.getpid()):
                try:
                    self.seen.append(path.read_text(errors="replace"))
                except OSError:
                    continue
        wanted = base64.b64encode(f"u:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.end_headers()
            return
        super().do_GET()


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    repository = make_repository(tmp_path / "shop")
    commit(repository, {"compose.yml": "services: {}"})
    git(repository, "update-server-info")
    found = Forge("")
    handler = partial(Asking, seen=found.seen, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        found.address = f"127.0.0.1:{server.server_port}/shop/.git"
        yield found
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_git_is_told_the_password_and_no_process_shows_it(forge: Forge) -> None:
    address, login = without_login(f"http://u:{TOKEN}@{forge.address}")
    listed = run(
        ("git", *git_options(login), "ls-remote", address),
        env=environment({**git_variables(login), "GIT_TERMINAL_PROMPT": "0"}),
    )
    assert "refs/heads/main" in listed.stdout
    assert any("ls-remote" in each for each in forge.seen)
    assert not any(TOKEN in each for each in forge.seen)


@pytest.mark.slow
def test_another_site_is_not_told(forge: Forge) -> None:
    _, login = without_login(f"http://u:{TOKEN}@other.example/shop")
    listed = run(
        ("git", *git_options(login), "ls-remote", f"http://{forge.address}"),
        env=environment({**git_variables(login), "GIT_TERMINAL_PROMPT": "0"}),
        check=False,
    )
    assert listed.code != 0


@pytest.mark.parametrize(
    ("address", "bare", "login"),
    [
        ("https://u:p@ss@h/x", "https://h/x", Login("https://h", "u", "p@ss")),
        ("https://u:p%40ss@h:8/x?a#b", "https://h:8/x?a#b", Login("https://h:8", "u", "p@ss")),
        ("https://u:p/ss@h/x", "https://h/x", Login("https://h", "u", "p/ss")),
        ("https://token@h", "https://h", Login("https://h", "token", "")),
        ("ssh://git:p@h/x", "ssh://git@h/x", None),
        ("ssh://git@h/x", "ssh://git@h/x", None),
        ("https://h/x", "https://h/x", None),
        ("https://h:80/@x", "https://h:80/@x", None),
        ("git@h:x/y.git", "git@h:x/y.git", None),
        ("/srv/u:p@h", "/srv/u:p@h", None),
    ],
)
def test_an_address_is_parted_from_its_login(address: str, bare: str, login: Login | None) -> None:
    assert without_login(address) == (bare, login)


def test_no_part_of_a_login_with_more_than_one_at_is_shown() -> None:
    assert hide_password("https://u:t0@k3n/t0k3n@h/x") == "https://***@h/x"
    assert hide_password("https://h/@me") == "https://h/@me"
    assert hide_password("https://h/x?a_token=b@c") == "https://h/x?a_token=***"


def test_what_would_say_more_than_a_password_to_git_is_refused() -> None:
    with pytest.raises(CheckoutFailed):
        without_login("https://u:p%0ahost=evil@h/x")


def test_a_token_in_a_parameter_is_refused_and_not_told() -> None:
    with pytest.raises(UsageError) as refused:
        check_address("https://h/x?a=b&private_token=t0k3n")
    assert "t0k3n" not in str(refused.value)
