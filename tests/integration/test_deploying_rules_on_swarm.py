"""What the sweep says of a file before it is deployed, shown by deploying it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.sandbox.swarms import Swarm, compose, wait_for

from ccci.sweep.inventory import find
from ccci.sweep.static import Settings, sweep

NewStack = Callable[[], str]


def rules(text: str, folder: Path) -> set[str]:
    path = folder / "swept.yml"
    path.write_text(text, encoding="utf-8")
    return {each.rule for each in sweep(find([str(path)]), Settings({}, {})).findings}


def changed(text: str) -> str:
    document = json.loads(text)
    document["services"]["app"]["environment"] = {"MARK": "new"}
    return json.dumps(document)


def deploy(**keys: Any) -> dict[str, Any]:
    return {"deploy": keys}


def mounted(**keys: Any) -> dict[str, Any]:
    return {"volumes": [{"target": "/t", **keys}]}


REFUSED: dict[str, dict[str, Any]] = {
    "an action in capitals": deploy(update_config={"failure_action": "Rollback"}),
    "an unknown action of the rollback": deploy(rollback_config={"failure_action": "undo"}),
    "a mode in capitals": deploy(mode="Global"),
    "a global service with replicas": deploy(mode="global", replicas=2),
    "a job with an update_config": deploy(
        mode="replicated-job", update_config={"order": "start-first"}
    ),
    "a condition of compose": deploy(restart_policy={"condition": "always"}),
    "a negative delay of restarts": deploy(restart_policy={"delay": "-5s"}),
    "a word that is no restart policy": {"restart": "sometimes"},
    "a restart policy without a number": {"restart": "on-failure:many"},
    "a test that is disabled": {"healthcheck": {"test": ["CMD", "a"], "disable": True}},
    "a check in microseconds": {"healthcheck": {"test": ["CMD", "a"], "interval": "10us"}},
    "dnsrr with an ingress port": {"ports": ["18080:80"], **deploy(endpoint_mode="dnsrr")},
    "a ratio of two": deploy(update_config={"max_failure_ratio": 2}),
    "a negative monitor": deploy(update_config={"monitor": "-5s"}),
    "a negative delay": deploy(update_config={"delay": "-1s"}),
    "one port twice": {"ports": ["18080:80", "18080:81"]},
    "memory without a unit": deploy(resources={"limits": {"memory": "100"}}),
    "a word for cpus": deploy(resources={"limits": {"cpus": "half"}}),
    "too small a part of a cpu": deploy(resources={"reservations": {"cpus": "0.0001"}}),
    "an unknown network": {"networks": ["nowhere"]},
    "an unknown volume": {"volumes": ["nowhere:/x"]},
    "an unknown config": {"configs": ["nowhere"]},
    "an unknown secret": {"secrets": ["nowhere"]},
    "an image without a tag's name": {"image": "x:"},
    # In its first part, newer Engines take capitals for those of a registry.
    "an image in capitals": {"image": "upper/Case:1.2"},
    "a constraint with one sign": deploy(placement={"constraints": ["node.role = manager"]}),
    "a constraint without a value": deploy(placement={"constraints": ["node.labels.a=="]}),
    "an unknown endpoint mode": deploy(endpoint_mode="vips"),
    "dnsrr in capitals with an ingress port": {
        "ports": ["18080:80"],
        **deploy(endpoint_mode="DNSRR"),
    },
    "a tmpfs with a source": mounted(type="tmpfs", source="x"),
    "a tmpfs with another's options": mounted(type="tmpfs", bind={"propagation": "slave"}),
    "a bind with a volume's options": mounted(type="bind", source="/x", volume={"nocopy": True}),
    "a bind with a tmpfs's options": mounted(type="bind", source="/x", tmpfs={"size": 1000}),
    "a volume with a tmpfs's options": mounted(type="volume", tmpfs={}),
    "a volume with a bind's options": mounted(type="volume", bind={"propagation": "slave"}),
    "an unknown type of volume": mounted(type="disk", source="x"),
    "a pipe without a source": mounted(type="npipe"),
    "two configs in one place": {"configs": ["a", {"source": "b", "target": "a"}]},
    "two secrets in one place": {"secrets": ["a", {"source": "b", "target": "a"}]},
    "one config twice": {"configs": ["a", "a"]},
}
TAKEN: dict[str, dict[str, Any]] = {
    "a ratio of one": deploy(update_config={"max_failure_ratio": 1}),
    "a policy of compose's own": {"restart": "unless-stopped"},
    "four mebibytes": deploy(resources={"limits": {"memory": "4m", "cpus": "0.001"}}),
    "half a cpu as a fraction": deploy(resources={"limits": {"cpus": "1/2"}}),
    "one port of two protocols": {"ports": ["18080:80/tcp", "18080:80/udp"]},
    "a value with a dash": deploy(placement={"constraints": ["node.labels.a != b-c"]}),
    "an endpoint mode in capitals": deploy(endpoint_mode="VIP"),
    "a tmpfs with its options": mounted(type="tmpfs", tmpfs={"size": 1000}),
    "a bind with its options": mounted(type="bind", source="/tmp", bind={"propagation": "rslave"}),
    "a volume with its options": mounted(type="volume", volume={"nocopy": True}),
    "a secret and another's path": {"secrets": ["a", {"source": "b", "target": "/run/secrets/a"}]},
    "one config in two places": {"configs": ["a", {"source": "a", "target": "/t"}]},
    "a check of a millisecond": {"healthcheck": {"test": ["CMD", "a"], "interval": "1ms"}},
}


@pytest.mark.parametrize("what", [*REFUSED, *TAKEN])
def test_what_deploy_refuses_is_found_before(
    swarm: Swarm, stack: str, tmp_path: Path, what: str
) -> None:
    service = {**REFUSED, **TAKEN}[what]
    top: dict[str, Any] = {}
    for kind in ("config", "secret"):
        if {"a", "b"} & {str(each) for each in service.get(f"{kind}s", ())}:
            names = {key: f"{stack}_given_{key}" for key in ("a", "b")}
            for name in names.values():
                swarm.docker(kind, "create", name, "-", stdin="x")
            top[f"{kind}s"] = {key: {"external": True, "name": names[key]} for key in names}
    text = compose({"app": service}, **top)
    done = swarm.deploy(stack, text, check=False)
    assert (done.code != 0) == (what in REFUSED), done
    assert ("CCCI020" in rules(text, tmp_path)) == (what in REFUSED)


@pytest.mark.parametrize(("order", "ended"), [("start-first", False), ("stop-first", True)])
def test_a_full_node_stops_a_start_first_update(
    swarm: Swarm, stack: str, tmp_path: Path, order: str, ended: bool
) -> None:
    placement = {"max_replicas_per_node": 1}
    policy = {"order": order, "monitor": "1s"}
    service = {"stop_grace_period": "1s", **deploy(placement=placement, update_config=policy)}
    text = compose({"app": service})
    assert ("CCCI021" in rules(text, tmp_path)) != ended
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, changed(text))
    if ended:
        swarm.wait_update(f"{stack}_app", "completed", timeout=90)
        return
    wait_for(
        lambda: any(
            "max replicas per node" in str(task["Status"].get("Err"))
            for task in swarm.tasks(f"{stack}_app")
        ),
        "the new task to wait",
        60,
    )
    assert swarm.update_state(f"{stack}_app") == "updating"


@pytest.mark.parametrize(
    ("order", "expected"), [("start-first", "paused"), ("stop-first", "completed")]
)
def test_two_tasks_on_the_network_of_the_node_want_one_port(
    swarm: Swarm, stack: str, tmp_path: Path, order: str, expected: str
) -> None:
    port = 18099 if order == "start-first" else 18098
    service = {
        "command": f"httpd -f -p {port}",
        "networks": ["outside"],
        "stop_grace_period": "1s",
        **deploy(update_config={"order": order, "monitor": "5s"}, restart_policy={"delay": "1s"}),
    }
    text = compose({"app": service}, networks={"outside": {"external": True, "name": "host"}})
    assert ("CCCI022" in rules(text, tmp_path)) == (order == "start-first")
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app")
    swarm.deploy(stack, changed(text))
    swarm.wait_update(f"{stack}_app", expected, timeout=90)


def test_replicas_on_one_node_share_a_volume(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    command = "sh -c 'touch /data/$$SLOT; while :; do sleep 1; done'"
    slot = {"SLOT": "{{.Task.Slot}}"}
    service = {"command": command, "environment": slot, "volumes": ["data:/data"]}
    service |= deploy(replicas=2)
    text = compose({"app": service}, volumes={"data": {}})
    assert "CCCI023" in rules(text, tmp_path)
    swarm.deploy(stack, text)
    swarm.wait_running(f"{stack}_app", 2)
    container = swarm.running(f"{stack}_app")[0]["Status"]["ContainerStatus"]["ContainerID"]
    wait_for(
        lambda: len(swarm.docker("exec", container, "ls", "/data").stdout.split()) == 2,
        "both to have written",
        30,
    )


def test_an_address_before_a_port_is_dropped(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    text = compose({"app": {"ports": ["127.0.0.1:18080:80"]}})
    assert "CCCI025" in rules(text, tmp_path)
    swarm.deploy(stack, text)
    (port,) = swarm.service(f"{stack}_app")["Spec"]["EndpointSpec"]["Ports"]
    assert port["PublishedPort"] == 18080
    assert "127.0.0.1" not in json.dumps(port)
