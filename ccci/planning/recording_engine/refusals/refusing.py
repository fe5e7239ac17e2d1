"""What the Engine refuses of a write for what else is there. Pure.

The rules are swarmkit's (manager/controlapi) and moby's (daemon/cluster); each is cited where it
stands.
"""

from typing import Protocol

from ccci.planning import ports
from ccci.planning.modes import mode_of
from ccci.planning.objects import Kind, id_of, name_of, networks_of
from ccci.planning.recording_engine.refusals import object_rules, service_rules
from ccci.planning.recording_engine.refusals.refused import (
    CONFLICT,
    FAILED,
    FORBIDDEN,
    INVALID,
    NOT_FOUND,
    UNIMPLEMENTED,
    Refused,
    invalid,
    of_swarm,
)
from ccci.swarm.decode.parts import container_of
from ccci.swarm.decode.typed import OwnJson


class There(Protocol):
    """What is there by the time of a write."""

    def listing(self, kind: Kind) -> list[OwnJson]:
        """Return the objects of a kind."""

    def one(self, kind: Kind, key: str) -> OwnJson | None:
        """Return the object with this id or name."""


_PREDEFINED = {"bridge", "host", "none", "default"}
"""moby runconfig: networks that each node has, and Swarm knows."""

_NAMELESS = Refused(INVALID, "network name cannot be empty")


def creation(there: There, kind: Kind, name: str, spec: OwnJson) -> Refused | None:
    """Return why the Engine refuses to make an object, or None."""
    found: Refused | None
    match kind:
        case Kind.SERVICE:
            found = _service(there, spec, None)
        case Kind.CONFIG:
            found = object_rules.config(spec)
        case Kind.SECRET:
            found = object_rules.secret(spec)
        case Kind.NETWORK:
            found = object_rules.network(spec) if name else _NAMELESS
    if found is None and any(name_of(kind, each) == name for each in there.listing(kind)):
        return _name_conflict(kind, name)
    return found


def update(
    there: There, kind: Kind, before: OwnJson, version: int, spec: OwnJson
) -> Refused | None:
    """Return why the Engine refuses to change an object, or None."""
    refused = _service(there, spec, before) if kind is Kind.SERVICE else None
    return refused or _change(kind, before, version, spec)


def _service(there: There, spec: OwnJson, before: OwnJson | None) -> Refused | None:
    """Return why the Engine refuses a service, in the Engine's order, or None."""
    networks = [_network(there, each) for each in networks_of(spec)]
    return (
        next((each for each in networks if each is not None), None)
        or service_rules.refused(spec)
        or _ports(there, spec, before)
        or _references(there, spec)
    )


def _network(there: There, target: str) -> Refused | None:
    """Apply moby daemon/cluster/services.go: populateNetworkID, which asks Swarm first."""
    of_the_swarm = (
        each
        for each in there.listing(Kind.NETWORK)
        if each.get("Scope") != "local"
        and target in {id_of(Kind.NETWORK, each), name_of(Kind.NETWORK, each)}
    )
    found = next(of_the_swarm, None) or there.one(Kind.NETWORK, target)
    if found is None:
        return Refused(NOT_FOUND, f"network {target} not found")
    name = name_of(Kind.NETWORK, found)
    if found.get("Scope") == "local" and name not in _PREDEFINED:
        return Refused(
            FORBIDDEN,
            f"The network {name} cannot be used with services. Only networks scoped to the swarm "
            "can be used, such as those created with the overlay driver.",
        )
    if found.get("Ingress"):
        # swarmkit manager/controlapi/service.go: validateNetworks.
        said = f'Service cannot be explicitly attached to the ingress network "{name}"'
        return invalid(said)
    return None


def _references(there: There, spec: OwnJson) -> Refused | None:
    """Apply swarmkit manager/controlapi/service.go: checkSecretExistence and its like."""
    for section, of in (("Secrets", Kind.SECRET), ("Configs", Kind.CONFIG)):
        word = of.word.capitalize()
        known = {(id_of(of, each), name_of(of, each)) for each in there.listing(of)}
        absent = [
            str(each.get(f"{word}Name"))
            for each in container_of(spec).get(section) or ()
            if (each.get(f"{word}ID"), each.get(f"{word}Name")) not in known
        ]
        if absent:
            several = "s" if len(absent) > 1 else ""
            return invalid(f"{of.word}{several} not found: {', '.join(absent)}")
    return None


def _ports(there: There, spec: OwnJson, before: OwnJson | None) -> Refused | None:
    if before is not None and ports.same_endpoint(before["Spec"], spec):
        return None
    services = there.listing(Kind.SERVICE)
    own = None if before is None else id_of(Kind.SERVICE, before)
    said = ports.conflict(spec, (each for each in services if id_of(Kind.SERVICE, each) != own))
    return invalid(said) if said else None


def _change(kind: Kind, before: OwnJson, version: int, spec: OwnJson) -> Refused | None:
    name = name_of(kind, before)
    if kind in {Kind.CONFIG, Kind.SECRET} and _content_differs(before, spec):
        # swarmkit manager/controlapi/config.go, secret.go.
        return invalid("only updates to Labels are allowed")
    if kind is Kind.SERVICE and mode_of(before["Spec"]) != mode_of(spec):
        # swarmkit manager/controlapi/service.go: errModeChangeNotAllowed.
        return of_swarm(UNIMPLEMENTED, "Unimplemented", "service mode change is not allowed")
    if str(spec.get("Name") or name) != name:
        # swarmkit manager/controlapi/service.go: errRenameNotSupported.
        said = f"renaming {kind.value} is not supported"
        return of_swarm(UNIMPLEMENTED, "Unimplemented", said)
    if version != (before.get("Version") or {}).get("Index"):
        # swarmkit manager/state/store: ErrSequenceConflict.
        return of_swarm(FAILED, "Unknown", "update out of sequence")
    return None


def _content_differs(before: OwnJson, spec: OwnJson) -> bool:
    """Say whether a config or secret is to get other content; a secret's is never told."""
    told = (before.get("Spec") or {}).get("Data")
    return "Data" in spec and spec["Data"] is not None and told is not None and told != spec["Data"]


def _name_conflict(kind: Kind, name: str) -> Refused:
    """Return the refusal of a taken name (swarmkit manager/state/store: ErrNameConflict)."""
    if kind is Kind.NETWORK:
        return Refused(CONFLICT, f"network with name {name} already exists")
    said = f"name conflicts with an existing object: {kind.word} {name} already exists"
    return of_swarm(CONFLICT, "AlreadyExists", said)
