"""What the Engine still lists of a stack, looked at again and again until it is gone."""

from collections.abc import Collection

from ccci.host import clock
from ccci.removal.jobs import is_at_work
from ccci.removal.objects import Claim, Item, Kind, claimed
from ccci.swarm.decode import tasks
from ccci.swarm.decode.listed import every
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
        items += [Item(Kind.SERVICE, each.id, each.name) for each in every(engine.services(stack))]
    # A task outlives its service until its node has stopped it: the only sign of other nodes.
    if Kind.TASK in kinds:
        items += [
            Item(Kind.TASK, each.id, each.id[:12], each.node)
            for each in tasks.entries(engine.tasks({"label": [f"{STACK_LABEL}={stack}"]}))
            if is_at_work(each)
        ]
    if Kind.CONTAINER in kinds:
        there = every(engine.containers(stack))
        items += [Item(Kind.CONTAINER, each.id, each.id[:12]) for each in there]
    if Kind.NETWORK in kinds:
        items += [Item(Kind.NETWORK, each.id, each.name) for each in every(engine.networks(stack))]
    if Kind.VOLUME in kinds:
        items += claimed(Kind.VOLUME, every(engine.volumes()), claim)
    if Kind.SECRET in kinds:
        items += claimed(Kind.SECRET, every(engine.secrets()), claim)
    if Kind.CONFIG in kinds:
        items += claimed(Kind.CONFIG, every(engine.configs()), claim)
    return tuple(items)
