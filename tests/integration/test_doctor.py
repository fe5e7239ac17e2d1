"""`ccci doctor` against real Engines."""

import json

import pytest
from support.command_line import invoke
from support.sandbox.swarms import Swarm


def doctor() -> tuple[int, dict[str, str], str]:
    result = invoke("--json", "doctor")
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
