"""How many tasks of a service find a node, and why not more: no other one starts. Pure.

What is certain is said, and no more. A task that is told to stop makes room, one at a time, and so
may any other that may end; Swarm then places what waited (swarmkit manager/scheduler/scheduler.go
tries again at each change). A lack is one in every order in which the tasks may come and go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ccci.planning.model import NodeFit
from ccci.planning.nodes.room import Need, Owner, Room
from ccci.swarm.judge.placement import allows
from ccci.swarm.model import Node, Spec

OLD_TASKS = "its old tasks"


@dataclass(frozen=True, slots=True)
class Demand:
    """The tasks of a service that have to find a place, and those that they replace.

    `wanted` counts them where it is no global service; `olds` are the tasks that they replace, by
    node, each of which needs `old`.
    """

    owner: Owner
    spec: Spec
    need: Need
    wanted: int
    old: Need = field(default_factory=Need)
    olds: Mapping[str, int] = field(default_factory=dict)

    @property
    def start_first(self) -> bool:
        """Say whether an old task stays until its new one runs."""
        return self.spec.update.order == "start-first"

    def nodes(self, nodes: Sequence[Node]) -> list[str]:
        """Return the ids of the nodes that a task may be on, were there room."""
        return [each.id for each in nodes if each.usable and allows(self.spec, each)]

    def beside(self, rooms: Mapping[str, Room], node: str, olds: int) -> Room:
        """Return what is left of a node while it has so many of the old tasks."""
        return rooms[node].less(self.owner, self.old, olds)


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of the wanted tasks find a place, beside what, and each node."""

    wanted: int
    placed: int
    nodes: tuple[NodeFit, ...]
    beside: str = ""

    @property
    def lacks(self) -> bool:
        """Say whether a task finds no place."""
        return not self.placed or self.placed < self.wanted


def alone(demand: Demand, nodes: Sequence[Node], rooms: Mapping[str, Room]) -> Fit:
    """Return where the tasks of a service fit, as though no other service started any."""
    may = demand.nodes(nodes)
    at_last = {node: rooms[node].takes(demand.owner, demand.need) for node in may}
    at_first = dict(demand.olds) if demand.start_first else {}
    if demand.spec.mode.is_global:
        return _on_each(demand, nodes, rooms, may, at_first)
    if sum(at_last.values()) < demand.wanted or not may:
        placed = min(sum(at_last.values()), demand.wanted)
        return Fit(demand.wanted, placed, _nodes(demand, nodes, rooms, {}))
    leaving = 0 if demand.start_first else demand.spec.update.parallelism or demand.wanted
    stay = {node: max(0, count - leaving) for node, count in demand.olds.items()}
    first = [demand.beside(rooms, node, stay.get(node, 0)) for node in may]
    if not any(room.takes(demand.owner, demand.need) for room in first):
        return Fit(demand.wanted, 0, _nodes(demand, nodes, rooms, stay), OLD_TASKS)
    replaced = min(sum(demand.olds.values()), demand.wanted)
    if demand.start_first and replaced:
        last, count = _beside_the_last(demand, rooms, at_last)
        if count < replaced:
            told = _nodes(demand, nodes, rooms, {last: 1})
            return Fit(demand.wanted, count, told, OLD_TASKS)
    return Fit(demand.wanted, demand.wanted, _nodes(demand, nodes, rooms, at_first))


def _on_each(
    demand: Demand,
    nodes: Sequence[Node],
    rooms: Mapping[str, Room],
    may: Sequence[str],
    olds: Mapping[str, int],
) -> Fit:
    """Return where a global service fits: a new task is on its old one's node, and on no other."""
    lacking = {
        node
        for node in may
        if not demand.beside(rooms, node, olds.get(node, 0)).takes(demand.owner, demand.need)
    }
    with_room = (not rooms[node].takes(demand.owner, demand.need) for node in lacking)
    beside = OLD_TASKS if lacking and not any(with_room) else ""
    told = _nodes(demand, nodes, rooms, olds)
    return Fit(len(may), len(may) - len(lacking), told, beside)


def _beside_the_last(
    demand: Demand, rooms: Mapping[str, Room], at_last: Mapping[str, int]
) -> tuple[str, int]:
    """Return where one old task is least in the way, and how many new ones fit beside it."""
    losses = {
        # One on a node where no new task may be is in nobody's way.
        node: at_last[node] - demand.beside(rooms, node, 1).takes(demand.owner, demand.need)
        if node in at_last
        else 0
        for node, count in demand.olds.items()
        if count
    }
    least = min(losses, key=lambda node: losses[node])
    return least, sum(at_last.values()) - losses[least]


def _nodes(
    demand: Demand, nodes: Sequence[Node], rooms: Mapping[str, Room], olds: Mapping[str, int]
) -> tuple[NodeFit, ...]:
    """Return each node with the reason why no task can be there, or how many and why not more."""
    return tuple(_node(demand, each, rooms[each.id], olds.get(each.id, 0)) for each in nodes)


def _node(demand: Demand, node: Node, room: Room, olds: int) -> NodeFit:
    name, spec = node.hostname or node.id[:12], demand.spec
    if not node.usable:
        return NodeFit(name, "is down, drained or paused")
    if not allows(spec, node):
        unmet = " and ".join(spec.constraints) or "the platform of its image"
        return NodeFit(name, f"does not meet {unmet}")
    left = room.less(demand.owner, demand.old, olds)
    count = left.takes(demand.owner, demand.need)
    if not count:
        return NodeFit(name, left.why_not(demand.owner, demand.need))
    if spec.mode.is_global or count >= demand.wanted:
        return NodeFit(name)
    full = left.less(demand.owner, demand.need, count)
    return NodeFit(name, "", count, full.why_not(demand.owner, demand.need))


def filled(demand: Demand, nodes: Sequence[Node], rooms: Mapping[str, Room]) -> tuple[NodeFit, ...]:
    """Return each node with the reason why no further task can be there."""
    return tuple(_node(demand, each, rooms[each.id], 0) for each in nodes)
