"""Several files as one, as `docker stack deploy -c A -c B` merges them (cli/compose/loader).

The library behind it (mergo) leaves marks that are kept: what is empty or zero never overrides,
so that `monitor: 0s` or `max_failure_ratio: 0` cannot reset a base, but `parallelism: 0` can; the
words of a health check's test are appended; ports go by their published number alone, mounts by
their target; a volume or network that is named again replaces the earlier one whole.
"""

from collections.abc import Callable, Hashable
from dataclasses import fields, replace
from typing import TypeVar

from ccci.compose.service import Healthcheck, RestartPolicy, Service, UpdateConfig

_Block = TypeVar("_Block", UpdateConfig, Healthcheck, RestartPolicy)
_Item = TypeVar("_Item")

# Pointers to a count are replaced even by 0; everything else keeps the base's value then.
_ZERO_OVERRIDES = {"parallelism", "retries", "max_attempts"}
_APPENDED = {"test"}


def services(base: dict[str, Service], override: dict[str, Service]) -> dict[str, Service]:
    """Return the services of both, those that both have merged, in order of their names."""
    merged = dict(base)
    for name, service in override.items():
        merged[name] = one(base[name], service) if name in base else service
    return dict(sorted(merged.items()))


def one(base: Service, override: Service) -> Service:
    """Return a service with an override on top."""
    replicas = base.replicas if override.replicas is None else override.replicas
    return replace(
        base,
        image=override.image or base.image,
        mode=override.mode or base.mode,
        replicas=replicas,
        update=_block(base.update, override.update),
        rollback=_block(base.rollback, override.rollback),
        restart_policy=_block(base.restart_policy, override.restart_policy),
        restart=override.restart or base.restart,
        healthcheck=_block(base.healthcheck, override.healthcheck),
        stop_grace_period=_pointer(base.stop_grace_period, override.stop_grace_period),
        ports=_keyed(base.ports, override.ports, lambda port: port.published),
        mounts=_keyed(base.mounts, override.mounts, lambda mount: mount.target),
        networks=tuple(dict.fromkeys(base.networks + override.networks)),
        depends_on=base.depends_on + override.depends_on,
        memory_limit=override.memory_limit or base.memory_limit,
        memory_reservation=override.memory_reservation or base.memory_reservation,
        max_replicas_per_node=override.max_replicas_per_node or base.max_replicas_per_node,
        constraints=base.constraints + override.constraints,
        endpoint_mode=override.endpoint_mode or base.endpoint_mode,
        cpus=(override.cpus[0] or base.cpus[0], override.cpus[1] or base.cpus[1]),
        built=base.built or override.built,
        bound_addresses=tuple(dict.fromkeys(base.bound_addresses + override.bound_addresses)),
        configs=tuple(dict.fromkeys(base.configs + override.configs)),
        secrets=tuple(dict.fromkeys(base.secrets + override.secrets)),
        files=_keyed(base.files, override.files, lambda file: file[:2]) or (),
        labels={**base.labels, **override.labels},
        container_labels={**base.container_labels, **override.container_labels},
        environment={**base.environment, **override.environment},
        interpolated=tuple(dict.fromkeys(base.interpolated + override.interpolated)),
        places={**base.places, **override.places, "": base.places[""]},
    )


def _pointer(base: int | None, override: int | None) -> int | None:
    if base is None:
        return override
    return override or base


def _block(base: _Block | None, override: _Block | None) -> _Block | None:
    if base is None or override is None:
        return override if base is None else base
    changes = {}
    for each in fields(base):
        key = each.name
        old, new = getattr(base, key), getattr(override, key)
        if key in _APPENDED:
            changes[key] = old + new
        elif new or (new is not None and (key in _ZERO_OVERRIDES or old is None)):
            changes[key] = new
    return replace(base, **changes)


def _keyed(
    base: tuple[_Item, ...] | None,
    override: tuple[_Item, ...] | None,
    key: Callable[[_Item], Hashable],
) -> tuple[_Item, ...] | None:
    """Merge two lists by a key; a base list goes through it even where nothing overrides.

    So a base that publishes 53/tcp and 53/udp loses the first as soon as any file says anything
    of that service.
    """
    if base is None:
        return override
    merged = {key(item): item for item in base}
    merged |= {key(item): item for item in override or ()}
    return tuple(sorted(merged.values(), key=key))  # type: ignore[arg-type]
