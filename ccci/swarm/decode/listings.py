"""What a watch asks of raw listings itself: whom, what, and whether they can be true. Pure."""

from collections.abc import Iterable
from typing import Any

from ccci.errors import NOT_WHOLE, EngineError
from ccci.swarm.decode.specs import mode_of
from ccci.swarm.decode.typed import Json, index, inside, labels, text, texts, whole
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.states import TaskState

DEEPEST = 60
"""Levels of nesting in an answer; a spec of Swarm's has about twelve."""


def versions(objects: Iterable[Json]) -> list[tuple[str, int]]:
    """Return id and version of each service, task or node, in the order of their ids."""
    return sorted((text(each, "ID"), index(each, "Version") or 0) for each in objects)


def identifiers(objects: Iterable[Json]) -> list[str]:
    """Return the ids, in their order."""
    return sorted(text(each, "ID") for each in objects)


def identity(raw: Json) -> str:
    """Return the id of a service, task or node, empty where it has none."""
    return text(raw, "ID")


def version(raw: Json) -> int:
    """Return at which version a service, task or node was listed, 0 where it has none."""
    return index(raw, "Version") or 0


def name_of(service: Json) -> str:
    """Return the full name of a service."""
    return text(inside(service, "Spec"), "Name")


def service_of(task: Json) -> str:
    """Return the id of a task's service."""
    return text(task, "ServiceID")


def place(task: Json) -> tuple[str, object]:
    """Return the service whose task it is, and its slot, or its node where it has none."""
    return service_of(task), task.get("Slot") or text(task, "NodeID")


def is_wanted(task: Json) -> bool:
    """Say whether Swarm wants a task that has not ended."""
    state = text(inside(task, "Status"), "State")
    return text(task, "DesiredState") in _WANTED and state not in _ENDED


_WANTED = frozenset({TaskState.RUNNING, TaskState.READY, TaskState.COMPLETE})
_ENDED = frozenset(each.value for each in TaskState if each.ended)


def of_service(service: Json) -> list[object]:
    """Return what cannot change of a service at one version."""
    return [service.get(key) for key in ("Spec", "PreviousSpec", "UpdateStatus", "JobStatus")]


def of_task(task: Json) -> list[object]:
    """Return what cannot change of a task at one version."""
    return [task.get(key) for key in ("Spec", "Status", "DesiredState", "ServiceID", "Slot")]


def specs_of(service: Json) -> list[Json]:
    """Return the specs of a service, its own and the former one, as far as it has them."""
    found = (service.get(key) for key in ("Spec", "PreviousSpec"))
    return [each for each in found if each]


def leader(nodes: Iterable[Json]) -> str:
    """Return the id of the leading manager, or nothing while there is none."""
    return next(
        (text(each, "ID") for each in nodes if inside(each, "ManagerStatus").get("Leader")), ""
    )


def own_node(info: Json) -> str:
    """Return the id of the node whose Engine says this of itself."""
    return text(inside(info, "Swarm"), "NodeID")


def is_global(service: Json) -> bool:
    """Say whether a service has its tasks by node."""
    mode = mode_of(inside(service, "Spec"))
    return "Global" in mode or "GlobalJob" in mode


def image_of(service: Json) -> str:
    """Return the image of a service, or nothing."""
    return text(_container(inside(service, "Spec")), "Image")


def image_of_interest(image: Json) -> dict[str, Any]:
    """Return the inspection of an image, reduced to what a rollout is judged by."""
    check = inside(image, "Config").get("Healthcheck")
    return {"Id": text(image, "Id"), "Config": {"Healthcheck": check}}


def environment(holder: Json) -> list[str]:
    """Return the environment that a service or a task asks for, as `NAME=value`."""
    return texts(_container(inside(holder, "Spec")), "Env")


def _container(spec: Json) -> Json:
    return inside(inside(spec, "TaskTemplate") or spec, "ContainerSpec")


def check_services(services: Iterable[Json], stack: str) -> None:
    """Raise EngineError where a service of a stack lacks what the Engine never leaves out."""
    seen: set[str] = set()
    for each in services:
        spec = inside(each, "Spec")
        _check_identity(each, "a service", seen)
        name = text(spec, "Name")
        if not name or labels(spec).get(STACK_LABEL) != stack:
            raise _incomplete(f"a service of {stack} without its name or its label")
        if not mode_of(spec) or not image_of(each):
            raise _incomplete(f"the service {name} without its mode or its image")


def check_tasks(tasks: Iterable[Json], services: Iterable[Json]) -> None:
    """Raise EngineError where a task lacks what the Engine never leaves out."""
    replicated = {
        text(each, "ID") for each in services if "Replicated" in mode_of(inside(each, "Spec"))
    }
    seen: set[str] = set()
    for each in tasks:
        _check_identity(each, "a task", seen)
        name = f"the task {text(each, 'ID')}"
        of = text(each, "ServiceID")
        if not of or not text(inside(each, "Status"), "State") or not text(each, "DesiredState"):
            raise _incomplete(f"{name} without its service or its state")
        if not _container(inside(each, "Spec")):
            raise _incomplete(f"{name} without its spec")
        if of in replicated and not whole(each, "Slot"):
            raise _incomplete(f"{name} without its slot")


def check_nodes(nodes: Iterable[Json]) -> None:
    """Raise EngineError where a node lacks what the Engine never leaves out."""
    seen: set[str] = set()
    for each in nodes:
        _check_identity(each, "a node", seen)
        if not text(inside(each, "Status"), "State") or not text(inside(each, "Spec"), "Role"):
            raise _incomplete(f"the node {text(each, 'ID')} without its state or its role")


def _check_identity(raw: Json, what: str, seen: set[str]) -> None:
    identifier = text(raw, "ID")
    if not identifier or not index(raw, "Version"):
        raise _incomplete(f"{what} without ID or version")
    if identifier in seen:
        raise _incomplete(f"{what} twice, {identifier}")
    seen.add(identifier)
    if _depth(raw) > DEEPEST:
        raise _incomplete(f"{what} that is nested too deep")


def _incomplete(what: str) -> EngineError:
    return EngineError(
        0,
        f"the Engine's answer cannot be whole: it lists {what}",
        NOT_WHOLE,
    )


def _depth(value: object) -> int:
    """Return how deep a value is nested, without a call for each level."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list, tuple))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
