"""What the swarm still has of a stack, and what of it can be removed now; pure.

The order is Swarm's: a network with endpoints, a volume, secret or config in use cannot be removed,
so services go first, then everything waits until the last task and container is gone.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ccci.host import counting
from ccci.swarm.decode.listed import Listed
from ccci.swarm.labels import OURS_LABEL, STACK_LABEL


class Kind(StrEnum):
    """What a stack leaves behind. The values are the words of the Engine's API."""

    SERVICE = "service"
    TASK = "task"
    CONTAINER = "container"
    NETWORK = "network"
    VOLUME = "volume"
    SECRET = "secret"  # noqa: S105 -- the word, not one
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is there. `node` is the id of the node a task belongs to."""

    kind: Kind
    id: str
    name: str
    node: str = ""

    def __str__(self) -> str:
        """Return it as a person would look for it."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What we may remove: a stack, and the names that its runs recorded.

    With `by_name`, which a person asked for, secrets, configs and volumes that carry no label but
    the stack's prefix are the stack's too: abra labels none of the secrets it makes. `others` are
    the stacks that are known beside it: a name with the prefix of one of them, where that is
    longer, is theirs.
    """

    stack: str
    recorded: frozenset[str] = frozenset()
    by_name: bool = False
    others: frozenset[str] = frozenset()

    def covers(self, name: str, labels: Mapping[str, str]) -> bool:
        """Say whether a secret, config or volume is this stack's."""
        owner = labels.get(STACK_LABEL) or labels.get(OURS_LABEL)
        if owner:
            return owner == self.stack
        if name in self.recorded:
            return True
        # `<stack>_<name>_<version>`, as abra names secrets and configs (docs.coopcloud.tech).
        prefixed = re.fullmatch(rf"{re.escape(self.stack)}_[A-Za-z0-9_.-]+", name)
        if not self.by_name or not prefixed:
            return False
        return not any(
            name.startswith(f"{other}_")
            for other in self.others
            if other.startswith(f"{self.stack}_")
        )


def claimed(kind: Kind, there: Iterable[Listed], claim: Claim) -> list[Item]:
    """Return the claimed ones of the secrets, configs or volumes that are listed."""
    return [
        Item(kind, each.id, each.name) for each in there if claim.covers(each.name, each.labels)
    ]


def removable(items: Collection[Item]) -> tuple[Item, ...]:
    """Return what can be removed now: services alone, nothing while tasks end, then the rest."""
    services = tuple(item for item in items if item.kind is Kind.SERVICE)
    if services:
        return services
    if any(item.kind in {Kind.TASK, Kind.CONTAINER} for item in items):
        return ()
    return tuple(items)


def known_stacks(there: Iterable[Listed]) -> frozenset[str]:
    """Return the stacks that the labels of services, secrets, configs or volumes name."""
    every = (each.labels.get(key, "") for each in there for key in (STACK_LABEL, OURS_LABEL))
    return frozenset(name for name in every if name)


def told(items: Collection[Item], most: int = 8) -> str:
    """Return the items in words, the first few by name."""
    names = [str(item) for item in items]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def counted(items: Iterable[Item]) -> str:
    """Return how many there are of each kind: `2 services, 1 network`."""
    counts: dict[Kind, int] = {}
    for item in items:
        counts[item.kind] = counts.get(item.kind, 0) + 1
    return ", ".join(counting.counted(count, kind) for kind, count in sorted(counts.items()))
