"""What goes on top of a recorded deploy meets the tasks that it would have."""

from typing import Any

from ccci.exits import Verdict
from ccci.planning.build import build
from ccci.planning.facts import Asked, There
from ccci.planning.nodes import expected_tasks
from ccci.planning.objects import Kind, Write
from ccci.swarm.labels import STACK_LABEL

Json = dict[str, Any]
MIB = 2**20


def node(name: str, **labels: str) -> Json:
    return {
        "ID": f"id-{name}",
        "Version": {"Index": 1},
        "Spec": {"Availability": "active", "Role": "worker", "Labels": labels},
        "Status": {"State": "ready"},
        "Description": {
            "Hostname": name,
            "Platform": {"OS": "linux", "Architecture": "x86_64"},
            "Resources": {"MemoryBytes": 512 * MIB, "NanoCPUs": 2 * 10**9},
        },
    }


def service(name: str, mode: Json, template: Json | None = None, **more: Any) -> Json:
    container = {"ContainerSpec": {"Image": "box:1"}}
    spec = {
        "Name": f"s_{name}",
        "Labels": {STACK_LABEL: "s"},
        "Mode": mode,
        "TaskTemplate": {**container, **(template or {})},
    }
    return {"ID": f"id-{name}", "Version": {"Index": 1}, "Spec": {**spec, **more}}


def test_tasks_are_spread_over_the_nodes_that_fit() -> None:
    nodes = [node("one", zone="a"), node("two", zone="a"), node("three", zone="b")]
    only = {"Placement": {"Constraints": ["node.labels.zone == a"]}}
    found = list(
        expected_tasks.tasks(
            [
                service("web", {"Replicated": {"Replicas": 4}}, only),
                service("agent", {"Global": {}}),
                service("none", {"Replicated": {"Replicas": 0}}),
                service(
                    "nowhere",
                    {"Replicated": {"Replicas": 1}},
                    {"Placement": {"Constraints": ["node.labels.zone == c"]}},
                ),
            ],
            nodes,
        )
    )
    where = sorted((each["ServiceID"], each["NodeID"]) for each in found)
    assert where == [
        *(("id-agent", f"id-{name}") for name in ("one", "three", "two")),
        *[("id-web", "id-one")] * 2,
        *[("id-web", "id-two")] * 2,
    ]


def test_the_task_of_a_recorded_base_holds_its_host_port_and_its_memory() -> None:
    port = {"Ports": [{"TargetPort": 80, "PublishedPort": 80, "PublishMode": "host"}]}
    base = service("web", {"Replicated": {"Replicas": 1}}, EndpointSpec=port)
    there = There([base], list(expected_tasks.tasks([base], [node("one")])), [node("one")])

    def verdict(order: str) -> Verdict:
        head = {**base["Spec"], "UpdateConfig": {"Order": order}}
        head["TaskTemplate"] = {"ContainerSpec": {"Image": "box:2"}}
        write = Write("update", Kind.SERVICE, "id-web", "s_web", head, base)
        return build("s", there, Asked((write,), (), 0)).verdict

    assert verdict("start-first") is Verdict.STALLED
    assert verdict("stop-first") is Verdict.DONE
