"""A network as it is listed: its name, whose it is, and who may attach to it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.typed import Json


@dataclass(frozen=True, slots=True)
class Network:
    """A network of a listing.

    `is_of_swarm` says whether every node knows it, `is_shared` whether services attach to it of
    their own: an overlay that is not the routing mesh's.
    """

    id: str
    name: str
    stack: str
    is_of_swarm: bool
    is_shared: bool


def network(raw: Json) -> Network:
    """Return one network."""
    about = listed(raw)
    is_shared = raw.get("Driver") == "overlay" and not raw.get("Ingress")
    return Network(about.id, about.name, about.stack, raw.get("Scope") == "swarm", is_shared)


def networks(answers: Iterable[Json]) -> tuple[Network, ...]:
    """Return the networks of a listing."""
    return tuple(network(each) for each in answers)


def created(raw: Json) -> str:
    """Return when a network was made, as the Engine says it; nothing where it does not."""
    return str(raw.get("Created") or "")
