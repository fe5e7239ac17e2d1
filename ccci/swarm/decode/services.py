"""A service as it is listed, for who follows no rollout: what it mounts, publishes, is called.

Pure. Each word is read when it is asked for, so that an odd one spoils no other; one that makes no
sense raises EngineError.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccci.swarm.decode.listed import Listed, listed
from ccci.swarm.decode.ports import Port, ports_in
from ccci.swarm.decode.typed import Json, inside, labels, objects, seconds, text, texts, whole


@dataclass(frozen=True, slots=True)
class Mounted:
    """What a service mounts; `owner` is the stack that the mount itself labels its volume with."""

    raw: Json

    @property
    def kind(self) -> str:
        """Return the kind of mount as it is said."""
        return text(self.raw, "Type")

    @property
    def source(self) -> str:
        """Return what is mounted, empty for an anonymous volume."""
        return text(self.raw, "Source")

    @property
    def target(self) -> str:
        """Return where in the container it lies."""
        return text(self.raw, "Target")

    @property
    def read_only(self) -> bool:
        """Say whether nobody writes it through this mount."""
        return bool(self.raw.get("ReadOnly"))

    @property
    def owner(self) -> str:
        """Return the stack that the labels of its volume name, or nothing."""
        return Listed("", "", labels(inside(self.raw, "VolumeOptions"))).owner


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service of a listing."""

    raw: Json

    @property
    def listed(self) -> Listed:
        """Return its id, its name and its labels."""
        return listed(self.raw)

    @property
    def was_rolled_back(self) -> bool:
        """Say whether Swarm took it back to its former spec, or is about to."""
        return text(inside(self.raw, "UpdateStatus"), "State").startswith("rollback")

    @property
    def ports(self) -> tuple[Port, ...]:
        """Return the ports that its endpoint has."""
        return ports_in(inside(self.raw, "Endpoint"))

    @property
    def publishes(self) -> bool:
        """Say whether its spec asks for any port to be published."""
        return bool(ports_in(inside(self._spec, "EndpointSpec")))

    @property
    def image(self) -> str:
        """Return its image as the spec names it."""
        return text(self._container, "Image")

    @property
    def mounts(self) -> tuple[Mounted, ...]:
        """Return what it mounts."""
        return tuple(Mounted(each) for each in objects(self._container, "Mounts"))

    @property
    def networks(self) -> tuple[str, ...]:
        """Return the networks that its tasks attach to, by id or by name."""
        return tuple(text(each, "Target") for each in self._attached)

    @property
    def aliases(self) -> frozenset[str]:
        """Return its aliases on all of its networks."""
        return frozenset(alias for each in self._attached for alias in texts(each, "Aliases"))

    @property
    def hostname(self) -> str:
        """Return the host name of its containers, or nothing."""
        return text(self._container, "Hostname")

    @property
    def container_labels(self) -> dict[str, str]:
        """Return the labels of its containers."""
        return labels(self._container)

    @property
    def declares_update(self) -> bool:
        """Say whether an update policy was asked for."""
        return "UpdateConfig" in self._spec

    @property
    def declares_rollback(self) -> bool:
        """Say whether a rollback policy was asked for."""
        return "RollbackConfig" in self._spec

    @property
    def tunes_check(self) -> bool:
        """Say whether anything is said of a health check, be it of the image's own."""
        return bool(self._check)

    @property
    def start_period(self) -> float:
        """Return the seconds that its health check gives a container to start."""
        return seconds(self._check, "StartPeriod") or 0.0

    @property
    def memory_reservation(self) -> int:
        """Return the bytes of memory that a node has to have free for a task, 0 where unsaid."""
        reserved = inside(inside(self._template, "Resources"), "Reservations")
        return whole(reserved, "MemoryBytes") or 0

    @property
    def max_per_node(self) -> int:
        """Return how many of its tasks a node may have, 0 for no limit."""
        return whole(inside(self._template, "Placement"), "MaxReplicas") or 0

    @property
    def _spec(self) -> Json:
        return inside(self.raw, "Spec")

    @property
    def _template(self) -> Json:
        return inside(self._spec, "TaskTemplate")

    @property
    def _container(self) -> Json:
        return inside(self._template, "ContainerSpec")

    @property
    def _check(self) -> Json:
        return inside(self._container, "Healthcheck")

    @property
    def _attached(self) -> list[Json]:
        return objects(self._template, "Networks")


def entries(answers: Iterable[Json]) -> list[ServiceEntry]:
    """Return the services of a listing."""
    return [ServiceEntry(each) for each in answers]
