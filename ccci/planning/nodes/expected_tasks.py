"""The tasks that a recorded deploy would have by now: what goes on top of it meets them. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ccci.planning.facts import There
from ccci.swarm.decode import observation, specs
from ccci.swarm.decode.listings import identity
from ccci.swarm.decode.parts import spec_of, template_of
from ccci.swarm.decode.tasks import TaskEntry
from ccci.swarm.decode.typed import Json
from ccci.swarm.judge.placement import fitting

GUESSED = "Guessed"
"""The key of a task that says whether its node is a guess: Swarm may choose another."""


def tasks(services: Sequence[Json], nodes: Sequence[Json]) -> Iterator[dict[str, Any]]:
    """Yield the running tasks of services, as Swarm lists them, spread over the nodes that fit.

    A service that fits nowhere has none.
    """
    known = tuple(observation.node(each) for each in nodes)
    busy = {each.id: 0 for each in known}
    for service in services:
        asked, identifier = spec_of(service), identity(service)
        spec = specs.spec(asked)
        where = fitting(spec, known)
        for number in range(len(where) if spec.mode.is_global else spec.replicas or 0):
            if not where:
                break
            order = sorted(where, key=lambda each: busy[each.id])
            node = where[number] if spec.mode.is_global else order[0]
            busy[node.id] += 1
            yield {
                "ID": f"{identifier}-{number}",
                "ServiceID": identifier,
                "NodeID": node.id,
                "DesiredState": "running",
                "Status": {"State": "running"},
                "Spec": template_of(asked),
                GUESSED: not spec.mode.is_global and len(where) > 1,
            }


def is_guessed(task: TaskEntry) -> bool:
    """Say whether a task's node is a guess."""
    return bool(task.raw.get(GUESSED))


def after(
    there: There, before: There, services: Sequence[dict[str, Any]], written: Collection[str]
) -> There:
    """Return what is there once services are listed so, of which some (by id) were written.

    The tasks of those that were not are as they were `before`.
    """
    made = [each for each in services if identity(each) in written]
    kept = [each for each in before.tasks if TaskEntry(each).service not in written]
    return replace(there, services=services, tasks=[*kept, *tasks(made, there.nodes)])
