"""Which mode a service's spec asks for, and what the Engine makes of it. Pure."""

from collections.abc import Mapping
from typing import Any

from ccci.host.json_values import object_in

_JOBS = {"ReplicatedJob", "GlobalJob"}


def modes_of(spec: Mapping[str, Any]) -> list[str]:
    """Return the words for the modes that a spec names; an empty object names one as well."""
    return [key for key, value in object_in(spec.get("Mode")).items() if value is not None]


def mode_of(spec: Mapping[str, Any]) -> str:
    """Return the word for a service's mode."""
    return next(iter(modes_of(spec)), "Replicated")


def is_job(spec: Mapping[str, Any]) -> bool:
    """Say whether a spec names a job's mode."""
    return not _JOBS.isdisjoint(modes_of(spec))


def counted(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec's mode with the counts that it leaves out."""
    said, named = object_in(spec.get("Mode")), modes_of(spec)
    if not named or "Replicated" in named:
        replicas = object_in(said.get("Replicated")).get("Replicas")
        # docker/cli opts: a service without a count has one replica.
        return {"Replicated": {"Replicas": 1 if replicas is None else replicas}}
    if "ReplicatedJob" in named:
        at_once = said["ReplicatedJob"].get("MaxConcurrent", 1)
        # moby daemon/cluster/convert/service.go: one at once, and as many in all as at once.
        total = said["ReplicatedJob"].get("TotalCompletions", at_once)
        return {"ReplicatedJob": {"MaxConcurrent": at_once, "TotalCompletions": total}}
    return dict(said)
