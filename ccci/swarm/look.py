"""One look at a whole stack: a fixed number of listings, kept raw for `decode` and for a trace."""

from typing import Any

from ccci import clock
from ccci.errors import ConnectionLost, EngineError
from ccci.swarm import reign
from ccci.swarm.engine import STACK_LABEL, Engine, Json

NODES_EVERY = 10.0
IMAGES_EVERY = 10.0
_UP_TO_DATE = "_up-to-date"


class Eye:
    """Takes looks at a stack, and asks again only for what can have changed."""

    def __init__(self, engine: Engine, stack: str) -> None:
        self._engine = engine
        self._filter = {"label": [f"{STACK_LABEL}={stack}"]}
        self._own_node: str | None = None
        self._reign = ""
        self._new_reigns = 0
        self._nodes: list[Json] = []
        self._nodes_at: float | None = None
        self._suspicious = True
        self._clean_key: object = None
        self._clean: list[str] = []
        self._images: dict[str, Json | None] = {}
        self._images_at = 0.0

    @property
    def own_node(self) -> str:
        """Return the id of the node we talk to, once a look was taken."""
        return self._own_node or ""

    def suspect(self) -> None:
        """Ask at the next look whether the orchestrator is still the one it was."""
        self._suspicious = True

    def new_reign(self) -> None:
        """Take note that a manager has begun to lead."""
        self._new_reigns += 1
        self._suspicious = True

    def look(self) -> dict[str, Any]:
        """Return one look as `decode.observation` wants it; raises as `Engine.get` does.

        Services are listed before tasks, and tasks before Swarm's own test of them: what changes
        in between shows as a task not up to date, never as one that falsely is.
        """
        params = {"filters": self._filter}
        services: list[Json] = self._engine.get("/services", params=params) or []
        tasks = self._engine.answer("/tasks", params=params)
        listed: list[Json] = tasks.value or []
        self._ask_about_nodes(services)
        return {
            "services": services,
            "tasks": listed,
            "date": tasks.date,
            "up_to_date": self._ask_which_are_clean(services, listed),
            "at": clock.monotonic(),
            "wall": clock.now(),
            "nodes": self._nodes,
            "orchestrator": self._reign,
            "images": self._ask_about_images(services),
        }

    def _ask_which_are_clean(self, services: list[Json], tasks: list[Json]) -> list[str]:
        """Return the ids of the tasks that Swarm's own test calls clean.

        The filter is internal to the Engine (moby daemon/cluster/filters.go), answers with swarmkit
        controlapi/task.go: IsTaskDirty, and is used here alone. It can change when a service does,
        with new tasks, and with a node's labels.
        """
        key = (
            _versions(self._nodes),
            _versions(services),
            sorted(each["ID"] for each in tasks),
        )
        if key != self._clean_key:
            filters = {**self._filter, _UP_TO_DATE: ["true"]}
            clean = self._engine.tasks(filters) if tasks else []
            self._clean = sorted(each["ID"] for each in clean)
            self._clean_key = key
        return self._clean

    def _ask_about_nodes(self, services: list[Json]) -> None:
        now = clock.monotonic()
        globally = any(_is_global(each) for each in services)
        overdue = self._nodes_at is None or now > self._nodes_at + NODES_EVERY
        if self._suspicious:
            if self._own_node is None:
                swarm = self._engine.info().get("Swarm") or {}
                self._own_node = str(swarm.get("NodeID") or "")
            found = reign.ask(self._engine, self._own_node)
            self._nodes, self._nodes_at = found.nodes, now
            if found.name:  # an election is no reign
                suffix = f"+{self._new_reigns}" if self._new_reigns else ""
                self._reign = found.name + suffix
                self._suspicious = False
        elif globally and overdue:
            self._nodes, self._nodes_at = self._engine.nodes(), now

    def _ask_about_images(self, services: list[Json]) -> dict[str, Json | None]:
        """Return the stack's images, reduced to what is used; an absent one is asked for again."""
        now = clock.monotonic()
        retry = now > self._images_at + IMAGES_EVERY
        for name in sorted({_image(each) for each in services} - {""}):
            if name not in self._images or (retry and self._images[name] is None):
                self._images_at = now
                try:
                    found = self._engine.image(name)
                except ConnectionLost:
                    break
                except EngineError:
                    continue  # a name that this Engine refuses is no reason not to look
                self._images[name] = _reduced(found) if found else None
        return self._images


def _versions(objects: list[Json]) -> list[tuple[str, int]]:
    return sorted((each["ID"], each["Version"]["Index"]) for each in objects)


def _image(service: Json) -> str:
    template = (service.get("Spec") or {}).get("TaskTemplate") or {}
    return str((template.get("ContainerSpec") or {}).get("Image") or "")


def _is_global(service: Json) -> bool:
    mode = (service.get("Spec") or {}).get("Mode") or {}
    return "Global" in mode or "GlobalJob" in mode


def _reduced(image: Json) -> Json:
    check = (image.get("Config") or {}).get("Healthcheck")
    return {"Id": image.get("Id"), "Config": {"Healthcheck": check}}
