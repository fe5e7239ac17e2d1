"""Fingerprints of specs: equal where Swarm would roll nothing. Pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ccci.swarm.decode.typed import inside


def of(value: object) -> str:
    """Return a short, stable fingerprint of a JSON value; keys in any order are equal.

    An absent key equals null, an empty text, list or object. Zero and false are values: no grace
    period and a grace period of none are not the same.
    """
    text = json.dumps(_bare(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _bare(value: object) -> object:
    if isinstance(value, dict):
        kept = {}
        for key, each in value.items():
            bare = _bare(each) if isinstance(each, (dict, list)) else each
            if bare or isinstance(bare, (int, float)):
                kept[key] = bare
        return kept
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return value


def template(spec: Mapping[str, Any]) -> str:
    """Return the fingerprint of what a service's tasks are made of."""
    made_of = dict(inside(spec, "TaskTemplate"))
    # Networks of the service itself are the older spelling (moby api/types/swarm/service.go).
    if not made_of.get("Networks"):
        made_of["Networks"] = spec.get("Networks")
    return task(made_of)


def task(spec: Mapping[str, Any]) -> str:
    """Return the fingerprint of a task's own spec; equals `template` of what it was made from.

    Without Placement, whose change alone rolls nothing while the node still fits (swarmkit
    manager/orchestrator/task.go: IsTaskDirtyPlacementConstraintsOnly), and without the runtime
    "container", which the Engine tells of a service but not of its tasks (seen on Engine 20.10).
    """
    kept = {key: value for key, value in spec.items() if key != "Placement"}
    if kept.get("Runtime") == "container":
        del kept["Runtime"]
    if not kept.get("ForceUpdate"):
        kept.pop("ForceUpdate", None)
    container = kept.get("ContainerSpec")
    if isinstance(container, dict) and container.get("Isolation") == "default":
        kept["ContainerSpec"] = {**container, "Isolation": None}
    return of(kept)
