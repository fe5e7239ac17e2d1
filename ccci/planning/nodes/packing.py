"""Whether the tasks of several services fit beside each other, each of which fits alone. Pure.

Swarm places them in an order that nobody knows, so only a lack in every order is told: all ways
are tried, and where those are too many it is taken for granted that one fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ccci.planning.nodes.fit import Demand
from ccci.planning.nodes.room import Room
from ccci.swarm.model import Node

_MOST_STEPS = 4_000
_DEEPEST = 500


@dataclass(frozen=True, slots=True)
class Lack:
    """The first demand that finds no place beside those before it.

    `placed` of its tasks do; `rooms` is what is left of the nodes then.
    """

    at: int
    placed: int
    rooms: Mapping[str, Room]


def lack(
    demands: Sequence[Demand], nodes: Sequence[Node], rooms: Mapping[str, Room]
) -> Lack | None:
    """Return what certainly finds no place once all that start run, or None.

    The old tasks that are replaced have to be gone from `rooms`.
    """
    found = [_Wanted(each, tuple(each.nodes(nodes)), each.wanted) for each in demands]
    found = [replace(each, count=len(each.nodes)) if each.on_each else each for each in found]
    try:
        for at, each in enumerate(found):
            if _placed(found[: at + 1], rooms) is None:
                return _most(at, each, found[:at], rooms)
    except _TooManyWays:
        pass
    return None


@dataclass(frozen=True, slots=True)
class _Wanted:
    demand: Demand
    nodes: tuple[str, ...]
    count: int

    @property
    def on_each(self) -> bool:
        return self.demand.spec.mode.is_global

    def room_in(self, room: Room) -> int:
        found = room.takes(self.demand.owner, self.demand.need)
        return min(found, 1) if self.on_each else found


class _TooManyWays(Exception):  # noqa: N818 -- no error: nothing is said then
    """There are too many ways to try them all."""


def _most(
    at: int, last: _Wanted, before: Sequence[_Wanted], rooms: Mapping[str, Room]
) -> Lack | None:
    """Return how many tasks of the last one fit beside those before it."""
    if last.on_each:  # each node's is its own question
        fits = [
            node
            for node in last.nodes
            if _placed([*before, replace(last, nodes=(node,), count=1)], rooms) is not None
        ]
        left = _placed(before, rooms)
        return Lack(at, len(fits), left) if left is not None else None
    low, high = 0, last.count
    while high - low > 1:
        middle = (low + high) // 2
        if _placed([*before, replace(last, count=middle)], rooms) is None:
            high = middle
        else:
            low = middle
    left = _placed([*before, replace(last, count=low)], rooms)
    return Lack(at, low, left) if left is not None else None


def _placed(wanted: Sequence[_Wanted], rooms: Mapping[str, Room]) -> Mapping[str, Room] | None:
    """Return what is left of the nodes with all of them placed, None where there is no way."""
    if _too_much(wanted, rooms):
        return None
    if sum(len(each.nodes) for each in wanted) > _DEEPEST:
        raise _TooManyWays
    tightest = sorted(wanted, key=lambda each: (not each.on_each, len(each.nodes)))
    return _Search(tightest).place(0, 0, tightest[0].count if tightest else 0, rooms)


def _too_much(wanted: Sequence[_Wanted], rooms: Mapping[str, Room]) -> bool:
    """Say whether they ask for more than all nodes together have: no way has to be tried."""
    nodes = {node for each in wanted for node in each.nodes}
    asked: dict[object, int] = {}
    for each in wanted:
        for name, amount in each.demand.need.reserved.items():
            asked[name] = asked.get(name, 0) + each.count * amount
        for port in each.demand.need.ports:
            asked[port] = asked.get(port, 0) + each.count
    there: dict[object, int] = {}
    for node in nodes:
        for name, amount in rooms[node].free.items():
            there[name] = there.get(name, 0) + max(amount, 0)
        for key in asked.keys() - rooms[node].ports.keys():
            if not isinstance(key, str):
                there[key] = there.get(key, 0) + 1
    return any(count > there.get(key, 0) for key, count in asked.items())


class _Search:
    """All ways to spread tasks over nodes, the nearest first, until one holds them all."""

    def __init__(self, wanted: Sequence[_Wanted]) -> None:
        self._wanted = wanted
        self._steps = _MOST_STEPS

    def place(
        self, at: int, node_at: int, left: int, rooms: Mapping[str, Room]
    ) -> Mapping[str, Room] | None:
        """Place the tasks that are `left` of one demand from a node on, then the other demands."""
        self._steps -= 1
        if self._steps < 0:
            raise _TooManyWays
        while not left:
            at, node_at = at + 1, 0
            if at >= len(self._wanted):
                return rooms
            left = self._wanted[at].count
        each = self._wanted[at]
        takes = [each.room_in(rooms[node]) for node in each.nodes[node_at:]]
        if sum(takes) < left:
            return None
        node = each.nodes[node_at]
        for count in range(min(takes[0], left), max(0, left - sum(takes[1:])) - 1, -1):
            less = rooms[node].less(each.demand.owner, each.demand.need, count)
            found = self.place(at, node_at + 1, left - count, {**rooms, node: less})
            if found is not None:
                return found
        return None
