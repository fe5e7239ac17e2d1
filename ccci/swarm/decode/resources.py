"""What a node has, and what a task asks of one: memory, cores, generic resources. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ccci.host.json_values import object_in, objects_in
from ccci.swarm.decode.typed import Json

MEMORY, CORES = "memory", "cores"
GENERIC = "generic:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task's spec asks of a node: what it reserves, by name, and its limit of memory.

    `most` is how many tasks of its service a node may have; 0 is any number.
    """

    reserved: Mapping[str, int] = field(default_factory=dict)
    limit: int = 0
    most: int = 0


def asked(template: Json) -> Asked:
    """Return what a task asks for by its spec, which is its service's template."""
    resources = object_in(template.get("Resources"))
    return Asked(
        _amounts(object_in(resources.get("Reservations"))),
        int(object_in(resources.get("Limits")).get("MemoryBytes") or 0),
        int(object_in(template.get("Placement")).get("MaxReplicas") or 0),
    )


def of_node(node: Json) -> dict[str, int]:
    """Return what a node has, by name."""
    return _amounts(object_in(object_in(node.get("Description")).get("Resources")))


def _amounts(raw: Json) -> dict[str, int]:
    found = {
        MEMORY: int(raw.get("MemoryBytes") or 0),
        CORES: int(raw.get("NanoCPUs") or 0),
    }
    for each in objects_in(raw.get("GenericResources")):
        # A named one (a UUID) counts as one of its kind (swarmkit api/genericresource).
        named, counted = each.get("NamedResourceSpec"), object_in(each.get("DiscreteResourceSpec"))
        key = GENERIC + str(object_in(named or counted).get("Kind") or "")
        found[key] = found.get(key, 0) + (1 if named else int(counted.get("Value") or 0))
    return {name: amount for name, amount in found.items() if amount > 0}
