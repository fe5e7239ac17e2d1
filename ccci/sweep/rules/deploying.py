"""What `docker stack deploy` refuses although `docker stack config` takes it.

The docker CLI's own conversion comes first (docker/cli cli/compose/convert), then what the Engine
checks of each service that it is sent (swarmkit manager/controlapi/service.go).
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from ccci.compose.numbers import parse_integer
from ccci.compose.sections import Sections
from ccci.compose.service import Service, UpdateConfig
from ccci.names import LONGEST_SERVICE_NAME, SERVICE_NAME
from ccci.swarm.engine_limits import (
    ENDPOINT_MODES,
    LEAST_HEALTH_PERIOD,
    LEAST_MEMORY,
    LEAST_NANO_CPUS,
    NANO_CPUS,
    RESTART_CONDITIONS,
    UPDATE_ACTIONS,
    constraint_fault,
    is_image_name,
)
from ccci.sweep.rules.attaching import attached
from ccci.sweep.rules.model import Hit

Refusal = tuple[str, Hit]
"""A service's name and what is refused of it."""

_MODES = {"", "replicated", "global", "replicated-job", "global-job"}
_RESTARTS = {"", "no", "always", "unless-stopped", "on-failure"}


def refusals(services: Mapping[str, Service], sections: Sections, stack: str) -> Iterator[Refusal]:
    """Yield what is refused of each service; `stack` is empty where its name is not known.

    What several services refer to and nothing declares is said of the first.
    """
    said: set[str] = set()
    taken: dict[tuple[int, str], tuple[str, str]] = {}
    for name, service in services.items():
        for hit in _of_service(name, service, stack):
            yield name, hit
        for hit in _names(service, sections):
            if hit.message not in said:
                said.add(hit.message)
                yield name, hit
        for hit in _ports(name, service, taken):
            yield name, hit


def is_fragment(services: Mapping[str, Service]) -> bool:
    """Say whether a file is to be merged with another: a service has no image, nor is it built."""
    return any(not service.image and not service.built for service in services.values())


def _of_service(name: str, service: Service, stack: str) -> Iterator[Hit]:
    yield from _name(name, stack)
    yield from _image(service)
    yield from _mode(service)
    yield from attached(service)
    yield from _updates(service)
    yield from _restart(service)
    yield from _healthcheck(service)
    yield from _resources(service)
    for constraint in service.constraints:
        if constraint_fault(constraint):
            yield Hit(
                f"`{constraint}` is no constraint",
                "write it as `node.labels.KEY == VALUE` or `!=`",
                ("deploy.placement.constraints", "deploy.placement"),
            )


def _name(name: str, stack: str) -> Iterator[Hit]:
    if not SERVICE_NAME.fullmatch(name):
        yield Hit(
            f"`{name}` is no name for a service: it has to be one for DNS, without dots",
            "rename the service",
        )
    elif stack and len(f"{stack}_{name}") > LONGEST_SERVICE_NAME:
        yield Hit(
            f"`{stack}_{name}` is longer than the {LONGEST_SERVICE_NAME} characters of a service's "
            "name",
            "rename the service, or deploy under a shorter name",
        )


def _image(service: Service) -> Iterator[Hit]:
    if not service.image:
        yield Hit("the service has no image, and Swarm builds none", "name an image", ("image",))
    elif not is_image_name(service.image, everywhere=True):
        yield Hit(
            f"`{service.image}` names no image", "write it as `name:tag`, in lower case", ("image",)
        )


def _mode(service: Service) -> Iterator[Hit]:
    if service.mode not in _MODES:
        yield Hit(
            f"`mode: {service.mode}` is unknown",
            "write `replicated` or `global`",
            ("deploy.mode",),
        )
    elif service.mode.startswith("global") and service.replicas is not None:
        yield Hit(
            f"`mode: {service.mode}` has no replicas",
            "leave `replicas` out",
            ("deploy.replicas", "deploy.mode"),
        )
    # In capitals or not: the CLI writes them small (cli/compose/convert, convertEndpointSpec).
    if service.endpoint_mode.lower() not in ENDPOINT_MODES:
        yield Hit(
            f"`endpoint_mode: {service.endpoint_mode}` is unknown",
            "write `vip` or `dnsrr`",
            ("deploy.endpoint_mode", "deploy"),
        )


def _updates(service: Service) -> Iterator[Hit]:
    for key, config in (("update_config", service.update), ("rollback_config", service.rollback)):
        if config is None:
            continue
        path = f"deploy.{key}"
        if service.mode.endswith("-job"):
            yield Hit(f"a job has no {key}", f"leave `{key}` out", (path, "deploy"))
            continue
        yield from _update(config, path)


def _update(config: UpdateConfig, path: str) -> Iterator[Hit]:
    if config.failure_action not in UPDATE_ACTIONS:
        yield Hit(
            f"`failure_action: {config.failure_action}` is unknown",
            "write `pause`, `continue` or `rollback`, in lower case",
            (f"{path}.failure_action", path),
        )
    if not 0 <= config.max_failure_ratio <= 1:
        yield Hit(
            f"max_failure_ratio {config.max_failure_ratio:g} lies outside of 0 to 1",
            "write a part of the tasks, such as 0.5",
            (f"{path}.max_failure_ratio", path),
        )
    for key, value in (("monitor", config.monitor), ("delay", config.delay)):
        if value < 0:
            yield Hit(f"`{key}` is negative", "write a duration above 0", (f"{path}.{key}", path))


