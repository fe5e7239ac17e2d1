"""A plan is written down first; then the deploy follows, and Swarm's own tasks are compared.

One stack has a service for each field of the compose format that reaches a service: all of them
are changed by one deploy, so that one plan is held against one roll.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.sandbox.swarms import Swarm, compose, deploys_detached, wait_for

from ccci.host.process import Finished, run
from ccci.planning.fate import Fate
from ccci.swarm.judge.refusals import READ_IT

pytestmark = pytest.mark.timeout(600)

PLAIN: dict[str, Any] = {
    "image": "ccci-test/busybox:latest",
    "command": "sleep 100000",
    "stop_grace_period": "1s",
    "networks": ["one"],
}
ROLLS, LABELS, SETTINGS = Fate.ROLLS, Fate.LABELS_ONLY, Fate.SETTINGS_ONLY
SCALED, UNCHANGED = Fate.SCALED, Fate.UNCHANGED

BIND = {"type": "bind", "source": "/usr/share", "target": "/host"}

Pair = tuple[dict[str, Any], dict[str, Any], Fate]

PAIRS: dict[str, Pair] = {
    "image": ({}, {"image": "ccci-test/busybox:other"}, ROLLS),
    "command": ({}, {"command": "sleep 99999"}, ROLLS),
    "entrypoint": ({}, {"entrypoint": ["env"]}, ROLLS),
    "environment": ({"environment": {"A": "1"}}, {"environment": {"A": "2"}}, ROLLS),
    "environment-gone": ({"environment": {"A": "1"}}, {"environment": {}}, ROLLS),
    "environment-order": (
        {"environment": ["A=1", "B=2"]},
        {"environment": ["B=2", "A=1"]},
        UNCHANGED,
    ),
    "labels": ({}, {"labels": {"a": "b"}}, ROLLS),
    "user": ({}, {"user": "1000"}, ROLLS),
    "working-dir": ({}, {"working_dir": "/tmp"}, ROLLS),
    "hostname": ({}, {"hostname": "h"}, ROLLS),
    "stop-grace": ({}, {"stop_grace_period": "2s"}, ROLLS),
    "stop-signal": ({}, {"stop_signal": "SIGINT"}, ROLLS),
    "tty": ({}, {"tty": True}, ROLLS),
    "tty-false": ({}, {"tty": False}, UNCHANGED),
    "stdin": ({}, {"stdin_open": True}, ROLLS),
    "read-only": ({}, {"read_only": True}, ROLLS),
    "init": ({}, {"init": False}, ROLLS),
    "dns": ({}, {"dns": ["10.9.9.9"]}, ROLLS),
    "dns-search": ({}, {"dns_search": ["example.test"]}, ROLLS),
    "extra-hosts": ({}, {"extra_hosts": ["a:10.0.0.1"]}, ROLLS),
    "cap-add": ({}, {"cap_add": ["NET_ADMIN"]}, ROLLS),
    "cap-drop": ({}, {"cap_drop": ["MKNOD"]}, ROLLS),
    "sysctls": ({}, {"sysctls": {"net.core.somaxconn": "1024"}}, ROLLS),
    "ulimits": ({}, {"ulimits": {"nofile": 2048}}, ROLLS),
    "tmpfs-size": (
        {},
        {"volumes": [{"type": "tmpfs", "target": "/scratch", "tmpfs": {"size": 1048576}}]},
        ROLLS,
    ),
    "bind": ({}, {"volumes": ["/tmp:/host:ro"]}, ROLLS),
    "volume-nocopy": (
        {},
        {
            "volumes": [
                {"type": "volume", "source": "data", "target": "/d", "volume": {"nocopy": True}}
            ]
        },
        ROLLS,
    ),
    "ulimits-both": ({}, {"ulimits": {"nofile": {"soft": 1024, "hard": 2048}}}, ROLLS),
    "healthcheck-whole": (
        {},
        {
            "healthcheck": {
                "test": ["CMD", "true"],
                "interval": "1s",
                "timeout": "2s",
                "retries": 4,
                "start_period": "3s",
            }
        },
        ROLLS,
    ),
    "secret-owner": (
        {"secrets": [{"source": "key", "target": "k"}]},
        {"secrets": [{"source": "key", "target": "k", "uid": "5", "gid": "6", "mode": 0o400}]},
        ROLLS,
    ),
    "tmpfs": ({}, {"volumes": [{"type": "tmpfs", "target": "/scratch"}]}, ROLLS),
    "volume": ({}, {"volumes": ["data:/data"]}, ROLLS),
    "volume-target": ({"volumes": ["data:/a"]}, {"volumes": ["data:/b"]}, ROLLS),
    "volume-read-only": ({"volumes": ["data:/a"]}, {"volumes": ["data:/a:ro"]}, ROLLS),
    "healthcheck": ({}, {"healthcheck": {"test": "true", "interval": "1s"}}, ROLLS),
    "healthcheck-disabled": ({}, {"healthcheck": {"disable": True}}, ROLLS),
    "logging": ({}, {"logging": {"driver": "none"}}, ROLLS),
    "logging-options": (
        {"logging": {"driver": "json-file"}},
        {"logging": {"driver": "json-file", "options": {"max-size": "1m"}}},
        ROLLS,
    ),
    "config": (
        {"configs": [{"source": "old", "target": "/c"}]},
        {"configs": [{"source": "new", "target": "/c"}]},
        ROLLS,
    ),
    "config-target": (
        {"configs": [{"source": "old", "target": "/c"}]},
        {"configs": [{"source": "old", "target": "/d"}]},
        ROLLS,
    ),
    "config-mode": (
        {"configs": [{"source": "old", "target": "/c"}]},
        {"configs": [{"source": "old", "target": "/c", "mode": 0o400}]},
        ROLLS,
    ),
    "secret": (
        {"secrets": [{"source": "key", "target": "k"}]},
        {"secrets": [{"source": "lock", "target": "k"}]},
        ROLLS,
    ),
    "network-added": ({}, {"networks": ["one", "two"]}, ROLLS),
    "network-alias": ({}, {"networks": {"one": {"aliases": ["other"]}}}, ROLLS),
    "port-added": ({}, {"ports": ["18001:80"]}, ROLLS),
    "port-gone": ({"ports": ["18002:80"]}, {}, ROLLS),
    "port-published": ({"ports": ["18003:80"]}, {"ports": ["18004:80"]}, ROLLS),
    "port-target": ({"ports": ["18005:80"]}, {"ports": ["18005:81"]}, ROLLS),
    "port-protocol": ({"ports": ["18006:80"]}, {"ports": ["18006:80/udp"]}, ROLLS),
    "port-mode": (
        {"ports": [{"target": 80, "published": 18007}]},
        {"ports": [{"target": 80, "published": 18007, "mode": "host"}]},
        ROLLS,
    ),
    "port-order": (
        {"ports": ["18008:80", "18009:81"]},
        {"ports": ["18009:81", "18008:80"]},
        UNCHANGED,
    ),
    "bind-propagation": (
        {"volumes": [BIND]},
        {"volumes": [BIND | {"bind": {"propagation": "rprivate"}}]},
        ROLLS,
    ),
    # moby daemon/cluster/convert/container.go: no Engine keeps it.
    "bind-consistency": (
        {"volumes": [BIND]},
        {"volumes": [BIND | {"consistency": "cached"}]},
        UNCHANGED,
    ),
    # Linux starts no such task, and Swarm stops the old one for it.
    "credential-spec": ({}, {"credential_spec": {"registry": "x"}}, ROLLS),
    "isolation": ({}, {"isolation": "default"}, UNCHANGED),
    "comment": ({"x-note": "a"}, {"x-note": "b"}, UNCHANGED),
    "ignored": ({}, {"container_name": "c", "build": "."}, UNCHANGED),
    # docker/cli compose/convert: what it says becomes a restart policy, if only Swarm's default.
    "restart": ({}, {"restart": "always"}, ROLLS),
    "nothing": ({}, {}, UNCHANGED),
}
"""Base, change, and what is expected of it: keys of a service outside of `deploy`."""

DEPLOYS: dict[str, Pair] = {
    "deploy-labels": ({}, {"labels": {"a": "b"}}, LABELS),
    "deploy-label-gone": ({"labels": {"a": "b"}}, {}, LABELS),
    "replicas-up": ({}, {"replicas": 2}, SCALED),
    "replicas-none": ({"replicas": 1}, {"replicas": 0}, SCALED),
    "replicas-default": ({}, {"replicas": 1}, UNCHANGED),
    "endpoint-mode": ({}, {"endpoint_mode": "dnsrr"}, ROLLS),
    "update-config": ({}, {"update_config": {"parallelism": 2}}, SETTINGS),
    "update-order": (
        {"update_config": {"order": "stop-first"}},
        {"update_config": {"order": "start-first"}},
        SETTINGS,
    ),
    "update-action": (
        {"update_config": {"parallelism": 1}},
        {"update_config": {"parallelism": 1, "failure_action": "rollback"}},
        SETTINGS,
    ),
    "update-monitor": (
        {"update_config": {"monitor": "5s"}},
        {"update_config": {"monitor": "1s", "delay": "1s"}},
        SETTINGS,
    ),
    "rollback-config": ({}, {"rollback_config": {"order": "start-first"}}, SETTINGS),
    "restart-condition": ({}, {"restart_policy": {"condition": "on-failure"}}, ROLLS),
    "restart-delay": ({}, {"restart_policy": {"delay": "1s"}}, ROLLS),
    "restart-attempts": ({}, {"restart_policy": {"max_attempts": 3, "window": "9s"}}, ROLLS),
    "restart-nothing": ({}, {"restart_policy": {}}, ROLLS),
    "update-nothing": ({}, {"update_config": {}}, SETTINGS),
    "rollback-nothing": ({}, {"rollback_config": {}}, SETTINGS),
    "resources-nothing": ({}, {"resources": {}}, UNCHANGED),
    "placement-nothing": ({}, {"placement": {}}, UNCHANGED),
    "restart-none": ({}, {"restart_policy": {"condition": "any", "delay": "0s"}}, ROLLS),
    "rollback-whole": (
        {},
        {
            "rollback_config": {
                "parallelism": 0,
                "delay": "1s",
                "failure_action": "continue",
                "monitor": "2s",
                "max_failure_ratio": 0.3,
                "order": "stop-first",
            }
        },
        SETTINGS,
    ),
    "update-ratio": (
        {},
        {"update_config": {"max_failure_ratio": 0.1, "parallelism": 0, "delay": "0s"}},
        SETTINGS,
    ),
    "limit-pids": ({}, {"resources": {"limits": {"pids": 100}}}, ROLLS),
    "reservation-cpus": ({}, {"resources": {"reservations": {"cpus": "0.01"}}}, ROLLS),
    "limit-memory": ({}, {"resources": {"limits": {"memory": "64M"}}}, ROLLS),
    "limit-cpus": ({}, {"resources": {"limits": {"cpus": "0.5"}}}, ROLLS),
    "reservation": ({}, {"resources": {"reservations": {"memory": "8M"}}}, ROLLS),
    "constraint-met": ({}, {"placement": {"constraints": ["node.role == manager"]}}, SETTINGS),
    "constraint-gone": ({"placement": {"constraints": ["node.role == manager"]}}, {}, SETTINGS),
    "preference": ({}, {"placement": {"preferences": [{"spread": "node.labels.z"}]}}, SETTINGS),
    "max-per-node": ({}, {"placement": {"max_replicas_per_node": 3}}, SETTINGS),
    "global-labels": ({"mode": "global"}, {"mode": "global", "labels": {"a": "b"}}, LABELS),
    "global-order": (
        {"mode": "global"},
        {"mode": "global", "update_config": {"order": "start-first"}},
        SETTINGS,
    ),
}
"""The same for keys of `deploy`."""


CHECK: dict[str, Any] = {"test": ["CMD", "true"], "interval": "1s", "start_period": "30s"}
MOUNT: dict[str, Any] = {"type": "volume", "source": "data", "target": "/d"}
NEWER: dict[str, tuple[dict[str, Any], dict[str, Any], str, tuple[int, ...]]] = {
    "healthcheck-start-interval": (
        {"healthcheck": CHECK},
        {"healthcheck": CHECK | {"start_interval": "2s"}},
        "start_interval",
        (1, 44),
    ),
    "volume-subpath": (
        {"volumes": [MOUNT]},
        {"volumes": [MOUNT | {"volume": {"subpath": "sub"}}]},
        "subpath",
        (1, 45),
    ),
    "network-driver-opts": (
        {},
        {"networks": {"one": {"driver_opts": {"com.example.option": "a"}}}},
        "driver_opts",
        (1, 40),
    ),
}
"""The same for keys that not every docker CLI takes, or reads where it does, with the API version
of the first Engine that knows them: one before it stores the spec without, and rolls nothing."""


def pairs(swarm: Swarm, folder: Path) -> dict[str, Pair]:
    """Return the pairs that this docker CLI takes, with what this Engine makes of each."""
    found = dict(PAIRS)
    version = swarm.ask("/version")["ApiVersion"]
    knows = tuple(int(part) for part in version.split("."))
    for name, (base, change, key, since) in NEWER.items():
        read = merged(swarm, folder, name, PLAIN | change)
        if read is not None:
            arrives = knows >= since and f" {key}:" in read
            found[name] = base, change, ROLLS if arrives else UNCHANGED
    return found


def merged(swarm: Swarm, folder: Path, name: str, service: dict[str, Any]) -> str | None:
    """Return what this docker CLI makes of a file with one service, None where it refuses it."""
    path = folder / "newer.yml"
    path.write_text(compose({name: service}, networks={"one": {}}, volumes={"data": {}}))
    ended = swarm.docker("stack", "config", "-c", str(path), check=False)
    return ended.stdout if ended.code == 0 else None


def services(changed: dict[str, Pair], which: int) -> dict[str, dict[str, Any]]:
    """Return all services as they are at first (0) or after the change (1)."""
    found = {
        name: PLAIN | (change if which else base) for name, (base, change, _) in changed.items()
    }
    for name, (base, change, _) in DEPLOYS.items():
        found[name] = PLAIN | {"deploy": change if which else base}
    return found


def write(folder: Path, name: str, changed: dict[str, Pair], which: int) -> Path:
    (folder / "content").write_text("one")
    path = folder / name
    path.write_text(
        compose(
            services(changed, which),
            volumes={"data": {}},
            networks={"one": {}, "two": {}},
            configs={key: {"file": "./content"} for key in ("old", "new")},
            secrets={key: {"file": "./content"} for key in ("key", "lock")},
        )
    )
    return path


def argv(stack: str, path: Path) -> list[str]:
    detach = ["--detach=true"] if deploys_detached("docker") else []
    words = ["docker", "stack", "deploy", *detach, "--resolve-image", "never"]
    return [*words, "-c", str(path), stack]


def plan(swarm: Swarm, stack: str, *command: str, code: int = 0) -> dict[str, Any]:
    """Plan a command, and return the document; the swarm is as it was."""
    before = versions(swarm, stack)
    ended = ccci(swarm, "--json", "plan", stack, "--", *command)
    assert ended.code == code, ended.stdout + ended.stderr
    assert versions(swarm, stack) == before
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["schema"] == "ccci.plan/1"
    return found


def ccci(swarm: Swarm, *words: str) -> Finished:
    return forked.run(words, swarm.environment, timeout=300)


def versions(swarm: Swarm, stack: str) -> dict[str, int]:
    ids = swarm.docker("service", "ls", "-q", "--filter", f"label={NAMESPACE}={stack}").stdout
    if not ids.split():
        return {}
    found = json.loads(swarm.docker("service", "inspect", *ids.split()).stdout)
    return {each["Spec"]["Name"]: each["Version"]["Index"] for each in found}


def rolling(swarm: Swarm, stack: str) -> list[str]:
    """Return the services whose updater is at work: it writes their versions."""
    ids = swarm.docker("service", "ls", "-q", "--filter", f"label={NAMESPACE}={stack}").stdout
    found = json.loads(swarm.docker("service", "inspect", *ids.split()).stdout)
    return [
        each["Spec"]["Name"]
        for each in found
        if (each.get("UpdateStatus") or {}).get("State") == "updating"
    ]


NAMESPACE = "com.docker.stack.namespace"


def live(swarm: Swarm, stack: str) -> dict[str, set[str]]:
    """Return the tasks that are to run, by service."""
    words = ("--no-trunc", "--format", "{{.ID}} {{.Name}}", "--filter", "desired-state=running")
    found: dict[str, set[str]] = {}
    for line in swarm.docker("stack", "ps", *words, stack, check=False).stdout.splitlines():
        identifier, name = line.split()[:2]
        service = re.sub(rf"^{stack}_|\.[^.]+$", "", name)
        found.setdefault(service, set()).add(identifier)
    return found


def test_what_rolls_is_planned_and_then_rolls(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    swarm.docker("tag", "ccci-test/busybox:latest", "ccci-test/busybox:other")
    changed = pairs(swarm, tmp_path)
    base, head = (write(tmp_path, f"{which}.yml", changed, which) for which in (0, 1))
    swarm.docker(*argv(stack, base)[1:], timeout=180)
    wait_for(lambda: len(live(swarm, stack)) >= len(changed) + len(DEPLOYS), "a task of each", 240)
    expected = {name: pair[2] for name, pair in {**changed, **DEPLOYS}.items()}

    untouched = plan(swarm, stack, *argv(stack, base))
    told = {each["name"]: each for each in untouched["services"]}
    assert {name: each["fields"] for name, each in told.items() if each["fields"]} == {}
    assert {each["fate"] for each in told.values()} == {"unchanged"}

    found = plan(swarm, stack, *argv(stack, head))
    planned = {each["name"]: Fate(each["fate"]) for each in found["services"]}
    wrong = {
        name: (planned.get(name), fate)
        for name, fate in expected.items()
        if planned.get(name) is not fate
    }
    assert wrong == {}

    before = live(swarm, stack)
    swarm.docker(*argv(stack, head)[1:], timeout=180)
    rolls = {name for name, fate in planned.items() if fate is ROLLS}
    stays = set(planned) - rolls - {"replicas-none"}
    wait_for(
        lambda: all(not before[name] & live(swarm, stack).get(name, set()) for name in rolls),
        "each service that was to roll",
        240,
    )
    wait_for(lambda: not rolling(swarm, stack), "each roll to end", 240)
    told = {each["name"]: each for each in plan(swarm, stack, *argv(stack, head))["services"]}
    assert {name: each["fields"] for name, each in told.items() if each["fields"]} == {}
    assert {each["fate"] for each in told.values()} == {"unchanged"}

    after = live(swarm, stack)
    assert {name for name in stays if not before[name] <= after.get(name, set())} == set()
    assert len(after["replicas-up"]) == 2
    assert "replicas-none" not in after


SMALL = {"web": PLAIN | {"networks": [], "deploy": {"endpoint_mode": "dnsrr"}}}


def small(folder: Path, name: str, **keys: Any) -> Path:
    path = folder / name
    path.write_text(compose({"web": SMALL["web"] | keys}))
    return path


@pytest.mark.parametrize("name", ["host", "bridge"])
def test_a_network_of_each_node_is_no_change(
    swarm: Swarm, stack: str, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "compose.yml"
    networks = {"its": {"external": True, "name": name}}
    path.write_text(compose({"web": {"networks": ["its"]}}, networks=networks))
    swarm.docker(*argv(stack, path)[1:])
    found = plan(swarm, stack, *argv(stack, path))
    assert [each["fate"] for each in found["services"]] == ["unchanged"]


def test_a_plan_is_kept_and_a_stack_that_moved_since_is_not_deployed_onto(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    base = small(tmp_path, "base.yml")
    swarm.docker(*argv(stack, base)[1:])
    head = small(tmp_path, "head.yml", command="sleep 99999")
    kept = tmp_path / "plan.json"
    ended = ccci(swarm, "plan", stack, "--save", str(kept), "--", *argv(stack, head))
    assert ended.code == 0, ended.stdout + ended.stderr
    assert "~ web: rolls" in ended.stdout
    swarm.docker("service", "update", "-d", "--label-add", "moved=1", f"{stack}_web")
    words = ("converge", stack, "--plan", str(kept), "--", *argv(stack, head))
    refused = ccci(swarm, *words)
    assert refused.code == 15, refused.stdout
    assert f"{stack}_web changed since; COMMAND was not started" in refused.stdout
    found = json.loads(swarm.docker("service", "inspect", f"{stack}_web").stdout)
    assert "99999" not in str(found[0]["Spec"]["TaskTemplate"])


PORT = {"target": 80, "published": 18031}
REFUSED: dict[str, dict[str, Any]] = {
    "mode": {"deploy": {"mode": "global"}},
    "constraint": {"deploy": {"placement": {"constraints": ["node.hostname = x"]}}},
    "constraint of nothing": {"deploy": {"placement": {"constraints": ["node.labels.a == "]}}},
    "dnsrr": {"ports": [PORT], "deploy": {"endpoint_mode": "dnsrr"}},
    "port twice": {"ports": [PORT, {"target": 81, "published": 18031}], "deploy": {}},
    "memory": {"deploy": {"resources": {"limits": {"memory": "1K"}}}},
    "cores": {"deploy": {"resources": {"reservations": {"cpus": "0.0001"}}}},
    "template": {"environment": {"A": "{{.Node.hostname}}"}},
    "mounts": {"volumes": ["/tmp:/a", "/var:/a"]},
    "ratio": {"deploy": {"update_config": {"max_failure_ratio": 2}}},
    "health": {"healthcheck": {"test": "true", "interval": "1us"}},
    "config": {"configs": [{"source": "large", "target": "/c"}]},
}
"""Keys of a service that the Engine refuses."""


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_engine_would_refuse_is_said_before_and_then_refused(
    swarm: Swarm, stack: str, tmp_path: Path, case: str
) -> None:
    if case == "mode":
        swarm.docker(*argv(stack, small(tmp_path, "base.yml"))[1:])
    (tmp_path / "large").write_text("x" * 2_000_000)
    keys = REFUSED[case]
    head = tmp_path / "head.yml"
    used = [each["source"] for each in keys.get("configs", ())]
    configs = {name: {"file": f"./{name}"} for name in used}
    head.write_text(compose({"web": SMALL["web"] | keys}, configs=configs))
    found = plan(swarm, stack, *argv(stack, head), code=4)
    (words,) = {each["refusal"] for each in found["services"] + found["objects"]} - {""}
    ended = swarm.docker(*argv(stack, head)[1:], check=False)
    assert ended.code != 0
    without_places = re.sub(r"template: expansion:1: |:1:\d+", "", words)
    assert without_places.rpartition(": ")[2] in ended.stderr
    assert found["hint"] not in {"", READ_IT}


EXTERNAL = {"proxy": {"external": True, "name": "absent-proxy"}}
BY_DOCKER: dict[str, tuple[dict[str, Any], str]] = {
    "external": (
        {"networks": ["proxy"]},
        "docker network create --driver overlay absent-proxy",
    ),
    "image": (
        {"image": "Foo Bar"},
        "is not written as one: look for a variable in it that is empty",
    ),
    "targets": (
        {"configs": [{"source": "one", "target": "/c"}, {"source": "two", "target": "/c"}]},
        "give each config of the service a `target` of its own",
    ),
}
"""Keys of a service that a docker CLI of today sends nothing of, and a piece of the next step."""


@pytest.mark.parametrize("case", BY_DOCKER)
def test_what_docker_itself_would_refuse_is_said_before_and_then_refused(
    swarm: Swarm, stack: str, tmp_path: Path, case: str
) -> None:
    keys, hint = BY_DOCKER[case]
    head = tmp_path / "head.yml"
    configs = {name: {"file": f"./{name}"} for name in ("one", "two")}
    for name in configs:
        (tmp_path / name).write_text(name)
    head.write_text(compose({"web": SMALL["web"] | keys}, networks=EXTERNAL, configs=configs))
    found = plan(swarm, stack, *argv(stack, head), code=4)
    assert hint in found["hint"]
    ended = swarm.docker(*argv(stack, head)[1:], check=False)
    assert ended.code != 0
    # An older CLI leaves the name of an image to the Engine.
    assert ended.stderr.strip().splitlines()[-1].rpartition(" desc = ")[2] in found["summary"]


HOST_PORT = {"target": 80, "published": 18032, "mode": "host"}
LACKING: dict[str, tuple[dict[str, Any], int]] = {
    "constraint": ({"placement": {"constraints": ["node.labels.no == where"]}}, 0),
    "ports": ({"replicas": 2}, 1),
    "most": ({"replicas": 4, "placement": {"max_replicas_per_node": 1}}, 1),
}
"""Keys of `deploy`, and how many of its tasks find a node in a Swarm of one."""


@pytest.mark.parametrize("case", LACKING)
def test_what_finds_no_node_is_said_before_and_then_waits(
    swarm: Swarm, stack: str, tmp_path: Path, case: str
) -> None:
    keys, count = LACKING[case]
    ports = {"ports": [HOST_PORT]} if case == "ports" else {}
    head = small(tmp_path, "head.yml", deploy=keys, **ports)
    found = plan(swarm, stack, *argv(stack, head), code=16)
    (web,) = found["services"]
    assert (web["placed"], web["wanted"]) == (count, keys.get("replicas", 1))
    swarm.docker(*argv(stack, head)[1:])

    def states() -> list[str]:
        # One that was rejected stays on the list: another test's network may have been in its way.
        return sorted(each for each in swarm.states(f"{stack}_web") if each != "rejected")

    waiting = web["wanted"] - count
    settled = ["pending"] * waiting + ["running"] * count
    wait_for(lambda: states() == settled, "the tasks that fit to run")

    def reasons() -> set[str]:
        return {each["Status"].get("Err", "") for each in swarm.tasks(f"{stack}_web")}

    wait_for(lambda: any("no suitable node" in each for each in reasons()), "Swarm's own words")


def test_a_roll_that_finds_no_node_is_an_outage(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    swarm.docker(*argv(stack, small(tmp_path, "base.yml"))[1:])
    nowhere = small(
        tmp_path, "nowhere.yml", deploy={"placement": {"constraints": ["node.labels.no == where"]}}
    )
    found = plan(swarm, stack, *argv(stack, nowhere), code=16)
    assert "does not meet node.labels.no == where" in found["summary"]
    assert found["summary"].endswith("its tasks are stopped first, and nothing of it serves")
    gpu = [{"discrete_resource_spec": {"kind": "gpu", "value": 1}}]
    reserved = {"resources": {"reservations": {"generic_resources": gpu}}}
    found = plan(swarm, stack, *argv(stack, small(tmp_path, "gpu.yml", deploy=reserved)), code=16)
    assert "0 of its gpu are not reserved, 1 are asked for" in found["summary"]


@pytest.mark.usefixtures("newer_docker")
@pytest.mark.parametrize("mode", ["replicated-job", "global-job"])
def test_a_job_runs_again_with_each_deploy_as_planned(
    swarm: Swarm, stack: str, tmp_path: Path, mode: str
) -> None:
    def job(name: str, **deploy: Any) -> list[str]:
        keys = {"command": "true", "deploy": {"mode": mode, **deploy}}
        path = tmp_path / name
        path.write_text(compose({"job": PLAIN | {"networks": []} | keys}))
        return argv(stack, path)

    def iterations() -> set[int]:
        found = swarm.tasks(f"{stack}_job")
        done = [each for each in found if each["Status"]["State"] == "complete"]
        return {(each.get("JobIteration") or {}).get("Index") or 0 for each in done}

    base = job("base.yml")
    created = plan(swarm, stack, *base)["services"][0]
    assert (created["fate"], created["waves"]) == ("created", 0)
    swarm.docker(*base[1:])
    wait_for(lambda: iterations() == {0}, "the job's first run")
    for number, command in enumerate((base, job("head.yml", labels={"a": "b"})), start=1):
        (found,) = plan(swarm, stack, *command)["services"]
        assert (found["fate"], found["waves"]) == ("rolls", 0)
        assert found["why"] == "it is a job: each update runs it again, whatever it changes"
        assert [each["path"] for each in found["fields"]] == ["Labels.a"] * (number - 1)
        assert "rollback" not in found["arithmetic"]
        swarm.docker(*command[1:])
        wait_for(lambda: number in iterations(), "the job to run again")  # noqa: B023


def test_a_paused_update_goes_on_with_the_same_deploy_as_planned(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    deploy = {"endpoint_mode": "dnsrr", "replicas": 3, "update_config": {"parallelism": 1}}
    base = argv(stack, small(tmp_path, "base.yml", deploy=deploy))
    head = argv(stack, small(tmp_path, "head.yml", deploy=deploy, command="false"))
    swarm.docker(*base[1:])
    wait_for(lambda: len(swarm.running(f"{stack}_web")) == 3, "three tasks")
    old = live(swarm, stack)["web"]
    swarm.docker(*head[1:])
    swarm.wait_update(f"{stack}_web", "paused")
    left = old & live(swarm, stack)["web"]
    assert left
    (web,) = plan(swarm, stack, *head)["services"]
    assert (web["fate"], web["fields"], web["waves"]) == ("rolls", [], len(left))
    assert web["why"].startswith(f"{len(left)} of its 3 tasks ")

    def goes_on() -> set[str]:
        # An updater that paused a moment ago takes an equal spec for its own goal (swarmkit
        # manager/orchestrator/update/updater.go: Supervisor.Update): then the next deploy does it.
        swarm.docker(*head[1:])
        return left - live(swarm, stack).get("web", set())

    wait_for(goes_on, "another old task to be replaced", 180, every=5)


def test_a_global_service_gains_and_loses_tasks_by_its_placement_as_planned(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    def web(name: str, *constraints: str) -> list[str]:
        deploy = {"mode": "global", "placement": {"constraints": list(constraints)}}
        return argv(stack, small(tmp_path, name, deploy={"endpoint_mode": "dnsrr", **deploy}))

    nowhere, anywhere = web("nowhere.yml", "node.labels.no == where"), web("anywhere.yml")
    swarm.docker(*nowhere[1:])
    (found,) = plan(swarm, stack, *anywhere)["services"]
    assert (found["fate"], found["waves"]) == ("scaled", 0)
    swarm.docker(*anywhere[1:])
    swarm.wait_running(f"{stack}_web")
    (found,) = (gone := plan(swarm, stack, *nowhere, code=16))["services"]
    assert found["fate"] == "scaled"
    assert gone["summary"].endswith("its tasks are stopped all the same, and nothing of it serves")
    swarm.docker(*nowhere[1:])
    wait_for(lambda: not live(swarm, stack).get("web"), "its task to be stopped")


def test_other_commands_that_deploy_are_planned_as_well(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    swarm.docker(*argv(stack, small(tmp_path, "base.yml"))[1:])
    service = f"{stack}_web"

    def fate(*command: str) -> str:
        (web,) = plan(swarm, stack, "docker", *command)["services"]
        return str(web["fate"])

    assert fate("service", "scale", "-d", f"{service}=3") == "scaled"
    assert fate("service", "update", "-d", "--env-add", "A=1", service) == "rolls"
    assert fate("service", "update", "-d", "--force", service) == "rolls"
    assert fate("service", "update", "-d", "--label-add", "a=b", service) == "labels-only"
    assert fate("service", "rm", service) == "removed"
    assert fate("stack", "rm", stack) == "removed"
    nothing = plan(swarm, stack, "docker", "service", "rollback", "-d", service, code=4)
    assert nothing["services"][0]["fate"] == "refused"
    assert "does not have a previous spec" in nothing["summary"]
    swarm.docker("service", "update", "-d", "--env-add", "B=1", "--update-monitor", "1s", service)
    swarm.wait_update(service, "completed")  # until then its updater writes the service
    assert fate("service", "rollback", "-d", service) == "rolls"
    label = ("--label", f"{NAMESPACE}={stack}", "--name", f"{stack}_made")
    made = plan(swarm, stack, "docker", "service", "create", "-d", *label, *LOCAL)
    assert {each["name"]: each["fate"] for each in made["services"]} == {
        "made": "created",
        "web": "left-out",
    }


PROGRAM = """\
import sys, docker
client = docker.from_env()
labels = {{"com.docker.stack.namespace": "{stack}"}}
there = client.services.list(filters={{"name": "{stack}_web"}})
if there:
    there[0].update(image="ccci-test/busybox:latest", command=sys.argv[1:], labels=labels)
