"""Made-up listings of a swarm and writes to it, and the plan out of them."""

from collections.abc import Sequence
from typing import Any

from ccci.planning.build import build
from ccci.planning.facts import Asked, There
from ccci.planning.model import Plan
from ccci.planning.objects import Kind, Write
from ccci.swarm.labels import STACK_LABEL

Json = dict[str, Any]
MIB = 2**20


def spec(name: str, image: str = "box:1", **more: Any) -> Json:
    template = {"ContainerSpec": {"Image": image, **more.pop("container", {})}}
    return {
        "Name": f"s_{name}",
        "Labels": {STACK_LABEL: "s"},
        "TaskTemplate": {**template, **more.pop("template", {})},
        "Mode": {"Replicated": {"Replicas": 1}},
        **more,
    }


def live(name: str, **more: Any) -> Json:
    return {"ID": f"id-{name}", "Version": {"Index": 5}, "Spec": spec(name, **more)}


def node(name: str, memory: int = 512, **more: Any) -> Json:
    return {
        "ID": f"id-{name}",
        "Version": {"Index": 1},
        "Spec": {"Availability": "active", "Role": "worker", "Labels": more.get("labels", {})},
        "Status": {"State": "ready"},
        "Description": {
            "Hostname": name,
            "Platform": {"OS": "linux", "Architecture": "x86_64"},
            "Resources": {"MemoryBytes": memory * MIB, "NanoCPUs": 2 * 10**9},
        },
    }


def task(service: str, on: str, reserved: int = 0) -> Json:
    return {
        "ID": f"t-{service}-{on}",
        "ServiceID": f"id-{service}",
        "NodeID": f"id-{on}",
        "DesiredState": "running",
        "Status": {"State": "running"},
        "Spec": {"Resources": {"Reservations": {"MemoryBytes": reserved * MIB}}},
    }


def planned(there: There, *writes: Write, code: int | None = 0, moved: Sequence[str] = ()) -> Plan:
    return build("s", there, Asked(writes, (), code), moved)


def update(name: str, before: Json, **more: Any) -> Write:
    return Write("update", Kind.SERVICE, f"id-{name}", f"s_{name}", spec(name, **more), before)


def reserving(memory: int, **more: Any) -> Json:
    reserved = {"Resources": {"Reservations": {"MemoryBytes": memory * MIB}}}
    return {"template": reserved, **more}
