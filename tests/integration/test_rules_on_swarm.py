"""Each runtime rule of the sweep on a real Swarm: the danger, and that the advice takes it away."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.sandbox.swarms import Swarm, compose, wait_for

from ccci.sweep.fix import plan, write
from ccci.sweep.inventory import find
from ccci.sweep.live import sweep as sweep_live
from ccci.sweep.static import Settings, sweep

NewStack = Callable[[], str]
IGNORES_TERM = "sh -c 'trap \"\" TERM; while :; do sleep 1; done'"


def update(**keys: Any) -> dict[str, Any]:
    return {"update_config": {"monitor": "2s", **keys}}


def rules(text: str, folder: Path, memory: int = 0) -> set[str]:
    path = folder / "swept.yml"
    path.write_text(text, encoding="utf-8")
    settings = Settings({}, {}, memory)
    return {finding.rule for finding in sweep(find([str(path)]), settings).findings}


def fixed(text: str, folder: Path, memory: int = 0) -> str:
    """Return the compose file as `--fix --in-place` leaves it."""
    path = folder / "fixed.yml"
    path.write_text(text, encoding="utf-8")
    sets = find([str(path)])
    write(plan(sets[0], sweep(sets, Settings({}, {}, memory)), {}, inside=True))
    return path.read_text(encoding="utf-8")


def marked(text: str, mark: str) -> str:
    """Return the compose file with another environment, so that its service has to roll."""
    document = json.loads(text)
    document["services"]["app"]["environment"] = {"MARK": mark}
    return json.dumps(document)


def marks(tasks: list[dict[str, Any]]) -> list[str]:
    return ["".join(task["Spec"]["ContainerSpec"].get("Env") or ()) for task in tasks]


def errors(swarm: Swarm, service: str) -> str:
    return " ".join(str(task["Status"].get("Err", "")) for task in swarm.tasks(service))


def replaced(text: str, **keys: Any) -> str:
    document = json.loads(text)
    document["services"]["app"].update(keys)
    return json.dumps(document)


def test_a_rollback_with_start_first_leaves_no_trace_of_itself(
    swarm: Swarm, new_stack: NewStack, tmp_path: Path
) -> None:
    text = compose({"app": {"deploy": update(failure_action="rollback", order="start-first")}})
    assert "CCCI001" in rules(text, tmp_path)
    kept = {"danger": False, "fixed": False}
    # Now and then Swarm replaces the old task all the same (moby issue 43081): it need not happen
    # at the first try, but it must never happen once mended.
    tries = [("danger", text)] * 12 + [("fixed", fixed(text, tmp_path))]
    for name, written in tries:
        if kept[name]:
            continue
        stack = new_stack()
        swarm.deploy(stack, written)
        swarm.wait_running(f"{stack}_app")
        before = {task["ID"] for task in swarm.running(f"{stack}_app")}
        swarm.deploy(stack, replaced(written, command="false"))
        swarm.wait_update(f"{stack}_app", "rollback_completed")
        swarm.wait_running(f"{stack}_app")
        kept[name] = before == {task["ID"] for task in swarm.running(f"{stack}_app")}
    # Start-first: the very task of before serves on, so that nothing outside shows the failure.
    assert kept == {"danger": True, "fixed": False}
    assert "CCCI001" not in rules(fixed(text, tmp_path), tmp_path)


def test_a_host_port_stops_a_start_first_update(
    swarm: Swarm, new_stack: NewStack, tmp_path: Path
) -> None:
    port = {"target": 80, "published": 18911, "mode": "host"}
    deploy = update(order="start-first", failure_action="rollback")
    text = compose({"app": {"ports": [port], "deploy": deploy}})
    assert "CCCI002" in rules(text, tmp_path)
    stack = new_stack()
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, marked(text, "new"))
    wait_for(
        lambda: "host-mode port already in use" in errors(swarm, f"{stack}_app"), "the port's error"
    )
    assert swarm.update_state(f"{stack}_app") == "updating"
    swarm.remove(stack)

    better = fixed(text, tmp_path)
    assert "CCCI002" not in rules(better, tmp_path)
    stack = new_stack()
    swarm.deploy(stack, better)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, marked(better, "new"))
    swarm.wait_update(f"{stack}_app", "completed")
    assert marks(swarm.running(f"{stack}_app")) == ["MARK=new"]


def test_twice_the_memory_does_not_fit(swarm: Swarm, new_stack: NewStack, tmp_path: Path) -> None:
    node = swarm.json("node", "inspect", "self")[0]
    memory = int(node["Description"]["Resources"]["MemoryBytes"])
    wanted = {"reservations": {"memory": str(int(memory * 0.6))}}
    deploy = {**update(order="start-first", failure_action="rollback"), "resources": wanted}
    text = compose({"app": {"deploy": deploy}})
    assert "CCCI004" in rules(text, tmp_path, memory)
    assert "CCCI004" not in rules(text, tmp_path, 2 * memory)
    stack = new_stack()
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    live = sweep_live([swarm.service(f"{stack}_app")], [], [node])
    assert "CCCI004" in {finding.rule for finding in live.findings}
    swarm.deploy(stack, marked(text, "new"))
    wait_for(
        lambda: "insufficient resources" in errors(swarm, f"{stack}_app"), "the memory's error"
    )
    assert swarm.update_state(f"{stack}_app") == "updating"
    swarm.remove(stack)

    better = fixed(text, tmp_path, memory)
    stack = new_stack()
    swarm.deploy(stack, better)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, marked(better, "new"))
    swarm.wait_update(f"{stack}_app", "completed")
    assert marks(swarm.running(f"{stack}_app")) == ["MARK=new"]


@pytest.mark.parametrize("action", ["continue", "rollback"])
def test_continue_completes_with_nothing_running(
    swarm: Swarm, stack: str, tmp_path: Path, action: str
) -> None:
    deploy = {**update(failure_action=action), "restart_policy": {"condition": "none"}}
    text = compose({"app": {"deploy": deploy}})
    assert ("CCCI005" in rules(text, tmp_path)) == (action == "continue")
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, replaced(text, command="false"))
    ended = swarm.wait_update(f"{stack}_app", "completed", "rollback_completed")
    if action == "continue":
        assert (ended, swarm.running(f"{stack}_app")) == ("completed", [])
    else:
        assert ended == "rollback_completed"
        swarm.wait_running(f"{stack}_app")


@pytest.mark.parametrize(("monitor", "ended"), [("1s", "completed"), ("30s", "rollback_completed")])
def test_a_short_monitor_misses_what_the_health_check_finds(
    swarm: Swarm, stack: str, tmp_path: Path, monitor: str, ended: str
) -> None:
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "1s", "timeout": "1s", "retries": 3}
    fine = "sh -c 'touch /ok; sleep 100000'"
    breaks = "sh -c 'touch /ok; sleep 5; rm /ok; sleep 100000'"
    deploy = update(failure_action="rollback", monitor=monitor)
    text = compose({"app": {"command": fine, "healthcheck": check, "deploy": deploy}})
    assert ("CCCI008" in rules(text, tmp_path)) == (monitor == "1s")
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, replaced(text, command=breaks))
    # Both break alike; the failure itself is what both are waited for.
    wait_for(lambda: "unhealthy" in errors(swarm, f"{stack}_app"), "the check to fail", 60)
    assert swarm.wait_update(f"{stack}_app", "completed", "rollback_completed") == ended


def test_an_unhealthy_task_that_stops_cleanly_is_not_restarted_on_failure(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    # The shell is asked to stop and exits 0, as a well-behaved server does.
    command = (
        "sh -c 'trap \"exit 0\" TERM; touch /ok; (sleep 3; rm /ok) & while :; do sleep 0.2; done'"
    )
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "1s", "timeout": "1s", "retries": 2}
    service = {"command": command, "healthcheck": check, "stop_grace_period": "10s"}

    def condition(word: str) -> dict[str, Any]:
        return {**service, "deploy": {"restart_policy": {"condition": word, "delay": "1s"}}}

    lost = compose({"app": condition("on-failure")})
    assert "CCCI011" in rules(lost, tmp_path)
    assert "CCCI011" not in rules(compose({"app": condition("any")}), tmp_path)
    swarm.deploy(stack, compose({"lost": condition("on-failure"), "kept": condition("any")}))
    wait_for(
        lambda: swarm.states(f"{stack}_lost") == ["complete"],
        "the one to end",
        60,
    )
    # The one beside it, with the same delay, is there again twice by now.
    wait_for(lambda: len(swarm.tasks(f"{stack}_kept")) > 2, "the other to be restarted twice", 60)
    assert len(swarm.tasks(f"{stack}_lost")) == 1
    assert swarm.running(f"{stack}_lost") == []
    assert errors(swarm, f"{stack}_lost").strip() == ""


@pytest.mark.parametrize(("grace", "overlap"), [("90s", True), ("3s", False)])
def test_stop_first_is_exclusive_for_sixty_seconds_only(
    swarm: Swarm, stack: str, tmp_path: Path, grace: str, overlap: bool
) -> None:
    text = compose(
        {
            "app": {
                "command": IGNORES_TERM,
                "stop_grace_period": grace,
                "deploy": update(failure_action="rollback", order="stop-first"),
            }
        }
    )
    assert ("CCCI013" in rules(text, tmp_path)) == overlap
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, marked(text, "new"))
    wait_for(lambda: marks(swarm.running(f"{stack}_app")) == ["MARK=new"], "the new task", 90)
    states = {
        "".join(task["Spec"]["ContainerSpec"].get("Env") or ()): task["Status"]["State"]
        for task in swarm.tasks(f"{stack}_app")
    }
    assert states["MARK=new"] == "running"
    assert (states[""] == "running") == overlap
