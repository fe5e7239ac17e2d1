"""What Swarm will really apply to a service: everything a compose file leaves out filled in.

Pure: a declared service in, its effective policy out. Durations are seconds.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from ccci.compose.numbers import parse_integer
from ccci.compose.service import Healthcheck, Service, UpdateConfig
from ccci.compose.values import Mount
from ccci.swarm.policies import (
    UNSET_CHECK,
    UNSET_RESTART,
    UNSET_STOP_GRACE,
    UNSET_UPDATE,
    HealthCheck,
    RestartPolicy,
    UpdatePolicy,
)
from ccci.swarm.states import Mode

_SECOND = 10**9
_SETTINGS: tuple[str, ...] = (".conf", ".cfg", ".cnf", ".ini", ".toml", ".yml", ".yaml", ".env")
_SETTINGS += (".crt", ".pem", ".key", ".properties", ".xml", ".sh", ".tmpl")


class CheckSource(StrEnum):
    """Where a service's health check comes from; the values are JSON's words."""

    DEFINED = "defined"
    NONE = "none"
    DISABLED = "disabled"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class Effective:
    """A service's policy as Swarm applies it."""

    name: str
    image: str
    mode: Mode
    replicas: int | None
    """None for a global service."""
    update: UpdatePolicy
    update_declared: bool
    rollback: UpdatePolicy
    rollback_declared: bool
    restart: RestartPolicy
    health: CheckSource
    check: HealthCheck | None
    """With Docker's defaults; None where nothing is probed or only the image knows what."""
    start_period: float | None
    """None where nothing is probed."""
    stop_grace: float
    volumes: tuple[str, ...]
    shared: tuple[str, ...]
    """The places that two tasks of the service would both write to."""
    host_ports: tuple[int, ...]
    published: bool
    memory_limit: int
    memory_reservation: int
    max_per_node: int = 0
    bound_addresses: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Say whether it is meant to hold tasks that stay."""
        return not self.mode.is_job and self.replicas != 0 and self.restart.condition != "none"

    @property
    def rolls(self) -> bool:
        """Say whether Swarm updates it by an update policy at all (jobs have none)."""
        return not self.mode.is_job

    @property
    def start_first(self) -> bool:
        """Say whether old and new tasks run side by side during an update."""
        return self.rolls and self.replicas != 0 and self.update.order == "start-first"


def effective(service: Service) -> Effective:
    """Return the policy Swarm applies to a declared service."""
    mode = Mode(service.mode) if service.mode in set(Mode) else Mode.REPLICATED
    mounts = service.mounts or ()
    health, check = _health(service.healthcheck)
    host = {port.published for port in service.ports or () if port.mode == "host"}
    return Effective(
        name=service.name,
        image=service.image,
        mode=mode,
        replicas=None if mode.is_global else 1 if service.replicas is None else service.replicas,
        update=_update(service.update),
        update_declared=service.update is not None,
        rollback=_update(service.rollback),
        rollback_declared=service.rollback is not None,
        restart=_restart(service),
        health=health,
        check=check,
        start_period=_start_period(service.healthcheck, health),
        stop_grace=UNSET_STOP_GRACE
        if service.stop_grace_period is None
        else service.stop_grace_period / _SECOND,
        volumes=tuple(sorted({m.source for m in mounts if m.type == "volume" and m.source})),
        shared=tuple(sorted({m.source for m in mounts if writes_shared(m)})),
        host_ports=tuple(sorted(host - {0})),
        published=bool(service.ports),
        memory_limit=service.memory_limit,
        memory_reservation=service.memory_reservation,
        max_per_node=service.max_replicas_per_node,
        bound_addresses=service.bound_addresses,
    )


_SCRATCH = re.compile(r"(?:^|[/._-])(?:logs?|caches?|tmp|temp)/?$", re.IGNORECASE)


def writes_shared(mount: Mount) -> bool:
    """Say whether two tasks on one node would write to the same place through this mount.

    Sockets, the system's own folders and single files of settings are shared by everybody and
    written by nobody's data; logs and caches are made to be written by several.
    """
    if mount.read_only or not mount.source or mount.type not in {"volume", "bind"}:
        return False
    if "{{" in mount.source:
        return False  # a name with the task in it is another for each task
    if _SCRATCH.search(mount.source) or _SCRATCH.search(mount.target):
        return False
    if mount.type == "volume":
        return True
    if mount.source.lower().endswith(_SETTINGS):
        return False
    system = ("/dev", "/proc", "/sys", "/etc/localtime", "/etc/timezone", "/run", "/var/run")
    return not mount.source.endswith(".sock") and not any(
        mount.source == folder or mount.source.startswith(f"{folder}/") for folder in system
    )


def _update(declared: UpdateConfig | None) -> UpdatePolicy:
    if declared is None:
        return UNSET_UPDATE
    # A monitor of 0 means "not set" to the Engine, which then takes Swarm's 5 s
    # (moby daemon/cluster/convert/service.go; swarmkit api/defaults/service.go).
    return UpdatePolicy(
        failure_action=declared.failure_action or UNSET_UPDATE.failure_action,
        order=declared.order or UNSET_UPDATE.order,
        monitor=declared.monitor / _SECOND or UNSET_UPDATE.monitor,
        max_failure_ratio=declared.max_failure_ratio,
        parallelism=UNSET_UPDATE.parallelism
        if declared.parallelism is None
        else declared.parallelism,
        delay=declared.delay / _SECOND,
    )


def _restart(service: Service) -> RestartPolicy:
    declared = service.restart_policy
    if declared is not None:
        return RestartPolicy(
            condition=declared.condition or UNSET_RESTART.condition,
            delay=UNSET_RESTART.delay if declared.delay is None else declared.delay / _SECOND,
            max_attempts=declared.max_attempts or 0,
            window=(declared.window or 0) / _SECOND,
        )
    # The older `restart:` counts where there is no restart_policy, except `no`, which is ignored
    # (docker/cli cli/compose/convert/service.go, convertRestartPolicy).
    word, _, attempts = service.restart.partition(":")
    if word == "on-failure":
        return RestartPolicy("on-failure", max_attempts=_attempts(attempts))
    return UNSET_RESTART


def _attempts(text: str) -> int:
    try:
        return max(parse_integer(text), 0)
    except ValueError:
        return 0


def _start_period(declared: Healthcheck | None, health: CheckSource) -> float | None:
    if declared is None or health is CheckSource.DISABLED:
        return None
    return (declared.start_period or 0) / _SECOND


def _health(declared: Healthcheck | None) -> tuple[CheckSource, HealthCheck | None]:
    if declared is None:
        return CheckSource.NONE, None
    if declared.disable or declared.test[:1] == ("NONE",):
        return CheckSource.DISABLED, None
    if not declared.test:
        return CheckSource.INHERITED, None
    # Zero is "not set" for each of them (moby daemon/health.go: 30 s, 30 s, 3).
    return CheckSource.DEFINED, HealthCheck(
        interval=(declared.interval or 0) / _SECOND or UNSET_CHECK.interval,
        timeout=(declared.timeout or 0) / _SECOND or UNSET_CHECK.timeout,
        retries=declared.retries or UNSET_CHECK.retries,
        start_period=(declared.start_period or 0) / _SECOND,
    )