else:
    network = client.networks.create("{stack}_one", driver="overlay", labels=labels)
    client.services.create(
        "ccci-test/busybox:latest",
        sys.argv[1:],
        name="{stack}_web",
        labels=labels,
        networks=[network.id],
        stop_grace_period=10**9,
    )
"""


def test_a_program_that_speaks_to_the_engine_itself_is_planned(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    # The Docker SDK for Python, which Ansible's modules stand on as well.
    program = tmp_path / "deploy.py"
    program.write_text(PROGRAM.format(stack=stack), encoding="utf-8")

    def web(*words: str) -> dict[str, Any]:
        (found,) = plan(swarm, stack, sys.executable, str(program), *words)["services"]
        return dict(found)

    assert web("sleep", "100000")["fate"] == "created"
    assert swarm.left(stack, "service") == []
    argv = [sys.executable, str(program), "sleep", "100000"]
    run(argv, env={**os.environ, **swarm.environment})
    swarm.wait_running(f"{stack}_web")
    rolls = web("sleep", "99999")
    assert rolls["fate"] == "rolls"
    assert "Command" in {each["path"].rpartition(".")[2] for each in rolls["fields"]}


LOCAL = ("--no-resolve-image", "ccci-test/busybox:latest", "sleep", "100000")
WATCHED = "COMMAND only watched at the end, and was ended"


def test_a_command_that_waits_for_the_rollout_is_ended_once_it_only_watches(
    swarm: Swarm, stack: str, tmp_path: Path
) -> None:
    base = small(tmp_path, "base.yml")
    head = small(tmp_path, "head.yml", command="sleep 99999")
    swarm.docker(*argv(stack, base)[1:])
    service = f"{stack}_web"
    label = ("--label", f"{NAMESPACE}={stack}", "--name", f"{stack}_made")
    commands = {
        ("service", "update", "--env-add", "A=1", service): "rolls",
        ("service", "scale", f"{service}=3"): "scaled",
        ("service", "create", *label, *LOCAL): "created",
    }
    if deploys_detached("docker"):
        words = ("stack", "deploy", "--detach=false", "--resolve-image", "never", "-c", str(head))
        commands[*words, stack] = "rolls"
    for command, fate in commands.items():
        found = plan(swarm, stack, "docker", *command)
        assert fate in {each["fate"] for each in found["services"]}, command
        assert found["notes"] == [WATCHED], command
        assert found["command_exit_code"] is None
    swarm.docker("service", "update", "-d", "--env-add", "B=1", service)
    found = plan(swarm, stack, "docker", "service", "rollback", service)
    assert (found["services"][0]["fate"], found["notes"]) == ("rolls", [WATCHED])


def test_every_other_write_is_refused_by_its_name(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    swarm.docker(*argv(stack, small(tmp_path, "base.yml"))[1:])
    found = plan(swarm, stack, "docker", "volume", "create", "stray-volume", code=4)
    assert found["notes"] == ["refused while planning: POST /volumes/create"]
    assert "stray-volume" not in swarm.docker("volume", "ls", "-q").stdout
