"""What nodes are called and where they are reached, by their ids. Pure."""

from collections.abc import Iterable

from ccci.swarm.decode.typed import Json, inside, text


def hostnames(nodes: Iterable[Json]) -> dict[str, str]:
    """Return each node's host name, empty where it has told none."""
    return {text(each, "ID"): text(inside(each, "Description"), "Hostname") for each in nodes}


def addresses(nodes: Iterable[Json]) -> dict[str, str]:
    """Return the address that the managers see each node at, empty where there is none."""
    return {text(each, "ID"): text(inside(each, "Status"), "Addr") for each in nodes}
