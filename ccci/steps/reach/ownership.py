"""Whose everything is that is on a swarm, as far as its manager knows.

Volumes are a node's own: `GET /volumes` lists those of the node asked alone (moby
daemon/cluster/volumes.go adds only those of the cluster). What the services of the whole swarm
mount says more, and a stack's name before a volume's the rest.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ccci.removal.objects import known_stacks
from ccci.swarm.decode import services
from ccci.swarm.decode.listed import Listed, every
from ccci.swarm.decode.services import ServiceEntry
from ccci.swarm.engine.client import Engine

_VOLUMES = "volumes"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A service that is not of the stack asked about: its stack, its names, and all its labels."""

    stack: str
    names: frozenset[str]
    """What it is called on networks, in small letters, but for the short name that its file has."""
    labels: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return whose it is, for people."""
        return f"the stack {self.stack}" if self.stack else f"the service {min(self.names)}"


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose everything is, seen by the stack `asking`; `known` says it by section and name.

    An owner is a stack; an empty one says that nobody is known to own what is there.
    """

    asking: str
    known: Mapping[str, Mapping[str, str]]
    stacks: frozenset[str] = frozenset()
    neighbours: tuple[Neighbour, ...] = ()

    def of(self, section: str, name: str) -> str:
        """Return whose the object of this name is; what is nowhere is the asking stack's to make.

        But for what has another stack's name before it, and for volumes: one without the asking
        stack's name before it may be on a node that nobody was asked about.
        """
        found = self.known[section].get(name)
        if found is not None:
            return found
        ours = name.startswith(f"{self.asking}_")
        if ours and section != _VOLUMES:
            return self.asking
        named = named_for(name, self.stacks)
        return named if named or section == _VOLUMES else self.asking


def owners(engine: Engine, name: str) -> Owners:
    """Return whose everything is that is on the swarm.

    `name` is the stack that is to be deployed, which nothing else may show yet.
    """
    listed = {
        "networks": every(engine.networks()),
        _VOLUMES: every(engine.volumes()),
        "secrets": every(engine.secrets()),
        "configs": every(engine.configs()),
    }
    there = services.entries(engine.services())
    own = (each.listed for each in there)
    stacks = known_stacks((*(each for found in listed.values() for each in found), *own)) | {name}
    known = {
        section: {each.name: _owner_of(each, stacks) for each in found}
        for section, found in listed.items()
    }
    known[_VOLUMES] = _with_mounts(listed[_VOLUMES], there, name, stacks)
    return Owners(name, known, stacks, tuple(_neighbours(there, name)))


def named_for(name: str, stacks: Iterable[str]) -> str:
    """Return the stack whose name stands before this one, the longest where several do."""
    return max((each for each in stacks if name.startswith(f"{each}_")), key=len, default="")


def _owner_of(found: Listed, stacks: Collection[str]) -> str:
    """Return the stack that a listed object belongs to, or nothing.

    By its label, else, among `stacks`, by its name: abra labels no secret that it makes, and who
    makes one by hand names it for its stack.
    """
    return found.owner or named_for(found.name, stacks)


def _with_mounts(
    listed: Iterable[Listed], there: Iterable[ServiceEntry], asking: str, stacks: Collection[str]
) -> dict[str, str]:
    """Return whose the volumes are that are listed or mounted anywhere.

    Docker labels what a stack makes in the mount itself, too (docker/cli,
    cli/compose/convert/volume.go); a mount without that label uses what is there (`external`).
    Another stack's word goes before ours: a recipe's own mount could say anything.
    """
    labelled = {each.name: each.owner for each in listed}
    makers: dict[str, set[str]] = {name: {owner} for name, owner in labelled.items()}
    users: dict[str, set[str]] = {}
    for service in there:
        user = service.listed.owner
        for mount in service.mounts:
            name = mount.source
            if mount.kind == "volume" and name:
                makers.setdefault(name, set()).add(mount.owner)
                users.setdefault(name, set()).add(user)
    found = {}
    for name, said in makers.items():
        others, using = said - {asking, ""}, users.get(name, set()) - {asking, ""}
        ours = asking if asking in said else ""
        label = labelled.get(name, "")
        theirs = label if label in others else min(others, default="")
        found[name] = theirs or ours or named_for(name, stacks) or min(using, default="")
    return found


def _neighbours(there: Iterable[ServiceEntry], asking: str) -> Iterator[Neighbour]:
    for service in there:
        about = service.listed
        if about.stack == asking:
            continue
        # Docker makes the key of the file an alias of each service: `app` is everybody's.
        short = {about.name.removeprefix(f"{about.stack}_")} if about.stack else set()
        called = {*(service.aliases - short), about.name, service.hostname}
        said = (*about.labels.items(), *service.container_labels.items())
        yield Neighbour(about.stack, frozenset(each.lower() for each in called if each), said)
