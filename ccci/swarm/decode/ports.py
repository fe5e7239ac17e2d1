"""A port that a service or a task publishes. Pure; read word by word, as tasks are."""

from dataclasses import dataclass

from ccci.swarm.decode.typed import Json, objects, whole


@dataclass(frozen=True, slots=True)
class Port:
    """A port as an endpoint, a task's status or a spec tells it."""

    raw: Json

    @property
    def number(self) -> int:
        """Return the port that is published, 0 where none is."""
        return whole(self.raw, "PublishedPort") or 0

    @property
    def target(self) -> int:
        """Return the port in the container, 0 where it is none of TCP."""
        is_tcp = self.raw.get("Protocol", "tcp") == "tcp"
        return (whole(self.raw, "TargetPort") or 0) if is_tcp else 0

    @property
    def on_host(self) -> bool:
        """Say whether its task's node alone listens to it."""
        return bool(self.raw.get("PublishMode") == "host")


def ports_in(holder: Json) -> tuple[Port, ...]:
    """Return the ports that an object lists."""
    return tuple(Port(each) for each in objects(holder, "Ports"))
