"""What stands at the cursor, and what a real shell makes of the answer."""

import http.server
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.command_line import invoke
from support.recipes.repositories import commit, make_repository

from ccci.commandline import shells
from ccci.commandline.completing import Candidate, Place, place, split
from ccci.commandline.declared import Completes
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM

ROOT = Path(__file__).parents[3]


def at(line: str) -> Place:
    return place(PROGRAM, (*EVERYWHERE, *ALONE), split(f"ccci {line}")[1:])


def fitting(line: str) -> list[str]:
    found = at(line)
    return [each.word for each in found.fitting(found.known)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("up", ["upgrade"]),
        ("sweep ro", ["rollback-policy"]),
        ("--json sandb", ["sandbox"]),
        ("sandbox ", ["up", "image", "status", "down"]),
        ("upgrade shop --upgrade-env-", ["--upgrade-env-from-sample"]),
        ("upgrade shop --head x --hea", ["--health-path", "--health-status", "--health-service"]),
        ("upgrade shop --env A=1 --env", ["--env"]),
        ("upgrade --deployer ", ["auto", "abra", "stack"]),
        ("upgrade --deployer=a", ["auto", "abra"]),
        ("sweep rollback-policy --fail-on w", ["warning"]),
        ("sweep upgrade . --format sa", ["sarif"]),
        ("schema rep", ["report"]),
        ("completion z", ["zsh"]),
        ("help sw", ["sweep"]),
        ("help sweep le", ["leftovers"]),
        ("help wo", ["words"]),
        ("runs b", ["bundle"]),
        ("runs --verdict roll", ["rolled-back", "rollback-paused"]),
        ("nowhere ", list(PROGRAM.members)),
        ("--completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_what_fits_is_known_from_the_declarations(line: str, words: list[str]) -> None:
    assert fitting(line) == words


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("converge ", Completes.STACKS),
        ("converge shop --service ", Completes.SERVICES),
        ("converge shop --service=a", Completes.SERVICES),
        ("converge shop -- docker st", Completes.COMMANDS),
        ("upgrade ", Completes.RECIPES),
        ("upgrade . --head ", Completes.REFS),
        ("upgrade --head x ", Completes.RECIPES),
        ("explain ", Completes.RUNS),
        ("runs ", Completes.TARGETS),
        ("runs bundle ", Completes.RUNS),
        ("identity ", Completes.TARGETS),
        ("sweep rules ", Completes.RULES),
        ("sweep rollback-policy a ", Completes.FILES),
        ("sweep rollback-policy -c ", Completes.FILES),
        ("upgrade . --overlay ", Completes.FILES),
        ("upgrade . --timeout ", Completes.NOTHING),
    ],
)
def test_what_has_to_be_looked_up_is_known_by_the_place(line: str, wanted: Completes) -> None:
    assert at(line).wanted is wanted


def test_what_was_said_helps_the_look_up() -> None:
    assert at("upgrade shop --source ../x --head ").said == {
        "recipe": ["shop"],
        "source": ["../x"],
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ccci ", ["ccci", ""]),
        ("ccci up", ["ccci", "up"]),
        ("ccci a 'b c", ["ccci", "a", "b c"]),
        ('ccci "b c" ', ["ccci", "b c", ""]),
        ('ccci "b c', ["ccci", "b c"]),
    ],
)
def test_a_line_is_split_as_a_shell_would(line: str, words: list[str]) -> None:
    assert split(line) == words


def test_bash_keeps_what_stands_before_a_colon_or_an_equals_sign() -> None:
    there = Place("feature:a", "--head=")
    found = [Candidate("feature:ab")]
    assert shells.answer("bash", there, found, " =:") == ["words", "ab"]
    assert shells.answer("zsh", there, found) == ["words", "--head=feature\\:ab"]
    assert shells.answer("fish", there, found) == ["words", "--head=feature:ab"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    "word", ["x;echo${IFS}PWN", "x$(id)", "x`id`", "x|y", "x&y", "x>y", "x\ny", "x\x1b[0m", "xy z"]
)
def test_a_word_that_means_more_to_a_shell_is_left_out(shell: str, word: str) -> None:
    found = [Candidate(word), Candidate("x-1.0~2+3/4@5,6", "a\nmeaning")]
    _, *told = shells.answer(shell, Place("x"), found)
    (only,) = told
    assert only.startswith("x-1.0~2+3/4@5,6")


class _Engine(http.server.BaseHTTPRequestHandler):
    """An Engine that lists two services, once it is `free` to."""

    free = threading.Event()

    def do_GET(self) -> None:
        self.free.wait()
        specs = [
            {"Spec": {"Name": f"shop_{name}", "Labels": {"com.docker.stack.namespace": "shop"}}}
            for name in ("app", "db")
        ]
        body = json.dumps(specs).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError):  # nobody waited for it
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, str]:
        request, _ = super().get_request()
        return request, "local"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Engine]]:
    path = tmp_path / "engine"

    class Handler(_Engine):
        free = threading.Event()

    handler = Handler
    handler.free.set()
    with _Server(str(path), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield handler
        handler.free.set()
        server.shutdown()


@pytest.fixture
def in_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a recipe with a branch and a tag, with no run and no Engine."""
    shop = make_repository(tmp_path / "shop")
    commit(shop, {"compose.yml": "services: {}"}, tag="0.7.0+3.3.1")
    monkeypatch.chdir(shop)
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "ccci").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m ccci \"$@\"\n")
    (bin_ / "ccci").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return shop


def bash(line: str) -> list[str]:
    """Return what bash would offer for a line, with its own words and breaks."""
    script = """
        eval "$(ccci completion bash)"
        compopt() { echo "compopt $*"; }
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<< "$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _ccci ccci "${COMP_WORDS[COMP_CWORD]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    argv = ["bash", "--norc", "-c", script, "bash", f"ccci {line}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.usefixtures("in_a_recipe")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("upg", ["upgrade"]),
        ("upgrade . --head 0.", ["0.7.0+3.3.1"]),
        ("upgrade . --head=0.", ["0.7.0+3.3.1"]),
        ("upgrade . --overlay ", ["compopt", "-o", "default", "-o", "filenames"]),
        ("converge shop -- unam", ["uname"]),
    ],
)
def test_bash_offers_what_fits(line: str, offered: list[str]) -> None:
    assert bash(line) == offered


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["upgrade", "plan"])
def test_refs_are_those_of_the_recipe_that_is_named(
    verb: str, in_a_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(in_a_recipe.parent)
    assert bash(f"{verb} ./shop --head 0.") == ["0.7.0+3.3.1"]


@pytest.mark.slow
@pytest.mark.usefixtures("in_a_recipe", "engine")
def test_stacks_and_services_come_from_the_engine() -> None:
    assert bash("converge ") == ["shop"]
    assert bash("converge shop --service ") == ["app", "db"]


@pytest.mark.slow
@pytest.mark.usefixtures("in_a_recipe")
def test_an_engine_that_says_nothing_is_not_waited_for(engine: type[_Engine]) -> None:
    engine.free.clear()
    assert bash("converge ") == []  # else it would hang


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(shell: str) -> None:
    told = invoke("completion", shell)
    assert told.exit_code == 0
    assert told.stdout == shells.SCRIPTS[shell]
    assert invoke("--completion", shell).stdout == told.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=told.stdout, text=True, check=True)


def test_a_shell_that_is_not_known_is_refused() -> None:
    assert "none of bash, zsh, fish" in invoke("completion", "csh").stderr
