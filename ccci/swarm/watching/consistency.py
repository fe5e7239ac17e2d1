"""Whether an Engine's answers can all be true: what Swarm stores has a version that only rises.

Every write of an object raises its `Version.Index` (swarmkit manager/state/store/memory.go), and an
id never comes back. So an answer is older than one before, or it was changed on its way, where a
version went back, where two answers tell different things at one version, or where something comes
back that was gone.
"""

from collections.abc import Callable, Iterable

from ccci.errors import SEVERAL_MANAGERS, EngineError
from ccci.swarm.decode.listings import (
    identity,
    is_wanted,
    name_of,
    of_service,
    of_task,
    place,
    service_of,
    version,
)
from ccci.swarm.decode.typed import Json

_FORGOTTEN = 2000


class Consistency:
    """What was believed so far of a stack's services and tasks."""

    def __init__(self) -> None:
        self._services: dict[str, Json] = {}
        self._tasks: dict[str, Json] = {}
        self._gone: dict[str, int] = {}
        self._doubted: set[str] = set()

    def changed(self, services: Iterable[Json]) -> bool:
        """Say whether a service is new, or has another version than the one believed."""
        known = self._services
        return bool(known) and any(
            version(known.get(identity(each), {})) != version(each) for each in services
        )

    def missing_services(self, services: Iterable[Json]) -> list[str]:
        """Return the ids of services that were there and are not listed any more."""
        return sorted(self._services.keys() - {identity(each) for each in services})

    def missing_tasks(self, services: Iterable[Json], tasks: Iterable[Json]) -> list[str]:
        """Return the ids of tasks that Swarm would not forget, and that are not listed any more.

        A task that was wanted is forgotten only once another took its place, or with its service.
        """
        listed = list(tasks)
        there = {identity(each) for each in services}
        ids = {identity(each) for each in listed}
        successors = {place(each) for each in listed if identity(each) not in self._tasks}
        return sorted(
            identifier
            for identifier, task in self._tasks.items()
            if identifier not in ids
            and service_of(task) in there
            and is_wanted(task)
            and place(task) not in successors
        )

    def check(self, services: Iterable[Json], tasks: Iterable[Json]) -> None:
        """Raise EngineError where these cannot be true after what was believed before."""
        for each in services:
            name = f"service {name_of(each)}"
            self._compare(name, each, self._services.get(identity(each)), of_service)
        for each in tasks:
            name = f"task {identity(each)}"
            self._compare(name, each, self._tasks.get(identity(each)), of_task)

    def same(self, one: Iterable[Json], other: Iterable[Json]) -> None:
        """Raise EngineError where two listings differ in a service at one version."""
        first = {identity(each): each for each in one}
        for each in other:
            before = first.get(identity(each))
            if before is not None and version(before) == version(each):
                self._compare(f"service {identity(each)}", each, before, of_service)

    def believe(self, services: Iterable[Json], tasks: Iterable[Json]) -> None:
        """Remember what is believed now."""
        for known, now in ((self._services, services), (self._tasks, tasks)):
            listed = {identity(each): each for each in now}
            for identifier in known.keys() - listed.keys():
                self._gone[identifier] = version(known[identifier])
            for identifier in listed:
                self._gone.pop(identifier, None)
            known.clear()
            known.update(listed)
        for oldest in list(self._gone)[: max(0, len(self._gone) - _FORGOTTEN)]:
            del self._gone[oldest]

    def _compare(
        self, name: str, now: Json, before: Json | None, told: Callable[[Json], object]
    ) -> None:
        if before is None:
            self._refuse_returned(name, now)
            return
        was, is_now = version(before), version(now)
        if is_now < was:
            raise _untrue(f"{name} is at version {is_now} after {was}: it is older than one before")
        if is_now == was and told(now) != told(before):
            raise _untrue(f"it tells two different things of {name} at version {was}")

    def _refuse_returned(self, name: str, now: Json) -> None:
        """Refuse once what comes back: which of the two answers was the older one is not known."""
        if identity(now) in self._gone and identity(now) not in self._doubted:
            self._doubted.add(identity(now))
            raise _untrue(f"{name} is there again after it was gone: one of the two is older")
        if version(now) < self._gone.get(identity(now), 0):
            raise _untrue(f"{name} is there again at an older version than when it went")


def _untrue(why: str) -> EngineError:
    return EngineError(
        0,
        f"the Engine's answer cannot be believed: {why}",
        SEVERAL_MANAGERS,
    )
