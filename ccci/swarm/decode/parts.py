"""The parts of what the Engine lists, as they are, for who compares or sends them whole. Pure.

What is left out, null or empty is an empty part.
"""

from ccci.host.json_values import object_in, texts_in
from ccci.swarm.decode.typed import Json
from ccci.swarm.states import UpdateState


def spec_of(listed: Json | None) -> Json:
    """Return the spec of a service, config or secret as it is listed, or of a task."""
    return object_in((listed or {}).get("Spec"))


def template_of(spec: Json) -> Json:
    """Return what a service's spec makes its tasks of."""
    return object_in(spec.get("TaskTemplate"))


def container_of(spec: Json) -> Json:
    """Return what a service's spec says of its containers."""
    return object_in(template_of(spec).get("ContainerSpec"))


def image_of(spec: Json) -> str:
    """Return the image of a service's spec, or nothing."""
    return str(container_of(spec).get("Image") or "")


def environment_of(spec: Json) -> list[str]:
    """Return the variables of a service's spec, as `NAME=value`."""
    return texts_in(container_of(spec).get("Env"))


def labels_of(spec: Json) -> Json:
    """Return the labels of any spec."""
    return object_in(spec.get("Labels"))


def is_in_flight(service: Json) -> bool:
    """Say whether Swarm is updating a service, or taking it back to its former spec."""
    return object_in(service.get("UpdateStatus")).get("State") in _IN_FLIGHT


_IN_FLIGHT = (UpdateState.UPDATING, UpdateState.ROLLBACK_STARTED)
