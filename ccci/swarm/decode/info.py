"""What an Engine says of itself and of its part in a swarm. Pure.

Each word is read when it is asked for, so that an odd one spoils no other.
"""

from dataclasses import dataclass

from ccci.host.json_values import object_in
from ccci.swarm.decode.typed import Json, inside, text, whole


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether an Engine is of a swarm: its state, whether it manages, and what is wrong."""

    state: str
    is_manager: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """The answer to `/info`."""

    raw: Json

    @property
    def name(self) -> str:
        """Return the name of the host."""
        return str(self.raw.get("Name"))

    @property
    def time(self) -> str:
        """Return the Engine's time as it says it."""
        return str(self.raw.get("SystemTime", ""))

    @property
    def folder(self) -> str:
        """Return where its images lie. Raise EngineError where that makes no sense."""
        return text(self.raw, "DockerRootDir")

    @property
    def node_address(self) -> str:
        """Return the address of its node, or nothing. Raise EngineError for what is no text."""
        return text(self._swarm, "NodeAddr")

    @property
    def managers(self) -> int:
        """Return how many nodes manage. Raise EngineError for what is no number."""
        return whole(self._swarm, "Managers") or 0

    @property
    def nodes(self) -> int:
        """Return how many nodes there are. Raise EngineError for what is no number."""
        return whole(self._swarm, "Nodes") or 0

    @property
    def membership(self) -> Membership:
        """Return its part in a swarm. Raise EngineError where that is no object."""
        return _membership(self._swarm)

    @property
    def _swarm(self) -> Json:
        return inside(self.raw, "Swarm")


def membership(info: Json) -> Membership:
    """Return an Engine's part in a swarm by its info; in none where that is odd."""
    return _membership(object_in(info.get("Swarm")))


def _membership(said: Json) -> Membership:
    return Membership(
        str(said.get("LocalNodeState") or "inactive"),
        bool(said.get("ControlAvailable")),
        str(said.get("Error") or ""),
    )


@dataclass(frozen=True, slots=True)
class Version:
    """The answer to `/version`: the Engine's own, and that of the API; empty where unsaid."""

    release: str
    api: str


def version(raw: Json) -> Version:
    """Return what an Engine says of its version."""
    return Version(str(raw.get("Version") or ""), str(raw.get("ApiVersion") or ""))
