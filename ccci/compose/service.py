"""One service as a compose file declares it: only what is written, with the place of each thing.

None means "not written", which matters when files are merged. Durations are nanoseconds, as Go's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ccci.compose.references import FileReference
from ccci.compose.values import Mount, Port


class Place(NamedTuple):
    """Where something is written: the file as named on the command line, and the line."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class UpdateConfig:
    """An `update_config` or `rollback_config` as written."""

    parallelism: int | None = None
    delay: int = 0
    failure_action: str = ""
    monitor: int = 0
    max_failure_ratio: float = 0.0
    order: str = ""


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """A `healthcheck` as written; a test that was a text begins with CMD-SHELL."""

    test: tuple[str, ...] = ()
    interval: int | None = None
    timeout: int | None = None
    retries: int | None = None
    start_period: int | None = None
    disable: bool = False


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """A `restart_policy` as written."""

    condition: str = ""
    delay: int | None = None
    max_attempts: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service of one file, or of several merged."""

    name: str
    image: str = ""
    mode: str = ""
    replicas: int | None = None
    update: UpdateConfig | None = None
    rollback: UpdateConfig | None = None
    restart_policy: RestartPolicy | None = None
    restart: str = ""
    healthcheck: Healthcheck | None = None
    stop_grace_period: int | None = None
    ports: tuple[Port, ...] | None = None
    mounts: tuple[Mount, ...] | None = None
    networks: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    memory_limit: int = 0
    """In bytes, 0 where there is none."""
    memory_reservation: int = 0
    """In bytes, 0 where there is none."""
    interpolated: tuple[str, ...] = ()
    """The health check's durations that hold a variable."""
    max_replicas_per_node: int = 0
    constraints: tuple[str, ...] = ()
    endpoint_mode: str = ""
    built: bool = False
    """Whether there is a `build`."""
    bound_addresses: tuple[str, ...] = ()
    """The `ADDRESS:PUBLISHED` of ports that name an address of a node, which Swarm passes over."""
    cpus: tuple[str, str] = ("", "")
    """The limit and the reservation as written."""
    configs: tuple[str, ...] = ()
    """The keys it refers to."""
    secrets: tuple[str, ...] = ()
    """The keys it refers to."""
    files: tuple[FileReference, ...] = ()
    """What its configs and secrets are in its containers."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Those of the service itself (`deploy.labels`)."""
    container_labels: Mapping[str, str] = field(default_factory=dict)
    """Those of its containers."""
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """What `environment` sets, as text; None is taken from outside."""
    places: dict[str, Place] = field(default_factory=dict)
    """Where each dotted key stands."""

    def place(self, *keys: str) -> Place:
        """Return where the first of these keys that is written stands, else the service."""
        for key in keys:
            if key in self.places:
                return self.places[key]
        return self.places[""]
