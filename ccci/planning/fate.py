"""What a write means for a service's tasks, by Swarm's own test of what is dirty. Pure.

Source: swarmkit manager/orchestrator/task.go `IsTaskDirty`: a task is replaced when its own spec
differs from the service's (placement alone counts only where its node no longer fits), or when the
endpoint that it was made with does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ccci.planning.modes import counted
from ccci.swarm.decode import fingerprint
from ccci.swarm.decode.fields import Field, differing
from ccci.swarm.decode.typed import Json
from ccci.swarm.judge.placement import allows, fitting
from ccci.swarm.model import UNSET_UPDATE, Node, Spec


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
    Fate.ROLLS: "its tasks are replaced; a job runs again",
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
    found["Mode"] = counted(found)
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


@dataclass(frozen=True, slots=True)
class Change:
    """An update of a service: both specs normalized, and both decoded; the latter as was sent."""

    before: Json
    after: Json
    was: Spec
    spec: Spec

    @property
    def remakes(self) -> bool:
        """Say whether tasks of the one spec are none of the other's, wherever they are."""
        before, after = self.before, self.after
        return (
            _made_of(before) != _made_of(after) or before["EndpointSpec"] != after["EndpointSpec"]
        )

    @property
    def moves(self) -> bool:
        """Say whether the placement differs."""
        before, after = self.before["TaskTemplate"], self.after["TaskTemplate"]
        return bool(before.get("Placement") != after.get("Placement"))

    @property
    def has_tasks_all_along(self) -> bool:
        """Say whether any task may be there before and after, to be replaced or kept."""
        return 0 not in {self.was.replicas, self.spec.replicas}


def fate_of(
    change: Change, task_nodes: Sequence[Node | None], nodes: tuple[Node, ...], *, dirty: bool
) -> Fate:
    """Return what an update does to a service.

    `task_nodes` are the nodes of the live tasks (None where Swarm knows none), `nodes` all there
    are. `dirty` says whether Swarm finds a live task to be of another spec than the service's is by
    now: an update replaces it, also one with an equal spec (a roll that paused goes on).

    A job runs again at each update that is accepted, of a label or of nothing at all (swarmkit
    manager/controlapi/service.go: UpdateService raises its JobIteration).
    """
    before, after, spec = change.before, change.after, change.spec
    again = spec.mode.is_job and spec.replicas != 0
    if again or (change.has_tasks_all_along and (dirty or change.remakes)):
        return Fate.ROLLS
    if before == after:
        return Fate.UNCHANGED
    if change.has_tasks_all_along and change.moves:
        # A task without a node waits for one, and is replaced as well (nodeMatches of no node).
        leaves = any(node is None or not allows(spec, node) for node in task_nodes)
        # swarmkit manager/orchestrator/global/global.go: a task for each node that fits by now,
        # and none where one does not any more; those of the others stay.
        gains = set(fitting(spec, nodes)) - set(fitting(change.was, nodes))
        if leaves or (gains and spec.mode.is_global):
            return Fate.SCALED if spec.mode.is_global else Fate.ROLLS
    if before["Mode"] != after["Mode"]:
        return Fate.SCALED
    rest = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return Fate.LABELS_ONLY if rest == {"Labels"} else Fate.SETTINGS_ONLY


def _made_of(spec: Json) -> str:
    return fingerprint.of({k: v for k, v in spec["TaskTemplate"].items() if k != "Placement"})
