"""On which nodes a service's tasks fit, and why not on the others. Pure.

The filters are swarmkit's (manager/scheduler/filter.go): ready, constraints and platform,
resources that are not reserved, host ports, replicas per node. Limits are no filter: they are held
against the node's whole memory, since what two copies use may be more than there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccci.planning.model import NodeFit
from ccci.swarm.judge.placement import allows
from ccci.swarm.model import Node, Spec

Json = Mapping[str, Any]
_MIB = 2**20
_CORE = 10**9
_OCCUPIES = {"new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"}


@dataclass(frozen=True, slots=True)
class Need:
    """What one task reserves, and its limit: bytes and billionths of a core; 0 is none."""

    memory: int = 0
    cores: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What a node has, and what the tasks on it reserve already."""

    memory: int
    cores: int
    reserved_memory: int = 0
    reserved_cores: int = 0


def need_of(spec: Json) -> Need:
    """Return what one task of a spec reserves and may use at most."""
    resources = (spec.get("TaskTemplate") or spec).get("Resources") or {}
    reserved, limits = resources.get("Reservations") or {}, resources.get("Limits") or {}
    return Need(
        int(reserved.get("MemoryBytes") or 0),
        int(reserved.get("NanoCPUs") or 0),
        int(limits.get("MemoryBytes") or 0),
    )


def rooms(nodes: Iterable[Json], tasks: Iterable[Json], *, without: str = "") -> dict[str, Room]:
    """Return the room of each node by its id; tasks of the service `without` are left out."""
    found: dict[str, Room] = {}
    for node in nodes:
        has = (node.get("Description") or {}).get("Resources") or {}
        found[str(node["ID"])] = Room(
            int(has.get("MemoryBytes") or 0), int(has.get("NanoCPUs") or 0)
        )
    for task in tasks:
        room = found.get(str(task.get("NodeID") or ""))
        state = (task.get("Status") or {}).get("State")
        if room is None or state not in _OCCUPIES or task.get("ServiceID") == without:
            continue
        need = need_of(task.get("Spec") or {})
        found[str(task["NodeID"])] = Room(
            room.memory,
            room.cores,
            room.reserved_memory + need.memory,
            room.reserved_cores + need.cores,
        )
    return found


def fits(
    spec: Spec, need: Need, nodes: Sequence[Node], room: Mapping[str, Room], held: Mapping[str, str]
) -> tuple[NodeFit, ...]:
    """Return each node with the reason why a task cannot be there, an empty one where it can.

    `held` names, by node, who holds a host port that the service wants.
    """
    return tuple(
        NodeFit(node.hostname or node.id[:12], _reason(spec, need, node, room.get(node.id), held))
        for node in nodes
    )


def _reason(spec: Spec, need: Need, node: Node, room: Room | None, held: Mapping[str, str]) -> str:
    if not node.usable:
        return "is down, drained or paused"
    if not allows(spec, node):
        return f"does not meet {' and '.join(spec.constraints) or 'the platform of its image'}"
    if node.id in held:
        return held[node.id]
    if room is not None and need.memory > room.memory - room.reserved_memory:
        free = max(room.memory - room.reserved_memory, 0)
        return f"{mib(free)} of its memory are not reserved, {mib(need.memory)} are asked for"
    if room is not None and need.cores > room.cores - room.reserved_cores:
        free = max(room.cores - room.reserved_cores, 0)
        return f"{free / _CORE:g} cores are not reserved, {need.cores / _CORE:g} are asked for"
    return ""


def side_by_side(spec: Spec, before: Need, after: Need, room: Mapping[str, Room]) -> str:
    """Return how old and new share a node in a roll with start-first, or nothing to say."""
    if spec.update.order != "start-first" or not (after.memory or after.limit):
        return ""
    if after.limit:
        together, what = before.limit + after.limit, "limits"
    else:
        together, what = before.memory + after.memory, "reservations"
    largest = max((each.memory for each in room.values()), default=0)
    sentence = f"old and new run side by side: {mib(together)} of {what} together"
    if largest and together > largest:
        return f"{sentence}, and no node has more than {mib(largest)}: `order: stop-first`"
    return sentence


def mib(count: int) -> str:
    """Return bytes as people read them."""
    return f"{count / _MIB:.0f} MiB"
