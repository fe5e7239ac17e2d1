"""The shape of the JSON that a plan is made from, as tables; whatever has another one is refused.

COMMAND sends what it likes, and what answers as an Engine need not be one. Pure.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ccci.errors import NO_ENGINE, EngineError
from ccci.planning.objects import Kind
from ccci.planning.recording_engine.refusals.refused import INVALID, Refused
from ccci.swarm.decode import specs
from ccci.swarm.decode.typed import OwnJson

Shape = Any
"""A type; a list of one shape; or a mapping of keys to shapes, ANY for those it does not name."""

ANY = "*"
_DEEPEST = 64
_LARGEST = 2**64

_LABELS: Shape = {ANY: str}
_OF_A_KIND: Shape = {
    "NamedResourceSpec": {"Kind": str, "Value": str},
    "DiscreteResourceSpec": {"Kind": str, "Value": int},
}
_SIZES: Shape = {"MemoryBytes": int, "NanoCPUs": int, "GenericResources": [_OF_A_KIND]}
_RESOURCES: Shape = {"Limits": _SIZES, "Reservations": _SIZES}
_FILE: Shape = {"Name": str, "UID": str, "GID": str, "Mode": int}
_ATTACHED: Shape = [{"Target": str}]
_PORT: Shape = {"TargetPort": int, "PublishedPort": int, "Protocol": str, "PublishMode": str}
_MOUNT: Shape = {
    **dict.fromkeys(("Type", "Source", "Target"), str),
    "BindOptions": {"Propagation": str},
    "VolumeOptions": {"Labels": _LABELS, "DriverConfig": {"Name": str, "Options": {ANY: str}}},
}
_UPDATE: Shape = {
    **dict.fromkeys(("FailureAction", "Order"), str),
    **dict.fromkeys(("Parallelism", "Delay", "Monitor"), int),
}
_RESTART: Shape = {"Condition": str, "Delay": int, "Window": int, "MaxAttempts": int}
_TASK_SPEC: Shape = {
    "Runtime": str,
    "Networks": _ATTACHED,
    "Placement": {"MaxReplicas": int, "Constraints": [str]},
    "RestartPolicy": _RESTART,
    "Resources": _RESOURCES,
    "LogDriver": {"Options": {}},
    "ContainerSpec": {
        "Image": str,
        "Isolation": str,
        "Labels": _LABELS,
        "Hostname": str,
        "Healthcheck": {
            **dict.fromkeys(("Interval", "Timeout", "StartPeriod", "Retries"), int),
            "Test": [str],
        },
        "Mounts": [_MOUNT],
        "Configs": [{"ConfigID": str, "ConfigName": str, "File": _FILE, "Runtime": {}}],
        "Secrets": [{"SecretID": str, "SecretName": str, "File": _FILE}],
        "Env": [str],
        "Args": [str],
        "Command": [str],
    },
}
_SERVICE_SPEC: Shape = {
    "Name": str,
    "Labels": _LABELS,
    "Mode": {"Replicated": {"Replicas": int}, ANY: {}},
    "EndpointSpec": {"Mode": str, "Ports": [_PORT]},
    "Networks": _ATTACHED,
    "UpdateConfig": _UPDATE,
    "RollbackConfig": _UPDATE,
    "TaskTemplate": _TASK_SPEC,
}
_KEPT_SPEC: Shape = {"Name": str, "Labels": _LABELS, "Data": str}
_NETWORK: Shape = {"Name": str, "Driver": str, "Labels": _LABELS, "Options": {}}
_KEPT: Shape = {"ID": str, "Version": {"Index": int}, "Spec": _KEPT_SPEC}

SPECS: dict[Kind, Shape] = {
    Kind.SERVICE: _SERVICE_SPEC,
    Kind.NETWORK: _NETWORK,
    Kind.CONFIG: _KEPT_SPEC,
    Kind.SECRET: _KEPT_SPEC,
}
LISTED: dict[str, tuple[tuple[str, ...], Shape]] = {
    Kind.SERVICE: (
        ("ID", "Spec"),
        {
            "ID": str,
            "Version": {"Index": int},
            "Spec": _SERVICE_SPEC,
            "PreviousSpec": _SERVICE_SPEC,
            "Endpoint": {"Ports": [_PORT]},
        },
    ),
    Kind.NETWORK: (("Id", "Name"), {**_NETWORK, "Id": str}),
    Kind.CONFIG: (("ID", "Spec"), _KEPT),
    Kind.SECRET: (("ID", "Spec"), _KEPT),
    "tasks": (
        ("ID",),
        {
            **dict.fromkeys(("ID", "ServiceID", "NodeID", "DesiredState"), str),
            "Status": {"State": str},
            "Spec": {"Resources": _RESOURCES},
        },
    ),
    "nodes": (("ID",), {"ID": str, "Spec": {}, "Description": {"Resources": _SIZES}}),
}
"""The keys that an object of a listing has to have, and its shape."""


def sent(kind: Kind, spec: Any) -> OwnJson:  # noqa: ANN401 -- any JSON
    """Return a spec that COMMAND sent. Raise Refused for one that no Engine would take."""
    wrong = "it is no object" if not isinstance(spec, dict) else _wrong(spec, SPECS[kind])
    if not wrong and kind is Kind.SERVICE:
        try:
            specs.spec(spec)
        except EngineError as error:
            wrong = error.message
    if wrong:
        raise Refused(INVALID, f"ccci plan cannot read this {kind.word}: {wrong}")
    found: OwnJson = spec
    return found


def listed(what: str, answer: Iterable[OwnJson]) -> list[OwnJson]:
    """Return a listing of the Engine. Raise EngineError where it holds what it cannot hold."""
    required, shape = LISTED[what]
    found = list(answer)
    for each in found:
        lacking = next((key for key in required if not each.get(key)), None)
        wrong = f"{lacking} is missing" if lacking else _wrong(each, shape)
        if wrong:
            raise EngineError(
                0,
                f"the Engine's answer to /{what} makes no sense: {wrong}",
                NO_ENGINE,
            )
    return found


def _wrong(value: Any, shape: Shape, path: str = "", depth: int = 0) -> str:  # noqa: ANN401 -- any JSON
    """Return what is wrong with a value, or nothing; a null is an absent one, as in Go."""
    if value is None:
        return ""
    wrong = _of_another_type(value, shape) or ("nested too deep" if depth > _DEEPEST else "")
    if wrong:
        return f"{path} is {wrong}"
    for key, one, inner in _below(value, shape):
        place = f"{path}.{key[:80]}" if path else key[:80]
        if one is None and inner is not None and isinstance(value, list):
            return f"{place} is null"
        wrong = _wrong(one, inner, place, depth + 1)
        if wrong:
            return wrong
    return ""


def _of_another_type(value: object, shape: Shape) -> str:
    if isinstance(shape, type):
        fits = isinstance(value, shape) and not isinstance(value, bool)
        wanted = {str: "a text", int: "a whole number"}[shape]
    else:
        fits = shape is None or isinstance(value, type(shape))
        wanted = "a list" if isinstance(shape, list) else "an object"
    if not fits:
        return f"{type(value).__name__}, not {wanted}"
    huge = isinstance(value, (int, float)) and not (math.isfinite(value) and abs(value) < _LARGEST)
    return "beyond all numbers" if huge else ""


def _below(value: object, shape: Shape) -> Iterator[tuple[str, object, Shape]]:
    """Give what a value holds: its place, itself, the shape that it has to have."""
    if isinstance(value, Mapping):
        known: Mapping[str, Shape] = shape if isinstance(shape, dict) else {}
        yield from ((key, one, known.get(key, known.get(ANY))) for key, one in value.items())
    elif isinstance(value, list):
        inner = shape[0] if isinstance(shape, list) else None
        yield from ((str(at), one, inner) for at, one in enumerate(value))
