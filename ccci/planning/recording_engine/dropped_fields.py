"""What of a service's spec the Engine passes over without a word: it is stored without it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine.answers import numbers

_CONTAINER = "TaskTemplate.ContainerSpec."
_RESOURCES = "TaskTemplate.Resources."
# moby daemon/server/router/swarm/helpers.go: adjustForAPIVersion, by the version of the request.
_SINCE = {
    f"{_CONTAINER}CapabilityAdd": (1, 41),
    f"{_CONTAINER}CapabilityDrop": (1, 41),
    f"{_CONTAINER}Ulimits": (1, 41),
    f"{_RESOURCES}Limits.Pids": (1, 41),
    f"{_CONTAINER}Healthcheck.StartInterval": (1, 44),
    f"{_CONTAINER}Privileges.Seccomp": (1, 44),
    f"{_CONTAINER}Privileges.AppArmor": (1, 44),
    f"{_CONTAINER}Privileges.NoNewPrivileges": (1, 44),
    f"{_CONTAINER}OomScoreAdj": (1, 46),
    f"{_CONTAINER}Mounts.TmpfsOptions.Options": (1, 46),
    f"{_RESOURCES}SwapBytes": (1, 52),
    f"{_RESOURCES}MemorySwappiness": (1, 52),
}
# moby api/docs/CHANGELOG.md, and in no adjustForAPIVersion: by the version of the Engine itself.
_KNOWN_SINCE = {
    f"{_CONTAINER}Mounts.BindOptions.ReadOnlyNonRecursive": (1, 44),
    f"{_CONTAINER}Mounts.BindOptions.ReadOnlyForceRecursive": (1, 44),
    f"{_CONTAINER}Mounts.VolumeOptions.Subpath": (1, 45),
}
# moby daemon/cluster/convert/container.go has it neither way.
_NEVER = (f"{_CONTAINER}Mounts.Consistency",)


def kept(spec: OwnJson, request: str, engine: str) -> tuple[OwnJson, tuple[str, ...]]:
    """Return what the Engine stores of a spec that was sent, and the fields that it passes over.

    `request` is the API version that the spec was sent with, `engine` the Engine's own.
    """
    asked, knows = numbers(request or engine), numbers(engine)
    paths = [path for path, since in _SINCE.items() if asked < since]
    paths += [path for path, since in _KNOWN_SINCE.items() if knows < since]
    found: Any = spec
    said = []
    for path in (*paths, *_NEVER):
        if any(_values(found, path)):
            said.append(path.removeprefix(_CONTAINER).removeprefix("TaskTemplate."))
        found = _without(found, path)
    return found, tuple(said)


def _values(value: object, path: str) -> Iterator[object]:
    if not path:
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif isinstance(value, Mapping):
        key, _, rest = path.partition(".")
        yield from _values(value.get(key), rest)


def _without(value: Any, path: str) -> Any:  # noqa: ANN401 -- JSON
    key, _, rest = path.partition(".")
    if isinstance(value, list):
        return [_without(each, path) for each in value]
    if not isinstance(value, Mapping) or key not in value:
        return value
    if rest:
        return {**value, key: _without(value[key], rest)}
    return {each: kept for each, kept in value.items() if each != key}
