"""What is the same in all that the Engine lists: an id, a name, labels. Pure.

Whatever is of another type is read as left out: `engine.answers` has refused already what nobody
could tell from another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ccci.host.json_values import object_in
from ccci.swarm.labels import OURS_LABEL, STACK_LABEL


@dataclass(frozen=True, slots=True)
class Listed:
    """A service, task, secret, config, network, volume or container as it is listed.

    A volume's id is its name; a task and a container have no name.
    """

    id: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def stack(self) -> str:
        """Return the stack that its label names, or nothing."""
        return self.labels.get(STACK_LABEL, "")

    @property
    def owner(self) -> str:
        """Return the stack that its label names, Docker's or ours, or nothing."""
        return self.stack or self.labels.get(OURS_LABEL, "")


def listed(raw: object) -> Listed:
    """Return what anything that is listed has in common."""
    whole = object_in(raw)
    # What is stored in the Raft log has a spec; networks, volumes and containers have none.
    holder = object_in(whole.get("Spec")) or whole
    name = _text(holder.get("Name"))
    identifier = _text(whole.get("ID")) or _text(whole.get("Id")) or _text(whole.get("Name"))
    labels = object_in(holder.get("Labels"))
    index = object_in(whole.get("Version")).get("Index")
    return Listed(
        identifier,
        name,
        {key: each for key, each in labels.items() if isinstance(each, str)},
        index if isinstance(index, int) else 0,
    )


def every(answers: Iterable[object]) -> tuple[Listed, ...]:
    """Return what all of a listing have in common, in its order."""
    return tuple(listed(each) for each in answers)


def names(answers: Iterable[object]) -> frozenset[str]:
    """Return the names in a listing."""
    return frozenset(each.name for each in every(answers))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
