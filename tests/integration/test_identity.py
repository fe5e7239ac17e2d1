"""`ccci identity` on a real Swarm: each mismatch, and each case that only looks like one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command_line import invoke
from support.recipes.repositories import commit, make_repository
from support.sandbox import swarms
from support.sandbox.swarms import SEES_IT_FAIL, Swarm, wait_for

from ccci.actions.identity import look
from ccci.host import clock
from ccci.records import runs
from ccci.steps.after.identity import remember
from ccci.swarm import baseline
from ccci.swarm.commits import Dirt
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Observation

HEAD = "7ae7b0f7c1d2e3f405162738495a6b7c8d9e0f1a"
BASE = "eb96de94aabbccddeeff00112233445566778899"


@pytest.fixture(autouse=True)
def on_the_swarm(swarm: Swarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", swarm.host)


def labels(stack: str, commit: str, version: str = "1.0.0+1.0") -> dict[str, str]:
    return {
        f"coop-cloud.{stack}.recipe": "demo",
        f"coop-cloud.{stack}.chaos": "true",
        f"coop-cloud.{stack}.chaos-version": commit,
        f"coop-cloud.{stack}.version": version,
    }


def stack_file(
    stack: str,
    commit: str,
    deploy: Mapping[str, object] | None = None,
    *,
    command: str = "sleep 100000",
    **more: object,
) -> str:
    service = {
        "command": ["sh", "-c", command],
        "deploy": {"labels": labels(stack, commit), **(deploy or {})},
        **more,
    }
    return swarms.compose({"app": service, "db": {}})


def identity(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = invoke("--json", "identity", *arguments)
    assert "Traceback" not in result.output
    return result.exit_code, json.loads(result.stdout)


def settle(swarm: Swarm, stack: str) -> None:
    swarm.wait_running(f"{stack}_app")
    swarm.wait_running(f"{stack}_db")


def test_the_expected_commit_is_right_and_another_healthy_one_is_13(
    swarm: Swarm, stack: str
) -> None:
    swarm.deploy(stack, stack_file(stack, BASE[:8]))
    settle(swarm, stack)
    code, right = identity(stack, "--expect", BASE)
    assert (code, right["verdict"]) == (0, "converged")
    assert right["identity"]["declared"]["commit"] == BASE[:8]
    running = {each["service"]: each for each in right["identity"]["running"]}
    assert running["app"]["commit"] == BASE[:8]
    assert running["db"]["commit"] is None
    assert running["app"]["node"]
    code, wrong = identity(stack, "--expect", HEAD)
    assert (code, wrong["verdict"]) == (13, "wrong-identity")
    assert wrong["identity"]["reason"] == "never-deployed"


def test_a_label_only_upgrade_is_right_although_nothing_rolled(swarm: Swarm, stack: str) -> None:
    swarm.deploy(stack, stack_file(stack, BASE[:8]))
    settle(swarm, stack)
    (before,) = swarm.running(f"{stack}_app")
    swarm.deploy(stack, stack_file(stack, HEAD[:8]))
    code, found = identity(stack, "--expect", HEAD)
    assert code == 0
    (app_task,) = (each for each in found["identity"]["running"] if each["service"] == "app")
    assert app_task["task"] == before["ID"]
    assert app_task["commit"] == HEAD[:8]
    assert found["identity"]["previous"]["commit"] == BASE[:8]


def test_old_and_new_tasks_of_a_start_first_roll_are_mixed(swarm: Swarm, stack: str) -> None:
    policy = {"replicas": 2, "update_config": {"order": "start-first", "delay": "60s"}}
    swarm.deploy(stack, stack_file(stack, BASE[:8], policy))
    swarm.wait_running(f"{stack}_app", 2)
    swarm.deploy(stack, stack_file(stack, HEAD[:8], policy, command="sleep 200000"))

    def both() -> dict[str, Any] | None:
        code, found = identity(stack, "--expect", HEAD)
        commits = {
            each["commit"] for each in found["identity"]["running"] if each["service"] == "app"
        }
        return found if code == 13 and commits == {BASE[:8], HEAD[:8]} else None

    found = wait_for(both, "an old and a new task side by side")
    assert found is not None
    assert found["identity"]["reason"] == "mixed"


def test_a_rollback_by_swarm_is_named_although_all_is_healthy(swarm: Swarm, stack: str) -> None:
    policy = {
        "update_config": {
            "failure_action": "rollback",
            "order": "start-first",
            "monitor": SEES_IT_FAIL,
        },
        "restart_policy": {"delay": "1s"},
    }
    swarm.deploy(stack, stack_file(stack, BASE[:8], policy))
    settle(swarm, stack)
    swarm.deploy(stack, stack_file(stack, HEAD[:8], policy, command="exit 7"))
    swarm.wait_update(f"{stack}_app", "rollback_completed")
    code, found = identity(stack, "--expect", HEAD)
    assert code == 13
    assert found["identity"]["reason"] == "rolled-back"
    assert found["identity"]["declared"]["commit"] == BASE[:8]
    assert found["identity"]["previous"] is None


def test_an_identical_redeploy_in_the_middle_of_a_roll_is_disturbed(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    policy = {"update_config": {"order": "start-first"}}
    swarm.deploy(stack, stack_file(stack, BASE[:8], policy))
    settle(swarm, stack)
    saved = tmp_path / "baseline.json"
    with Engine.connect() as engine:
        seen = Observation(0.0, clock.now(), services=look(engine, stack))
    saved.write_text(json.dumps(baseline.to_document(baseline.take(stack, seen))))
    # A task stays `starting` until its first healthy probe, and the old one serves on.
    slow = {"test": ["CMD", "true"], "interval": "300s"}
    head = stack_file(stack, HEAD[:8], policy, healthcheck=slow)
    swarm.deploy(stack, head)
    wait_for(lambda: swarm.service(f"{stack}_app").get("UpdateStatus"), "the roll to begin")
    assert identity(stack, "--expect", HEAD)[1]["identity"]["reason"] == "mixed"
    swarm.deploy(stack, head)
    code, found = identity(stack, "--expect", HEAD)
    assert (code, found["identity"]["reason"]) == (13, "disturbed")
    # Swarm's only memory of the base was PreviousSpec, which now is the head as well.
    assert found["identity"]["previous"]["commit"] == HEAD[:8]
    serving = {each["service"]: each["commit"] for each in found["identity"]["running"]}
    assert serving["app"] is None
    found = identity(stack, "--expect", HEAD, "--baseline", str(saved))[1]
    serving = {each["service"]: each["commit"] for each in found["identity"]["running"]}
    assert serving["app"] == BASE[:8]


def test_services_of_two_commits_are_mixed(swarm: Swarm, stack: str) -> None:
    def both(first: str, second: str) -> str:
        return swarms.compose(
            {
                "app": {"deploy": {"labels": labels(stack, first)}},
                "web": {"deploy": {"labels": labels(stack, second)}},
            }
        )

    swarm.deploy(stack, both(HEAD[:8], BASE[:8]))
    swarm.wait_running(f"{stack}_app")
    swarm.wait_running(f"{stack}_web")
    code, found = identity(stack, "--expect", HEAD)
    assert (code, found["identity"]["reason"]) == (13, "mixed")
    swarm.deploy(stack, both(HEAD[:8], HEAD[:8]))
    assert identity(stack, "--expect", HEAD)[0] == 0


def test_a_dirty_tree_is_13_and_a_stack_without_tasks_is_14(swarm: Swarm, stack: str) -> None:
    swarm.deploy(stack, stack_file(stack, f"{HEAD[:8]}+U"))
    settle(swarm, stack)
    code, found = identity(stack, "--expect", HEAD)
    assert (code, found["identity"]["reason"]) == (13, "dirty")
    assert found["identity"]["declared"]["dirty"] is True
    nowhere = {"placement": {"constraints": ["node.labels.absent == yes"]}}
    swarm.remove(stack)
    swarm.deploy(stack, stack_file(stack, HEAD[:8], nowhere))
    code, found = identity(stack, "--expect", HEAD)
    assert (code, found["verdict"], found["identity"]["reason"]) == (14, "unstable", "not-running")


def test_what_cannot_be_asked_is_3_and_never_a_traceback(
    swarm: Swarm, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = identity("no-such-stack")
    assert (code, found["verdict"]) == (3, "unable")
    assert "no-such-stack" in found["summary"]
    swarm.deploy(stack, swarms.compose({"one": {}, "two": {}}))
    code, found = identity(stack)
    assert code == 3
    assert "--app-service" in found["hint"]
    assert identity(stack, "--app-service", "one")[0] in {0, 14}
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert identity(stack)[0] == 3


def test_the_recipe_of_a_recorded_run_names_its_stack_and_a_stack_that_is_gone_is_18(
    swarm: Swarm, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    runs.begin(tmp_path / "runs", "deploy", "demo", recipe="demo", domain="d.test", stack=stack)
    swarm.deploy(stack, stack_file(stack, HEAD[:8]))
    settle(swarm, stack)
    for target in ("demo", "d.test", stack):
        code, found = identity(target, "--expect", HEAD)
        assert (code, found["stack"]) == (0, stack)
    swarm.remove(stack)
    code, found = identity("demo", "--expect", HEAD)
    assert (code, found["verdict"]) == (18, "removed")


def test_a_ref_is_resolved_in_the_repository_and_a_short_label_must_be_unambiguous(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    repository = make_repository(tmp_path / "demo")
    first = commit(repository, {"compose.yml": "services: {}\n"}, "one", tag="1.0.0+1.0")
    second = commit(repository, {}, "two")
    source = ("--source", str(repository))
    swarm.deploy(stack, stack_file(stack, second[:8]))
    settle(swarm, stack)
    code, found = identity(stack, "--expect", "main", *source)
    assert (code, found["identity"]["expected"]) == (0, second)
    assert identity(stack, "--expect", second[:7], *source)[0] == 0
    code, found = identity(stack, "--expect", "1.0.0+1.0", *source)
    assert (code, found["identity"]["reason"]) == (13, "never-deployed")
    assert found["identity"]["expected"] == first
    assert identity(stack, "--expect", "no-such-ref", *source)[0] == 3


def test_a_dirty_tree_is_accepted_for_the_very_spec_that_a_recorded_run_set(
    swarm: Swarm, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    record = runs.begin(tmp_path / "runs", "upgrade", "demo", recipe="demo", stack=stack)
    swarm.deploy(stack, stack_file(stack, f"{HEAD[:8]}+U"))
    settle(swarm, stack)
    with Engine.connect() as engine:
        specs = {service.spec.whole: HEAD[:8] for service in look(engine, stack)}
    overlay = frozenset({"compose.ccci.yml"})
    remember(record.path(runs.IDENTITY), Dirt(overlay, overlay), specs)
    code, found = identity("demo", "--expect", HEAD)
    assert code == 0
    assert found["notes"] == ["+U is explained by ccci's own compose.ccci.yml"]
    assert {each["commit"] for each in found["identity"]["running"]} == {HEAD[:8]}
    # The same label again, from a tree that no run knows.
    swarm.deploy(stack, stack_file(stack, f"{HEAD[:8]}+U", command="sleep 300000"))
    code, found = identity("demo", "--expect", HEAD)
    assert (code, found["identity"]["reason"]) == (13, "dirty")
