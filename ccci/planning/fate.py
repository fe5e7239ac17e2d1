"""What a write means for a service's tasks, by Swarm's own test of what is dirty. Pure.

Source: swarmkit manager/orchestrator/task.go `IsTaskDirty`: a task is replaced when its own spec
differs from the service's (placement alone counts only where its node no longer fits), or when the
endpoint that it was made with does.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from ccci.swarm.decode import fingerprint
from ccci.swarm.decode.fields import Field, differing
from ccci.swarm.judge.placement import allows
from ccci.swarm.model import UNSET_UPDATE, Node, Spec

Json = Mapping[str, Any]


class Fate(StrEnum):
    """What becomes of a service. The values are the words users and scripts read."""

    CREATED = "created"
    ROLLS = "rolls"
    LABELS_ONLY = "labels-only"
    SETTINGS_ONLY = "settings-only"
    SCALED = "scaled"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left-out"
    REFUSED = "refused"


FATES: dict[Fate, str] = {
    Fate.CREATED: "it is not there yet; its tasks start",
    Fate.ROLLS: "its tasks are replaced",
    Fate.LABELS_ONLY: "labels of the service change, and no task does",
    Fate.SETTINGS_ONLY: "settings change that no task is made of (policies, a placement that fits)",
    Fate.SCALED: "tasks are added or stopped; those that stay run on",
    Fate.REMOVED: "it is removed with its tasks",
    Fate.UNCHANGED: "what is sent equals what is there",
    Fate.LEFT_OUT: "it is in the stack, and the deploy does not send it: it runs on as it is",
    Fate.REFUSED: "the Engine refuses the write",
}
"""Each fate in one sentence, for the docs page."""


def normalized(spec: Json, networks: Mapping[str, str]) -> dict[str, Any]:
    """Return a spec as the Engine would store it, its defaults filled in.

    A section that is there and empty is one: the Engine fills it.

    `networks` maps names to ids: a deploy names its networks, the Engine stores their ids (moby
    daemon/cluster/services.go populateNetworkID).
    """
    found: dict[str, Any] = _bare(spec)
    found.setdefault("Labels", {})
    mode = found.get("Mode") or {}
    if not mode or "Replicated" in mode:
        replicas = (mode.get("Replicated") or {}).get("Replicas")
        # docker/cli opts: a service without a count has one replica.
        found["Mode"] = {"Replicated": {"Replicas": 1 if replicas is None else replicas}}
    endpoint = found.setdefault("EndpointSpec", {})
    endpoint["Mode"] = endpoint.get("Mode") or "vip"
    endpoint["Ports"] = sorted(
        (_port(each) for each in endpoint.get("Ports") or ()),
        key=lambda each: (each["TargetPort"], each["Protocol"], each.get("PublishedPort") or 0),
    )
    template = found.setdefault("TaskTemplate", {})
    attached = template.get("Networks") or found.pop("Networks", None) or []
    found.pop("Networks", None)
    template["Networks"] = [
        {**each, "Target": networks.get(str(each.get("Target")), each.get("Target"))}
        for each in attached
    ]
    if template.get("Runtime") == "container":
        del template["Runtime"]
    raw = spec.get("TaskTemplate") or {}
    if raw.get("RestartPolicy") is not None:
        template["RestartPolicy"] = {"Condition": "any", **template.get("RestartPolicy", {})}
    container = template.setdefault("ContainerSpec", {})
    if container.get("Isolation") == "default":
        del container["Isolation"]
    for section in ("UpdateConfig", "RollbackConfig"):
        if spec.get(section) is not None:
            found[section] = {**_POLICY, **found.get(section, {})}
    return found


_POLICY = {"FailureAction": UNSET_UPDATE.failure_action, "Order": UNSET_UPDATE.order}


def _port(raw: Json) -> dict[str, Any]:
    return {
        **raw,
        "Protocol": raw.get("Protocol") or "tcp",
        "PublishMode": raw.get("PublishMode") or "ingress",
        "TargetPort": raw.get("TargetPort") or 0,
    }


_MODES = {"Global", "GlobalJob", "Replicated", "ReplicatedJob"}
_POINTERS = {
    *("Delay", "Init", "MaxConcurrent", "Replicas", "StopGracePeriod"),
    *("TotalCompletions", "Window"),
}
"""Keys whose zero or false says something: pointers in moby's api/types/swarm.

MaxAttempts is one, too, but the Engine keeps a plain number (daemon/cluster/convert/service.go
restartPolicyToGRPC): it tells zero where nothing was sent.
"""


def _bare(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """Return a JSON value without what says nothing: null, and the zero of its type.

    The Engine leaves such keys out or tells them, as its version likes. A mode keeps its empty
    object: `{"Global": {}}` says which one it is.
    """
    if isinstance(value, Mapping):
        kept = {key: _bare(each) for key, each in value.items()}
        return {
            key: each
            for key, each in kept.items()
            if not _says_nothing(key, each) or (key in _MODES and value[key] is not None)
        }
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return value


def _says_nothing(key: str, value: object) -> bool:
    if value is None or value in ("", [], {}):
        return True
    return key not in _POINTERS and not isinstance(value, str) and not value


def fields(before: Json, after: Json) -> tuple[Field, ...]:
    """Return the fields in which two normalized specs differ, the service's labels last."""
    found = differing(before, after)
    return tuple(sorted(found, key=lambda each: each.path.startswith("Labels.")))


def fate_of(
    before: Json,
    after: Json,
    spec: Spec,
    task_nodes: Sequence[Node],
) -> Fate:
    """Return what an update does to a service, given both normalized specs.

    `spec` is the decoded one that was sent, `task_nodes` the nodes of the live tasks.
    """
    if before == after:
        return Fate.UNCHANGED
    if _made_of(before) != _made_of(after) or before["EndpointSpec"] != after["EndpointSpec"]:
        return Fate.ROLLS
    placed = before["TaskTemplate"].get("Placement") != after["TaskTemplate"].get("Placement")
    if placed and not all(allows(spec, node) for node in task_nodes):
        return Fate.ROLLS
    if before["Mode"] != after["Mode"]:
        return Fate.SCALED
    rest = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return Fate.LABELS_ONLY if rest == {"Labels"} else Fate.SETTINGS_ONLY


def _made_of(spec: Json) -> str:
    return fingerprint.of({k: v for k, v in spec["TaskTemplate"].items() if k != "Placement"})
