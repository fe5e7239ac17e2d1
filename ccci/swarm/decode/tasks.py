"""A task as it is listed, for who follows no rollout: whether it runs, where, and to which end.

Pure. Each word is read when it is asked for, so that an odd one spoils no other; one that makes no
sense raises EngineError.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccci.host.json_values import object_in
from ccci.swarm.decode.parts import spec_of
from ccci.swarm.decode.ports import Port, ports_in
from ccci.swarm.decode.typed import Json, inside, text
from ccci.swarm.states import TaskState


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task of a listing."""

    raw: Json

    @property
    def id(self) -> str:
        """Return its id."""
        return text(self.raw, "ID")

    @property
    def service(self) -> str:
        """Return the id of its service."""
        return text(self.raw, "ServiceID")

    @property
    def node(self) -> str:
        """Return the id of its node, empty while it has none."""
        return text(self.raw, "NodeID")

    @property
    def container(self) -> str:
        """Return the id of its container, or nothing."""
        return text(inside(self._status, "ContainerStatus"), "ContainerID")

    @property
    def runs(self) -> bool:
        """Say whether it runs, in a container."""
        return text(self._status, "State") == TaskState.RUNNING and bool(self.container)

    @property
    def ended(self) -> bool:
        """Say whether nothing more will come of it; a state that nobody knows is none of those."""
        try:
            return TaskState(text(self._status, "State")).ended
        except ValueError:
            return False

    @property
    def is_of_a_job(self) -> bool:
        """Say whether it is meant to complete, by what Swarm desires of it."""
        return text(self.raw, "DesiredState") == TaskState.COMPLETE

    @property
    def is_to_be_removed(self) -> bool:
        """Say whether Swarm will forget it once its node has removed the container."""
        return text(self.raw, "DesiredState") == TaskState.REMOVE

    @property
    def spec(self) -> Json:
        """Return its own spec as it is: its service's template when it was made."""
        return spec_of(self.raw)

    @property
    def is_meant_to_run(self) -> bool:
        """Say whether Swarm wants it to run, or to start after a delay."""
        return text(self.raw, "DesiredState") in {TaskState.RUNNING, TaskState.READY}

    @property
    def occupies(self) -> bool:
        """Say whether it counts for its node and is not on its way out."""
        return text(self._status, "State") in _OCCUPIES and (
            text(self.raw, "DesiredState") not in _LEAVES
        )

    @property
    def ports(self) -> tuple[Port, ...]:
        """Return the ports that it publishes on its node."""
        return ports_in(inside(self._status, "PortStatus"))

    def is_beside(self, info: Json) -> bool:
        """Say whether it is on the node whose Engine says this of itself."""
        return bool(self.raw.get("NodeID") == object_in(info.get("Swarm")).get("NodeID"))

    @property
    def _status(self) -> Json:
        return inside(self.raw, "Status")


_OCCUPIES = {each for each in TaskState if not each.ended}
_LEAVES = {each for each in TaskState if each.rank > TaskState.COMPLETE.rank}


def entries(answers: Iterable[Json]) -> list[TaskEntry]:
    """Return the tasks of a listing."""
    return [TaskEntry(each) for each in answers]
