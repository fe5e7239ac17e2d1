"""`ccci doctor` against real Engines."""

import json
import os

import pytest
from swarms import Swarm
from typer.testing import CliRunner

from ccci.cli import app
from ccci.commands import doctor as command


def doctor() -> tuple[int, dict[str, str], str]:
    result = CliRunner().invoke(app, ["--json", "doctor"])
    checks = {each["name"]: each for each in json.loads(result.stdout)["checks"]}
    return (
        result.exit_code,
        {name: check["status"] for name, check in checks.items()},
        checks.get("swarm", {}).get("hint", ""),
    )


def test_a_manager_with_docker_and_git_is_able(
    swarm: Swarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", swarm.host)
    code, found, _ = doctor()
    assert code == 0
    assert {name: found[name] for name in ("engine", "swarm", "clock", "git")} == dict.fromkeys(
        ("engine", "swarm", "clock", "git"), "ok"
    )
    assert found["leftovers"] in {"ok", "warning"}


def test_a_worker_is_not_able_and_is_told_to_ask_a_manager(
    swarm_three: Swarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", swarm_three.hosts[1])
    code, found, hint = doctor()
    assert code == 3
    assert (found["engine"], found["swarm"]) == ("ok", "missing")
    assert "manager" in hint


def test_no_permission_on_the_socket_is_said_with_its_next_step(
    swarm_alone: Swarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks; a child of ours becomes nobody once it has imported what it needs."""
    monkeypatch.setenv("DOCKER_HOST", swarm_alone.host)
    assert doctor()[0] == 0
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            found = [check for check in command.examine() if check.name == "engine"]
            os.write(writer, f"{found[0].health.value}|{found[0].found}|{found[0].hint}".encode())
        except BaseException as error:  # noqa: BLE001 -- the child must never go on as a test
            os.write(writer, f"raised {error!r}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    said = os.read(reader, 65536).decode()
    os.close(reader)
    health, found_text, hint = said.split("|")
    assert health == "missing"
    assert "no permission" in found_text
    assert "docker" in hint
