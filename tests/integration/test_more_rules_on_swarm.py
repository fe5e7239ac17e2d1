"""The other rules of the sweep that a real Swarm can show, each beside its remedy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.sandbox.swarms import Swarm, compose, wait_for

from ccci.sweep.inventory import find
from ccci.sweep.rules.checking import ALL, Choice
from ccci.sweep.static import Settings, sweep

NewStack = Callable[[], str]


def rules(text: str, folder: Path, **variables: str) -> set[str]:
    path = folder / "swept.yml"
    path.write_text(text, encoding="utf-8")
    every = Choice(select=(ALL,))
    found = sweep(find([str(path)]), Settings(variables, {}, choice=every))
    return {finding.rule for finding in found.findings}


def changed(text: str, **keys: Any) -> str:
    document = json.loads(text)
    document["services"]["app"].update(keys)
    return json.dumps(document)


@pytest.mark.parametrize(("order", "together"), [("start-first", True), ("stop-first", False)])
def test_start_first_lets_two_tasks_write_one_volume(
    swarm: Swarm, stack: str, tmp_path: Path, order: str, together: bool
) -> None:
    # Each task keeps a lock on the volume while it runs, and notes when it found one there.
    command = (
        "sh -c 'mkdir /data/lock || touch /data/clash; "
        'trap "rmdir /data/lock; exit 0" TERM; while :; do sleep 0.1; done\''
    )
    service = {
        "command": command,
        "volumes": ["data:/data"],
        "stop_grace_period": "10s",
        "deploy": {"update_config": {"order": order, "monitor": "2s"}},
    }
    text = compose({"app": service}, volumes={"data": {}})
    assert ("CCCI003" in rules(text, tmp_path)) == together
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, changed(text, environment={"MARK": "new"}))
    swarm.wait_update(f"{stack}_app", "completed", timeout=90)
    (task,) = swarm.running(f"{stack}_app")
    container = task["Status"]["ContainerStatus"]["ContainerID"]
    clash = swarm.docker("exec", container, "test", "-e", "/data/clash", check=False).code == 0
    assert clash == together


def test_pause_leaves_the_service_half_way_and_any_deploy_wipes_the_evidence(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    deploy = {
        "replicas": 3,
        "update_config": {"monitor": "3s"},
        "restart_policy": {"delay": "60s"},
    }
    text = compose({"app": {"deploy": deploy}})
    assert "CCCI006" in rules(text, tmp_path)
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app", 3)
    broken = changed(text, command="false")
    swarm.deploy(stack, broken)
    swarm.wait_update(f"{stack}_app", "paused", timeout=90)
    commands = {
        " ".join(task["Spec"]["ContainerSpec"]["Args"]) for task in swarm.running(f"{stack}_app")
    }
    assert commands == {"sleep 100000"}
    assert 0 < len(swarm.running(f"{stack}_app")) < 3
    labelled = changed(broken, deploy={**deploy, "labels": {"a": "b"}})
    swarm.deploy(stack, labelled)
    wait_for(lambda: swarm.update_state(f"{stack}_app") != "paused", "the state to be gone")


@pytest.mark.parametrize("checked", [False, True])
def test_without_a_health_check_an_app_that_answers_nothing_is_kept(
    swarm: Swarm, stack: str, tmp_path: Path, checked: bool
) -> None:
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "1s", "timeout": "1s", "retries": 2}
    service: dict[str, Any] = {
        "command": "sh -c 'touch /ok; sleep 100000'",
        "deploy": {"update_config": {"failure_action": "rollback", "monitor": "6s"}},
    }
    if checked:
        service["healthcheck"] = check
    text = compose({"app": service})
    assert ("CCCI007" in rules(text, tmp_path)) != checked
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, changed(text, command="sleep 100000"))
    ended = swarm.wait_update(f"{stack}_app", "completed", "rollback_completed", timeout=90)
    assert ended == ("rollback_completed" if checked else "completed")


@pytest.mark.parametrize(("ratio", "ended"), [(0.5, "completed"), (0, "rollback_completed")])
def test_a_ratio_lets_one_of_two_stay_dead(
    swarm: Swarm, stack: str, tmp_path: Path, ratio: float, ended: str
) -> None:
    update: dict[str, Any] = {"failure_action": "rollback", "max_failure_ratio": ratio}
    update |= {"monitor": "12s", "parallelism": 2}
    deploy = {"replicas": 2, "update_config": update, "restart_policy": {"condition": "none"}}
    text = compose({"app": {"deploy": deploy}})
    assert ("CCCI010" in rules(text, tmp_path)) == (ratio > 0)
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app", 2)
    # Docker fills the slot's number in: the task of the first slot ends, the other stays. Both are
    # updated at once and the first one runs for a moment: while the updater waits for another slot
    # it reads of no failure, and one older than the monitor it does not count.
    fails = "sh -c 'sleep 3; test $SLOT != 1 && sleep 100000'".replace("$", "$$")
    swarm.deploy(stack, changed(text, command=fails, environment={"SLOT": "{{.Task.Slot}}"}))
    assert swarm.wait_update(f"{stack}_app", "completed", "rollback_completed", timeout=90) == ended
    if ended == "completed":
        assert len(swarm.running(f"{stack}_app")) == 1


def test_a_slot_whose_attempts_are_used_up_stays_empty(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    attempts = {"condition": "any", "delay": "0s", "max_attempts": 2}
    text = compose({"app": {"deploy": {"restart_policy": attempts}}})
    assert "CCCI012" in rules(text, tmp_path)
    limited = {"command": "false", "deploy": {"restart_policy": attempts}}
    free = {"command": "false", "deploy": {"restart_policy": {"condition": "any", "delay": "0s"}}}
    swarm.deploy(stack, compose({"limited": limited, "free": free}))

    def live(name: str) -> list[str]:
        return [
            task["ID"]
            for task in swarm.tasks(f"{stack}_{name}")
            if task["DesiredState"] in {"running", "ready"}
        ]

    wait_for(
        lambda: len(swarm.tasks(f"{stack}_limited")) == 3 and not live("limited"),
        "the attempts to be used up",
    )
    before = live("free")
    # The one beside it is still being restarted, and the limited one still is not.
    wait_for(lambda: live("free") and live("free") != before, "the other to be restarted")
    assert live("limited") == []


def test_a_rollback_without_a_config_of_its_own_stops_first(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    config = {"order": "start-first", "failure_action": "pause", "monitor": "1s"}
    text = compose({"app": {"deploy": {"update_config": config}}})
    assert "CCCI014" in rules(text, tmp_path)
    both = compose({"app": {"deploy": {"update_config": config, "rollback_config": config}}})
    assert "CCCI014" not in rules(both, tmp_path)
    swarm.deploy(stack, text)
    policy = swarm.service(f"{stack}_app")["Spec"].get("RollbackConfig") or {}
    assert policy.get("Order", "stop-first") == "stop-first"
    swarm.deploy(stack, both)
    assert swarm.service(f"{stack}_app")["Spec"]["RollbackConfig"]["Order"] == "start-first"


@pytest.mark.parametrize("kind", ["config", "secret"])
def test_a_name_ends_at_64_characters(swarm: Swarm, stack: str, tmp_path: Path, kind: str) -> None:
    (tmp_path / "content").write_text("x")
    for length, taken in ((64, True), (65, False)):
        key = "k" * (length - len(stack) - 1)
        entry = {key: {"file": str(tmp_path / "content")}}
        text = compose({"app": {f"{kind}s": [key]}}, **{f"{kind}s": entry})
        assert ("CCCI017" in rules(text, tmp_path, STACK_NAME=stack)) != taken
        done = swarm.deploy(stack, text, check=False)
        assert (done.code == 0) == taken


def test_two_apps_on_one_network_answer_to_one_name(
    swarm: Swarm, new_stack: NewStack, tmp_path: Path
) -> None:
    one, two = new_stack(), new_stack()
    network = f"{one}-shared"
    swarm.docker("network", "create", "--driver", "overlay", "--attachable", network)
    try:
        text = compose({"app": {"networks": [network]}}, networks={network: {"external": True}})
        assert "CCCI018" in rules(text, tmp_path)
        for each in (one, two):
            swarm.deploy(each, text)
        for each in (one, two):
            swarm.wait_running(f"{each}_app")
        (task,) = swarm.running(f"{one}_app")
        container = task["Status"]["ContainerStatus"]["ContainerID"]

        def addresses(name: str) -> int:
            asked = ("exec", container, "nslookup", name, "127.0.0.11")
            # The server's own address stands before the first empty line.
            answer = swarm.docker(*asked, check=False).stdout.partition("\n\n")[2]
            return answer.count("Address")

        wait_for(lambda: addresses("app") == 2, "both stacks' addresses under one name")
        assert addresses(f"{two}_app") == 1
    finally:
        for each in (one, two):
            swarm.remove(each)
        swarm.docker("network", "rm", network, check=False)
