"""What Swarm and Docker apply to a service where little or nothing is said. Frozen values."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class UpdatePolicy:
    """An `update_config` or `rollback_config` as Swarm applies it, its defaults filled in.

    Defaults: pause, stop-first, monitor 5 s, ratio 0, parallelism 1, delay 0
    (swarmkit api/defaults/service.go).
    """

    failure_action: str = "pause"
    order: str = "stop-first"
    monitor: float = 5.0
    max_failure_ratio: float = 0.0
    parallelism: int = 1
    delay: float = 0.0


UNSET_UPDATE = UpdatePolicy()
"""What Swarm applies where nothing is said: the one home of its numbers and words."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A health check with Docker's defaults filled in (3 retries, 30 s, 30 s, no start period)."""

    interval: float = 30.0
    timeout: float = 30.0
    retries: int = 3
    start_period: float = 0.0

    @property
    def unhealthy_after(self) -> float:
        """Return the seconds of failing probes after which Docker says unhealthy.

        The interval restarts after each probe ends, so a hanging probe costs both
        (moby daemon/health.go).
        """
        return self.retries * (self.interval + self.timeout)


UNSET_STOP_GRACE = 10.0
"""Seconds that a container has for its end where nothing is said (moby daemon/stop.go)."""

UNSET_CHECK = HealthCheck()
"""What Docker takes where a check leaves something out, or says 0 (moby daemon/health.go)."""


class HealthSource(StrEnum):
    """Where a service's health check is written."""

    DEFINED = "defined"
    DISABLED = "disabled"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """A restart policy with Swarm's defaults: any, 5 s, no limit of attempts."""

    condition: str = "any"
    delay: float = 5.0
    max_attempts: int = 0
    window: float = 0.0


UNSET_RESTART = RestartPolicy()
"""What Swarm applies where nothing is said."""
