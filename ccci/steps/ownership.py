"""Whose everything is that is on a swarm, as far as its manager knows.

Volumes are a node's own: `GET /volumes` lists those of the node asked alone (moby
daemon/cluster/volumes.go adds only those of the cluster). What the services of the whole swarm
mount says more, and a stack's name before a volume's the rest.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ccci.removal.objects import known_stacks
from ccci.swarm.decode.typed import Json, inside, labels, objects, text, texts
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import OURS_LABEL, STACK_LABEL

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
    listed: dict[str, list[Json]] = {
        "networks": list(engine.networks()),
        _VOLUMES: list(engine.volumes()),
        "secrets": list(engine.secrets()),
        "configs": list(engine.configs()),
    }
    services = list(engine.services())
    stacks = known_stacks((*(each for there in listed.values() for each in there), *services))
    stacks |= {name}
    known = {
        section: {_name_of(each): _owner_of(each, stacks) for each in there}
        for section, there in listed.items()
    }
    known[_VOLUMES] = _with_mounts(listed[_VOLUMES], services, name, stacks)
    neighbours = tuple(_neighbours(services, name))
    return Owners(name, known, stacks, neighbours)


def named_for(name: str, stacks: Iterable[str]) -> str:
    """Return the stack whose name stands before this one, the longest where several do."""
    return max((each for each in stacks if name.startswith(f"{each}_")), key=len, default="")


def _name_of(found: Json) -> str:
    return text(inside(found, "Spec") or found, "Name")


def _labelled(spec: Json) -> str:
    found = labels(spec)
    return found.get(STACK_LABEL) or found.get(OURS_LABEL) or ""


def _owner_of(found: Json, stacks: Collection[str]) -> str:
    """Return the stack that a listed object belongs to, or nothing.

    By its label, else, among `stacks`, by its name: abra labels no secret that it makes, and who
    makes one by hand names it for its stack.
    """
    return _labelled(inside(found, "Spec") or found) or named_for(_name_of(found), stacks)


def _with_mounts(
    listed: Iterable[Json], services: Iterable[Json], asking: str, stacks: Collection[str]
) -> dict[str, str]:
    """Return whose the volumes are that are listed or mounted anywhere.

    Docker labels what a stack makes in the mount itself, too (docker/cli,
    cli/compose/convert/volume.go); a mount without that label uses what is there (`external`).
    Another stack's word goes before ours: a recipe's own mount could say anything.
    """
    labelled = {_name_of(each): _labelled(inside(each, "Spec") or each) for each in listed}
    makers: dict[str, set[str]] = {name: {owner} for name, owner in labelled.items()}
    users: dict[str, set[str]] = {}
    for service in services:
        user = _labelled(inside(service, "Spec"))
        for mount in _mounts(service):
            name = text(mount, "Source")
            if text(mount, "Type") == "volume" and name:
                makers.setdefault(name, set()).add(_labelled(inside(mount, "VolumeOptions")))
                users.setdefault(name, set()).add(user)
    found = {}
    for name, said in makers.items():
        others, using = said - {asking, ""}, users.get(name, set()) - {asking, ""}
        ours = asking if asking in said else ""
        label = labelled.get(name, "")
        theirs = label if label in others else min(others, default="")
        found[name] = theirs or ours or named_for(name, stacks) or min(using, default="")
    return found


def _mounts(service: Json) -> list[Json]:
    return objects(_container(service), "Mounts")


def _container(service: Json) -> Json:
    return inside(inside(inside(service, "Spec"), "TaskTemplate"), "ContainerSpec")


def _neighbours(services: Iterable[Json], asking: str) -> Iterator[Neighbour]:
    for service in services:
        spec = inside(service, "Spec")
        stack = labels(spec).get(STACK_LABEL, "")
        if stack == asking:
            continue
        name, container = text(spec, "Name"), _container(service)
        networks = objects(inside(spec, "TaskTemplate"), "Networks")
        called = {alias for each in networks for alias in texts(each, "Aliases")}
        # Docker makes the key of the file an alias of each service: `app` is everybody's.
        called -= {name.removeprefix(f"{stack}_")} if stack else set()
        called |= {name, text(container, "Hostname")}
        said = (*labels(spec).items(), *labels(container).items())
        yield Neighbour(stack, frozenset(each.lower() for each in called if each), said)
