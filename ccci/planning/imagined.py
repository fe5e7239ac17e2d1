"""The tasks that a recorded deploy would have by now: what goes on top of it meets them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ccci.swarm.decode import observation, specs
from ccci.swarm.judge.placement import fitting

Json = Mapping[str, Any]
GUESSED = "Guessed"
"""The key of a task that says whether its node is a guess: Swarm may choose another."""


def tasks(services: Sequence[Json], nodes: Sequence[Json]) -> Iterator[dict[str, Any]]:
    """Yield the running tasks of services, as Swarm lists them, spread over the nodes that fit.

    A service that fits nowhere has none.
    """
    known = tuple(observation.node(each) for each in nodes)
    busy = {each.id: 0 for each in known}
    for service in services:
        spec = specs.spec(service["Spec"])
        where = fitting(spec, known)
        for number in range(len(where) if spec.mode.is_global else spec.replicas or 0):
            if not where:
                break
            order = sorted(where, key=lambda each: busy[each.id])
            node = where[number] if spec.mode.is_global else order[0]
            busy[node.id] += 1
            yield {
                "ID": f"{service['ID']}-{number}",
                "ServiceID": service["ID"],
                "NodeID": node.id,
                "DesiredState": "running",
                "Status": {"State": "running"},
                "Spec": service["Spec"].get("TaskTemplate") or {},
                GUESSED: not spec.mode.is_global and len(where) > 1,
            }
