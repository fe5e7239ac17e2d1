"""In which fields two specs differ, by the names that people know, secrets hidden. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ccci.host import sizes
from ccci.host.json_values import object_in
from ccci.host.masking import HIDDEN, masked
from ccci.host.secret_values import sure_secrets
from ccci.swarm.decode.typed import Json
from ccci.swarm.labels import OF_ABRA, OF_DOCKER

_PREFIXES = (("TaskTemplate.ContainerSpec.", ""), ("TaskTemplate.", ""), ("EndpointSpec.", ""))
_LONGEST = 80
_HIDDEN_BY_A_TRACE = re.compile(r"masked:[0-9a-f]{12}")
_HOLDS_WORDS = (".Env.", ".Args.", ".Command.", ".Healthcheck.Test.", ".LogDriver.Options.")
"""Where people write passwords, be it as a flag: that it changed is told, and not to what."""
_UNITS: Mapping[str, tuple[int, str]] = {
    "NanoCPUs": (10**9, " cores"),
    **dict.fromkeys(
        (
            *("Delay", "Monitor", "Window", "StopGracePeriod"),
            *("Interval", "Timeout", "StartPeriod", "StartInterval"),
        ),
        (10**9, "s"),
    ),
}
"""What the Engine counts in billionths: how many of those make one that people count."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that differs: its path, and both values as text; an empty text where it is not set.

    The value of a variable is never told, nor that of a label that could hold a login.
    """

    path: str
    before: str
    after: str


def differing(before: Json, after: Json) -> tuple[Field, ...]:
    """Return the fields in which two specs of a service differ, in the order of their paths.

    What a variable of theirs holds that is secret is hidden wherever else it stands. Any JSON
    objects are taken, since an Engine, a recording and a COMMAND may send what is no spec.
    """
    was, now = dict(_flat(before)), dict(_flat(after))
    secrets = frozenset().union(*map(_secrets, (was, now)))
    return tuple(
        Field(_named(path), _told(path, was, secrets), _told(path, now, secrets))
        for path in sorted({*was, *now})
        if was.get(path) != now.get(path)
    )


def _secrets(values: Mapping[str, Any]) -> frozenset[str]:
    found = [
        sure_secrets(path.rpartition(".")[2], str(value))
        for path, value in values.items()
        if ".Env." in path
    ]
    return frozenset().union(*found)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- JSON
    keyed = _KEYED.get(path)
    if keyed is not None and isinstance(value, list):
        for each in value:
            key, told = keyed(each)
            yield f"{path}.{key}", told
    elif isinstance(value, Mapping) and value and not _is_set_of(path):
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _variable(value: object) -> tuple[str, str]:
    name, _, text = str(value).partition("=")
    return name, text


def _file(value: object) -> tuple[str, str]:
    config = object_in(value)
    where = object_in(config.get("File"))
    name = config.get("ConfigName") or config.get("SecretName") or "?"
    mode = where.get("Mode")
    bits = f"{mode:o}" if isinstance(mode, int) else "0"
    access = f"{where.get('UID', '')}:{where.get('GID', '')} {bits}"
    return str(where.get("Name") or name), f"{name} ({access})"


def _mount(value: object) -> tuple[str, str]:
    mount = object_in(value)
    access = "read-only" if mount.get("ReadOnly") else "read-write"
    source = mount.get("Source") or "anonymous"
    said = f"{mount.get('Type') or 'volume'} {source} ({access})"
    rest = {key: mount[key] for key in mount.keys() - _OF_A_MOUNT if mount[key]}
    told = f"{said} {json.dumps(rest, sort_keys=True)}" if rest else said
    return str(mount.get("Target") or "?"), told


_CONTAINER = "TaskTemplate.ContainerSpec."
_KEYED: Mapping[str, Callable[[object], tuple[str, str]]] = {
    f"{_CONTAINER}Env": _variable,
    f"{_CONTAINER}Configs": _file,
    f"{_CONTAINER}Secrets": _file,
    f"{_CONTAINER}Mounts": _mount,
}
"""The lists whose items have a name: what reads the name of one, and what it says."""
_OF_A_MOUNT = {"Type", "Source", "Target", "ReadOnly"}


def _is_set_of(path: str) -> bool:
    return path in {"Mode.Global", "Mode.GlobalJob"}


def _named(path: str) -> str:
    for prefix, short in _PREFIXES:
        if path.startswith(prefix):
            return short + path[len(prefix) :]
    return path


def _told(path: str, values: Mapping[str, Any], secrets: frozenset[str]) -> str:
    if path not in values:
        return ""
    value = values[path]
    if any(part in f".{path}." for part in _HOLDS_WORDS) or (
        ".Labels." in f".{path}" and not _open(path)
    ):
        return HIDDEN
    key = path.rpartition(".")[2]
    if key == "MemoryBytes" and isinstance(value, int):
        return sizes.told(value)
    size, unit = _UNITS.get(key, (1, ""))
    if unit and isinstance(value, (int, float)):
        return f"{value / size:g}{unit}"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    text = _HIDDEN_BY_A_TRACE.sub(HIDDEN, masked(text, secrets))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _open(path: str) -> bool:
    key = path.split("Labels.", 1)[1]
    return key.startswith((OF_ABRA, OF_DOCKER))