def _restart(service: Service) -> Iterator[Hit]:
    policy = service.restart_policy
    if policy is None:
        word, separator, attempts = service.restart.partition(":")
        if word not in _RESTARTS or (separator and not word) or not _is_count(attempts):
            yield Hit(
                f"`restart: {service.restart}` is no restart policy",
                "write `always`, `on-failure` or `no`",
                ("restart",),
            )
        return
    path = "deploy.restart_policy"
    if policy.condition not in RESTART_CONDITIONS:
        yield Hit(
            f"`condition: {policy.condition}` is unknown to Swarm",
            "write `any`, `on-failure` or `none`",
            (f"{path}.condition", path),
        )
    for key, value in (("delay", policy.delay), ("window", policy.window)):
        if value is not None and value < 0:
            yield Hit(f"`{key}` is negative", "write a duration above 0", (f"{path}.{key}", path))


def _is_count(text: str) -> bool:
    try:
        return not text or parse_integer(text) is not None
    except ValueError:
        return False


def _healthcheck(service: Service) -> Iterator[Hit]:
    check = service.healthcheck
    if check is None:
        return
    if check.disable:
        if check.test:
            yield Hit(
                "a health check has a test and is disabled",
                "leave one of them out",
                ("healthcheck.disable", "healthcheck"),
            )
        return
    for key, value in (
        ("interval", check.interval),
        ("timeout", check.timeout),
        ("start_period", check.start_period),
    ):
        if value and value < LEAST_HEALTH_PERIOD:
            yield Hit(
                f"the health check's {key} is less than a millisecond",
                "write a longer one",
                (f"healthcheck.{key}", "healthcheck"),
            )


def _resources(service: Service) -> Iterator[Hit]:
    for which, amount in (
        ("limits", service.memory_limit),
        ("reservations", service.memory_reservation),
    ):
        if amount and amount < LEAST_MEMORY:
            yield Hit(
                f"memory of {amount} bytes is less than the 4 MiB that Swarm asks for",
                "write a unit, such as `512m`",
                (f"deploy.resources.{which}.memory", "deploy"),
            )
    for which, text in zip(("limits", "reservations"), service.cpus, strict=True):
        if text and not _are_cpus(text):
            yield Hit(
                f"`cpus: {text}` is no number of CPUs",
                "write a number with at most three decimals, such as '0.5'",
                (f"deploy.resources.{which}.cpus", "deploy"),
            )


def _are_cpus(text: str) -> bool:
    if not re.fullmatch(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]{1,3})?|[-+]?[0-9]+/[0-9]+", text):
        return False
    try:
        number = Fraction(text) * NANO_CPUS
    except (ValueError, ZeroDivisionError):
        return False
    return number.denominator == 1 and (number == 0 or number >= LEAST_NANO_CPUS)


def _names(service: Service, sections: Sections) -> Iterator[Hit]:
    volumes = tuple(
        mount.source for mount in service.mounts or () if mount.type == "volume" and mount.source
    )
    for kind, names, known in (
        ("network", service.networks, sections.networks),
        ("volume", volumes, sections.volumes),
        ("secret", service.secrets, sections.secrets),
        ("config", service.configs, sections.configs),
    ):
        for name in dict.fromkeys(names):
            if name not in known and not (kind == "network" and name == "default"):
                target = next((m.target for m in service.mounts or () if m.source == name), "")
                keys = (f"volumes.{target}",) if kind == "volume" else (f"{kind}s.{name}",)
                yield Hit(
                    f"the {kind} `{name}` is declared nowhere",
                    f"declare it under the top-level `{kind}s`, or correct the name",
                    (*keys, f"{kind}s"),
                )


def _ports(
    name: str, service: Service, taken: dict[tuple[int, str], tuple[str, str]]
) -> Iterator[Hit]:
    own: set[tuple[int, str]] = set()
    for port in service.ports or ():
        ingress = port.mode != "host"
        keys = (f"ports.{port.published}", "ports")
        if service.endpoint_mode.lower() == "dnsrr" and ingress:
            yield Hit(
                f"port {port.published or port.target} is published through the ingress network, "
                "which `endpoint_mode: dnsrr` has not",
                "publish it in `mode: host`, or leave endpoint_mode out",
                keys,
            )
        if not port.published:
            continue
        key = (port.published, port.protocol or "tcp")
        if key in own:
            yield Hit(
                f"port {port.published}/{key[1]} is published twice",
                "publish it once",
                keys,
            )
            continue
        own.add(key)
        other, mode = taken.setdefault(key, (name, port.mode))
        if other != name and (ingress or mode != "host"):
            yield Hit(
                f"port {port.published}/{key[1]} is published by {other} already",
                "publish one of them on another port",
                keys,
            )
