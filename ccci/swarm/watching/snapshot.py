"""A snapshot of a whole stack: a fixed number of listings, raw for `decode` and for a trace."""

from collections.abc import Mapping
from typing import Any

from ccci.errors import NOT_WHOLE, ConnectionLost, EngineError
from ccci.host import clock
from ccci.swarm.decode import listings
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.watching import leadership
from ccci.swarm.watching.consistency import Consistency

NODES_EVERY = 10.0
IMAGES_EVERY = 10.0
SERVICES_EVERY = 10.0
"""Seconds after which the services are listed though no event told of them."""

_UP_TO_DATE = "_up-to-date"
_ASKED_FOR = 5


class Gone(EngineError):  # noqa: N818 -- reads as what happened
    """A service is not there any more, which has to be said twice."""


class Snapshots:
    """Takes snapshots of a stack, asking again only for what can have changed.

    What cannot be true, by itself or after what was seen before, is an EngineError.
    """

    def __init__(self, engine: Engine, stack: str) -> None:
        self._engine = engine
        self._stack = stack
        self._filter = {"label": [f"{STACK_LABEL}={stack}"]}
        self._consistency = Consistency()
        self._services: list[OwnJson] = []
        self._services_at: float | None = None
        self._task_versions: object = None
        self._missing: set[str] = set()
        self._removed: set[str] = set()
        self._own_node: str | None = None
        self._leader = ""
        self._leaders_since = 0
        self._nodes: list[OwnJson] = []
        self._nodes_at: float | None = None
        self._suspicious = True
        self._clean_key: object = None
        self._clean: list[str] = []
        self._clean_at = 0.0
        self._images: dict[str, OwnJson | None] = {}
        self._images_at = 0.0

    @property
    def own_node(self) -> str:
        """Return the id of the node we talk to, once a snapshot was taken."""
        return self._own_node or ""

    def changed(self) -> None:
        """List the services at the next snapshot: something happened to them, or may have."""
        self._services_at = None

    def removed(self, service: str) -> None:
        """Take note that a service was removed, by its id."""
        self._removed.add(service)
        self.changed()

    def suspect(self) -> None:
        """Ask at the next snapshot whether the orchestrator is still the one it was."""
        self._suspicious = True
        self.changed()

    def new_leader(self) -> None:
        """Take note that a manager has begun to lead."""
        self._leaders_since += 1
        self.suspect()

    def take(self) -> dict[str, Any]:
        """Return a snapshot as `decode.observation` wants it; raises as `Engine.get` does.

        Services are listed before tasks, and tasks before Swarm's own test of them: what changes
        in between shows as a task not up to date, never as one that falsely is.
        """
        begun = clock.monotonic()
        listed_at, self._services_at = self._services_at, None  # nothing is known if this fails
        overdue = listed_at is None or begun > listed_at + SERVICES_EVERY
        services = self._list_services() if overdue else self._services
        tasks, date = self._list_tasks(services)
        if not overdue and listings.versions(tasks) != self._task_versions:
            # Events come a moment later than what they tell of.
            overdue = True
            services = self._list_services()
            tasks, date = self._list_tasks(services)
        self._confirm_missing(services, tasks)
        self._consistency.check(services, tasks)
        self._list_nodes(services)
        snapshot = {
            "services": services,
            "tasks": tasks,
            "date": date,
            "up_to_date": self._clean_tasks(services, tasks),
            "at": clock.monotonic(),
            "wall": clock.now(),
            "nodes": self._nodes,
            "orchestrator": self._leader,
            "asked": self.own_node,
            "images": self._inspect_images(services),
        }
        self._consistency.believe(services, tasks)
        self._services, self._services_at = services, begun if overdue else listed_at
        self._task_versions = listings.versions(tasks)
        return snapshot

    def _list_services(self) -> list[OwnJson]:
        """Return the services; a change is listed twice, since a verdict may hang on it alone."""
        services = self._engine.services(self._stack)
        listings.check_services(services, self._stack)
        if self._consistency.changed(services):
            self._consistency.same(services, self._engine.services(self._stack))
        return services

    def _list_tasks(self, services: list[OwnJson]) -> tuple[list[OwnJson], str | None]:
        tasks, date = self._engine.dated_tasks(self._filter)
        listings.check_tasks(tasks, services)
        return tasks, date

    def _confirm_missing(self, services: list[OwnJson], tasks: list[OwnJson]) -> None:
        """Raise EngineError unless the Engine says by name that what is missing is gone.

        One listing that is empty, or lacks a part, is no word of that. That a service is gone has
        to be said in two snapshots, or by an event: it may be the answer of a manager that lags.
        """
        missing = self._consistency.missing_services(services)
        for identifier in missing:
            if self._engine.service(identifier) is not None:
                raise _partial(f"service {identifier}")
        new = set(missing) - self._missing - self._removed
        self._missing = set(missing)
        if new:
            raise Gone(0, f"service {min(new)} is not there any more: it is looked for again")
        for identifier in self._consistency.missing_tasks(services, tasks)[:_ASKED_FOR]:
            if self._engine.task(identifier) is not None:
                raise _partial(f"task {identifier}")

    def _clean_tasks(self, services: list[OwnJson], tasks: list[OwnJson]) -> list[str]:
        """Return the ids of the tasks that Swarm's own test calls clean.

        It can change when a service does, with new tasks, and with a node's labels.
        """
        ids = listings.identifiers(tasks)
        key = (listings.versions(self._nodes), listings.versions(services), ids)
        now = clock.monotonic()
        # Were the answer not whole, a roll would never be seen to end.
        doubtful = self._clean != ids and now > self._clean_at + SERVICES_EVERY
        if key != self._clean_key or doubtful:
            clean = clean_tasks(self._engine, self._filter) if tasks else []
            found = listings.identifiers(clean)
            # One answer that lacks what was clean is asked for again: it may not be whole.
            lost = set(self._clean).intersection(ids).difference(found)
            self._clean, self._clean_key, self._clean_at = found, None if lost else key, now
        return self._clean

    def _list_nodes(self, services: list[OwnJson]) -> None:
        now = clock.monotonic()
        globally = any(listings.is_global(each) for each in services)
        overdue = self._nodes_at is None or now > self._nodes_at + NODES_EVERY
        if self._suspicious:
            if self._own_node is None:
                self._own_node = listings.own_node(self._engine.info())
            found = leadership.ask(self._engine, self._own_node)
            self._nodes, self._nodes_at = found.nodes, now
            if found.name:  # during an election nobody leads
                suffix = f"+{self._leaders_since}" if self._leaders_since else ""
                self._leader = found.name + suffix
                self._suspicious = False
        elif globally and overdue:
            nodes = self._engine.nodes()
            listings.check_nodes(nodes)
            self._nodes, self._nodes_at = nodes, now

    def _inspect_images(self, services: list[OwnJson]) -> dict[str, OwnJson | None]:
        """Return the stack's images, reduced to what is used; an absent one is asked for again."""
        now = clock.monotonic()
        retry = now > self._images_at + IMAGES_EVERY
        for name in sorted({listings.image_of(each) for each in services} - {""}):
            if name not in self._images or (retry and self._images[name] is None):
                self._images_at = now
                try:
                    found = self._engine.image(name)
                    self._images[name] = listings.image_of_interest(found) if found else None
                except ConnectionLost:
                    break
                except EngineError:
                    continue  # a name that this Engine refuses is no reason not to look
        return dict(self._images)  # what a look shows must not change with the next


def clean_tasks(engine: Engine, filters: Mapping[str, list[str]]) -> list[OwnJson]:
    """Return the tasks that Swarm's own test calls clean, of those that the filters let through.

    The filter is internal to the Engine (moby daemon/cluster/filters.go), answers with swarmkit
    controlapi/task.go: IsTaskDirty, and is used here alone.
    """
    return engine.tasks({**filters, _UP_TO_DATE: ["true"]})


def _partial(what: str) -> EngineError:
    return EngineError(
        0,
        f"the Engine's list cannot be whole: it lacks the {what}, which is there",
        NOT_WHOLE,
    )
