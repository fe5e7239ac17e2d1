"""What a task asks of its node, and what is left of one. Pure.

Source: swarmkit manager/scheduler/filter.go (ResourceFilter, HostPortFilter, MaxReplicasFilter) and
nodeinfo.go: what a task reserves and its host ports are its node's until it has ended.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ccci.planning.ports import Port, published
from ccci.swarm.decode import resources
from ccci.swarm.decode.listings import identity
from ccci.swarm.decode.resources import CORES, GENERIC, MEMORY
from ccci.swarm.decode.typed import Json

_MIB = 2**20
_CORE = 10**9
_ANY = 2**31


@dataclass(frozen=True, slots=True)
class Need:
    """What one task asks for: what it reserves, its memory limit, its ports in host mode.

    `most` is how many tasks of its service a node may have; 0 is any number.
    """

    reserved: Mapping[str, int] = field(default_factory=dict)
    limit: int = 0
    ports: frozenset[Port] = frozenset()
    most: int = 0

    @property
    def memory(self) -> int:
        """Return the bytes that it reserves."""
        return self.reserved.get(MEMORY, 0)


@dataclass(frozen=True, slots=True)
class Owner:
    """A service as its tasks are counted and its ports are named: its id, its full name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a node: resources, who has which host port, the tasks of each service."""

    free: Mapping[str, int] = field(default_factory=dict)
    ports: Mapping[Port, str] = field(default_factory=dict)
    tasks: Mapping[str, int] = field(default_factory=dict)

    def less(self, owner: Owner, need: Need, count: int = 1) -> "Room":
        """Return what is left once there are so many more tasks of a service."""
        if not count:
            return self
        free = dict(self.free)
        for name, amount in need.reserved.items():
            free[name] = free.get(name, 0) - count * amount
        tasks = {**self.tasks, owner.id: self.tasks.get(owner.id, 0) + count}
        return replace(
            self,
            free=free,
            tasks=tasks,
            ports={**dict.fromkeys(need.ports, owner.name), **self.ports},
        )

    def takes(self, owner: Owner, need: Need) -> int:
        """Return how many tasks of a service find room, a huge number where nothing limits it."""
        limits = [self.free.get(name, 0) // amount for name, amount in need.reserved.items()]
        if need.ports:
            limits.append(0 if need.ports & self.ports.keys() else 1)
        if need.most:
            limits.append(need.most - self.tasks.get(owner.id, 0))
        return max(0, min(limits, default=_ANY))

    def why_not(self, owner: Owner, need: Need) -> str:
        """Return why one more task finds no room, or nothing."""
        for port in sorted(need.ports & self.ports.keys()):
            return f"port {port} is held by {self.ports[port]}"
        for name, amount in need.reserved.items():
            free = max(self.free.get(name, 0), 0)
            if amount > free:
                return _lacks(name, free, amount)
        count = self.tasks.get(owner.id, 0)
        if need.most and count >= need.most:
            return f"has {count} of at most {need.most} for each node (`max_replicas_per_node`)"
        return ""


@dataclass(frozen=True, slots=True)
class Occupant:
    """A task that stays where it is, as far as anybody knows."""

    node: str
    owner: Owner
    need: Need


def need_of(template: Json, spec: Json | None = None) -> Need:
    """Return what one task asks for, by its own spec and, for its ports, its service's."""
    found = resources.asked(template)
    return Need(found.reserved, found.limit, published(spec or {}, "host"), found.most)


def least(needs: Iterable[Need]) -> Need:
    """Return what each of several tasks of one service needs at least."""
    every = list(needs)
    if not every:
        return Need()
    names = set.intersection(*(set(each.reserved) for each in every))
    return Need(
        {name: min(each.reserved[name] for each in every) for name in sorted(names)},
        min(each.limit for each in every),
        frozenset.intersection(*(each.ports for each in every)),
        every[0].most,
    )


def rooms(nodes: Iterable[Json], occupants: Iterable[Occupant] = ()) -> dict[str, Room]:
    """Return what is left of each node, by its id."""
    found = {identity(node): Room(resources.of_node(node)) for node in nodes}
    for each in occupants:
        if each.node in found:
            found[each.node] = found[each.node].less(each.owner, each.need)
    return found


def mib(count: int) -> str:
    """Return bytes as people read them."""
    return f"{count / _MIB:.0f} MiB"


def _lacks(name: str, free: int, amount: int) -> str:
    if name == MEMORY:
        return f"{mib(free)} of its memory are not reserved, {mib(amount)} are asked for"
    if name == CORES:
        return f"{free / _CORE:g} cores are not reserved, {amount / _CORE:g} are asked for"
    kind = name.removeprefix(GENERIC)
    return f"{free} of its {kind} are not reserved, {amount} are asked for"
