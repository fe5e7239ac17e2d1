"""A job's spec: which one it is, and the same with no task asked for. Pure."""

from typing import Any

from ccci.host.json_values import texts_in
from ccci.swarm.decode.specs import mode_of
from ccci.swarm.decode.typed import Json, inside, whole

NOWHERE = "node.id==none"
"""A constraint that no node fulfils."""


def is_job(service: Json) -> bool:
    """Say whether a service is a job."""
    return _counted(service) or "GlobalJob" in mode_of(inside(service, "Spec"))


def _counted(service: Json) -> bool:
    return "ReplicatedJob" in mode_of(inside(service, "Spec"))


def emptied(service: Json) -> dict[str, Any] | None:
    """Return a job's spec that asks for no task, or None where its own asks for none already."""
    spec = dict(inside(service, "Spec"))
    template = inside(spec, "TaskTemplate")
    placement = inside(template, "Placement")
    if _counted(service):
        wanted = inside(mode_of(spec), "ReplicatedJob")
        if whole(wanted, "TotalCompletions") == 0:
            return None
        return {**spec, "Mode": {"ReplicatedJob": {**wanted, "TotalCompletions": 0}}}
    if NOWHERE in texts_in(placement.get("Constraints")):
        return None
    # Those of the recipe may be what the Engine of today refuses.
    nowhere = {**template, "Placement": {**placement, "Constraints": [NOWHERE]}}
    return {**spec, "TaskTemplate": nowhere}


def version_of(service: Json) -> int | None:
    """Return the version at which a service was listed."""
    return whole(inside(service, "Version"), "Index")
