"""What Swarm will really apply to a service: everything a compose file leaves out filled in.

Pure: a declared service in, its effective policy out. Durations are seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from ccci.compose.service import Healthcheck, Service, UpdateConfig
from ccci.compose.values import Mount
from ccci.swarm.model import HealthCheck, Mode, RestartPolicy, UpdatePolicy

_SECOND = 10**9
DEFAULT_STOP_GRACE = 10.0


class Health(StrEnum):
    """Where a service's health check comes from; the values are JSON's words."""

    DEFINED = "defined"
    NONE = "none"
    DISABLED = "disabled"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class Effective:
    """A service's policy as Swarm applies it.

    `replicas` is None for a global service. `check` is the health check with Docker's defaults,
    or None where nothing is probed or only the image knows what. `start_period` is None where
    nothing is probed. `shared` are the places that two tasks of the service would both write to.
    """

    name: str
    image: str
    mode: Mode
    replicas: int | None
    update: UpdatePolicy
    update_declared: bool
    rollback: UpdatePolicy
    rollback_declared: bool
    restart: RestartPolicy
    health: Health
    check: HealthCheck | None
    start_period: float | None
    stop_grace: float
    volumes: tuple[str, ...]
    shared: tuple[str, ...]
    host_ports: tuple[int, ...]
    published: bool
    memory_limit: int
    memory_reservation: int

    @property
    def rolls(self) -> bool:
        """Say whether Swarm updates it by an update policy at all (jobs have none)."""
        return not self.mode.is_job

    @property
    def start_first(self) -> bool:
        """Say whether old and new tasks run side by side during an update."""
        return self.rolls and self.update.order == "start-first"


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
        stop_grace=DEFAULT_STOP_GRACE
        if service.stop_grace_period is None
        else service.stop_grace_period / _SECOND,
        volumes=tuple(sorted({m.source for m in mounts if m.type == "volume" and m.source})),
        shared=tuple(sorted({m.source for m in mounts if writes_shared(m)})),
        host_ports=tuple(sorted(host - {0})),
        published=bool(service.ports),
        memory_limit=service.memory_limit,
        memory_reservation=service.memory_reservation,
    )


def writes_shared(mount: Mount) -> bool:
    """Say whether two tasks on one node would write to the same place through this mount.

    Sockets and the system's own folders are shared by everybody and written by nobody's data.
    """
    if mount.read_only or not mount.source or mount.type not in {"volume", "bind"}:
        return False
    if mount.type == "volume":
        return True
    system = ("/dev", "/proc", "/sys", "/etc/localtime", "/etc/timezone", "/run", "/var/run")
    return not mount.source.endswith(".sock") and not any(
        mount.source == folder or mount.source.startswith(f"{folder}/") for folder in system
    )


def _update(declared: UpdateConfig | None) -> UpdatePolicy:
    if declared is None:
        return UpdatePolicy()
    # A monitor of 0 means "not set" to the Engine, which then takes Swarm's 5 s
    # (moby daemon/cluster/convert/service.go; swarmkit api/defaults/service.go).
    return UpdatePolicy(
        failure_action=declared.failure_action or "pause",
        order=declared.order or "stop-first",
        monitor=declared.monitor / _SECOND or 5.0,
        max_failure_ratio=declared.max_failure_ratio,
        parallelism=1 if declared.parallelism is None else declared.parallelism,
        delay=declared.delay / _SECOND,
    )


def _restart(service: Service) -> RestartPolicy:
    declared = service.restart_policy
    if declared is not None:
        return RestartPolicy(
            condition=declared.condition or "any",
            delay=5.0 if declared.delay is None else declared.delay / _SECOND,
            max_attempts=declared.max_attempts or 0,
            window=(declared.window or 0) / _SECOND,
        )
    # The older `restart:` counts where there is no restart_policy, except `no`, which is ignored
    # (docker/cli cli/compose/convert/service.go, convertRestartPolicy).
    word, _, attempts = service.restart.partition(":")
    if word == "on-failure":
        return RestartPolicy("on-failure", max_attempts=int(attempts) if attempts.isdigit() else 0)
    return RestartPolicy()


def _start_period(declared: Healthcheck | None, health: Health) -> float | None:
    if declared is None or health is Health.DISABLED:
        return None
    return (declared.start_period or 0) / _SECOND


def _health(declared: Healthcheck | None) -> tuple[Health, HealthCheck | None]:
    if declared is None:
        return Health.NONE, None
    if declared.disable or declared.test[:1] == ("NONE",):
        return Health.DISABLED, None
    if not declared.test:
        return Health.INHERITED, None
    # Zero is "not set" for each of them (moby daemon/health.go: 30 s, 30 s, 3).
    return Health.DEFINED, HealthCheck(
        interval=(declared.interval or 0) / _SECOND or 30.0,
        timeout=(declared.timeout or 0) / _SECOND or 30.0,
        retries=declared.retries or 3,
        start_period=(declared.start_period or 0) / _SECOND,
    )
