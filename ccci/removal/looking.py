"""What the Engine still lists of a stack, looked at again and again until it is gone."""

from collections.abc import Collection

from ccci.host import clock
from ccci.removal.jobs import is_at_work
from ccci.removal.objects import Claim, Item, Kind, spec_items, volume_items
from ccci.swarm.decode.typed import text
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL

_WHOLE_EVERY = 5.0
"""After how many seconds at most everything is looked at again, not only what is waited for."""
_ENDING = frozenset({Kind.SERVICE, Kind.TASK, Kind.CONTAINER})
"""What has to end before anything else can be removed."""


class Looks:
    """The looks of one teardown, each of which asks for no more than it has to."""

    def __init__(self, engine: Engine, claim: Claim) -> None:
        self._engine = engine
        self._claim = claim
        self._items: tuple[Item, ...] = ()
        self._due = 0.0

    def whole(self) -> tuple[Item, ...]:
        """Return all that is there."""
        self._items = look(self._engine, self._claim)
        self._due = clock.monotonic() + _WHOLE_EVERY
        return self._items

    def again(self) -> tuple[Item, ...]:
        """Return what is there, asking for what all else waits for: services, tasks, containers.

        Where there are none of these, for the kinds that were there; for all once they are gone.
        """
        if clock.monotonic() >= self._due:
            return self.whole()
        there = {item.kind for item in self._items}
        awaited = there & _ENDING or there
        found = look(self._engine, self._claim, awaited)
        if not found:
            return self.whole()
        rest = (item for item in self._items if item.kind not in awaited)
        self._items = (*found, *rest)
        return self._items


def look(engine: Engine, claim: Claim, kinds: Collection[Kind] = tuple(Kind)) -> tuple[Item, ...]:
    """Return what is there of a stack: all that the swarm knows, and what our own node has."""
    stack = claim.stack
    items: list[Item] = []
    if Kind.SERVICE in kinds:
        items += [
            Item(Kind.SERVICE, each["ID"], each["Spec"]["Name"]) for each in engine.services(stack)
        ]
    # A task outlives its service until its node has stopped it: the only sign of other nodes.
    if Kind.TASK in kinds:
        items += [
            Item(Kind.TASK, each["ID"], each["ID"][:12], text(each, "NodeID"))
            for each in engine.tasks({"label": [f"{STACK_LABEL}={stack}"]})
            if is_at_work(each)
        ]
    if Kind.CONTAINER in kinds:
        items += [
            Item(Kind.CONTAINER, each["Id"], each["Id"][:12]) for each in engine.containers(stack)
        ]
    if Kind.NETWORK in kinds:
        items += [Item(Kind.NETWORK, each["Id"], each["Name"]) for each in engine.networks(stack)]
    if Kind.VOLUME in kinds:
        items += volume_items(engine.volumes(), claim)
    if Kind.SECRET in kinds:
        items += spec_items(Kind.SECRET, engine.secrets(), claim)
    if Kind.CONFIG in kinds:
        items += spec_items(Kind.CONFIG, engine.configs(), claim)
    return tuple(items)
