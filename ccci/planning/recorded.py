"""What COMMAND asked of Swarm, laid over what Swarm really has. Values in, values out; pure.

The Engine's rules that refuse a write are swarmkit's (manager/controlapi) and moby's
(daemon/cluster); each is cited where it stands.
"""

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccci.planning import ports

Json = dict[str, Any]

CONFLICT, INVALID, NOT_FOUND, UNIMPLEMENTED = 409, 400, 404, 501


class Kind(StrEnum):
    """What a deploy may write. The values are the first part of the API's paths."""

    SERVICE = "services"
    NETWORK = "networks"
    CONFIG = "configs"
    SECRET = "secrets"  # noqa: S105 -- the word, not one

    @property
    def word(self) -> str:
        """Return it as people say it."""
        return self.value[:-1]


class Refused(Exception):  # noqa: N818 -- what the Engine would answer
    """The Engine would refuse a write: its status and its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Write:
    """One write as it was asked for; `before` is the object that was there, None where none was.

    `refusal` are the Engine's words where it would not have done it.
    """

    action: str
    kind: Kind
    id: str
    name: str
    spec: Json = field(default_factory=dict)
    before: Json | None = None
    refusal: str = ""


def name_of(kind: Kind, found: Mapping[str, Any]) -> str:
    """Return the name of an object as the Engine lists it."""
    if kind is Kind.NETWORK:
        return str(found.get("Name") or "")
    return str((found.get("Spec") or {}).get("Name") or "")


def made_up_id(kind: Kind, name: str) -> str:
    """Return an id of Swarm's form (25 of its letters) that stays the same for one name."""
    digest = int(hashlib.sha256(f"{kind}/{name}".encode("utf-8", "surrogatepass")).hexdigest(), 16)
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while len(text) < 24:  # noqa: PLR2004
        digest, rest = divmod(digest, 36)
        text += letters[rest]
    return f"z{text}"


class Recorded:
    """The writes so far, and every read as it would be had they been done.

    `real` returns what the real Engine lists of a kind; it is asked again at each look.
    """

    def __init__(self, real: Callable[[Kind], list[Json]], now: str) -> None:
        self._real = real
        self._now = now
        self.writes: list[Write] = []
        self.new: set[str] = set()  # the ids that were made up
        self._changed: dict[Kind, dict[str, Json]] = {kind: {} for kind in Kind}
        self._removed: dict[Kind, set[str]] = {kind: set() for kind in Kind}

    def listing(self, kind: Kind) -> list[Json]:
        """Return the objects of a kind, the writes laid over them."""
        changed = self._changed[kind]
        gone = self._removed[kind]
        real = [each for each in self._real(kind) if _id(kind, each) not in gone]
        known = {_id(kind, each) for each in real}
        found = [changed.get(_id(kind, each), each) for each in real]
        return found + [each for key, each in changed.items() if key not in known | gone]

    def one(self, kind: Kind, key: str) -> Json | None:
        """Return the object with this id, name, or beginning of an id, as the Engine finds it."""
        every = self.listing(kind)
        exact = [each for each in every if key in {_id(kind, each), name_of(kind, each)}]
        begun = [each for each in every if key and _id(kind, each).startswith(key)]
        return next(iter([*exact, *begun]), None)

    def touched(self, kind: Kind) -> bool:
        """Say whether anything of a kind was written."""
        return bool(self._changed[kind] or self._removed[kind])

    def create(self, kind: Kind, spec: Json) -> str:
        """Record a creation and return the made-up id. Raise Refused as the Engine would."""
        name = str(spec.get("Name") or "")
        refused = self._refused_creation(kind, name) or self._refused_parts(kind, spec, "")
        if refused:
            self.writes.append(Write("create", kind, "", name, spec, None, refused.message))
            raise refused
        identifier = made_up_id(kind, name)
        self._changed[kind][identifier] = _made(kind, identifier, spec, self._now)
        self._removed[kind].discard(identifier)
        self.new.add(identifier)
        self.writes.append(Write("create", kind, identifier, name, spec))
        return identifier

    def _refused_creation(self, kind: Kind, name: str) -> Refused | None:
        if not name:
            return Refused(INVALID, f"name must be provided for a {kind.word}")
        # swarmkit manager/state/store: ErrNameConflict.
        if any(name_of(kind, each) == name for each in self.listing(kind)):
            return Refused(CONFLICT, _name_conflict(kind, name))
        return None

    def update(self, kind: Kind, key: str, version: int, spec: Json) -> None:
        """Record an update. Raise Refused as the Engine would."""
        before = self._existing(kind, key)
        identifier, name = _id(kind, before), name_of(kind, before)
        refused = _refused_update(kind, before, version, spec)
        refused = refused or self._refused_parts(kind, spec, identifier)
        if refused:
            said = refused.message
            self.writes.append(Write("update", kind, identifier, name, spec, before, said))
            raise refused
        after = copy.deepcopy(before)
        after["Spec"] = _told(kind, {**spec, "Name": name})
        if kind is Kind.SERVICE:
            after["PreviousSpec"] = copy.deepcopy(before["Spec"])
        if kind is Kind.SERVICE and not ports.same_endpoint(before["Spec"], spec):
            after.pop("Endpoint", None)  # which ports Swarm chose before is over
        after["Version"] = {"Index": version + 1}
        after.pop("UpdateStatus", None)
        self._changed[kind][identifier] = after
        self.writes.append(Write("update", kind, identifier, name, spec, before))

    def roll_back(self, key: str, version: int) -> None:
        """Record that a service goes back to its previous spec. Raise Refused without one."""
        before = self._existing(Kind.SERVICE, key)
        if before.get("PreviousSpec") is not None:
            self.update(Kind.SERVICE, key, version, before["PreviousSpec"])
            return
        # swarmkit manager/controlapi/service.go: UpdateService.
        key, name = _id(Kind.SERVICE, before), name_of(Kind.SERVICE, before)
        said = f"service {key} does not have a previous spec"
        self.writes.append(Write("update", Kind.SERVICE, key, name, before["Spec"], before, said))
        raise Refused(INVALID, f"rpc error: code = FailedPrecondition desc = {said}")

    def remove(self, kind: Kind, key: str) -> None:
        """Record a removal. Raise Refused as the Engine would."""
        before = self._existing(kind, key)
        identifier, name = _id(kind, before), name_of(kind, before)
        users = self._users(kind, identifier)
        if users:
            message = f"{kind.word} '{name}' is in use by the following services: {users}"
            self.writes.append(Write("remove", kind, identifier, name, {}, before, message))
            raise Refused(INVALID, f"rpc error: code = InvalidArgument desc = {message}")
        self._removed[kind].add(identifier)
        self._changed[kind].pop(identifier, None)
        self.writes.append(Write("remove", kind, identifier, name, {}, before))

    def _existing(self, kind: Kind, key: str) -> Json:
        found = self.one(kind, key)
        if found is None:
            raise Refused(NOT_FOUND, f"{kind.word} {key} not found")
        return found

    def _users(self, kind: Kind, identifier: str) -> str:
        """Return the services that use a config or secret (swarmkit refuses to remove it then)."""
        if kind not in {Kind.CONFIG, Kind.SECRET}:
            return ""
        key = "ConfigID" if kind is Kind.CONFIG else "SecretID"
        section = "Configs" if kind is Kind.CONFIG else "Secrets"
        return ", ".join(
            name_of(Kind.SERVICE, each)
            for each in self.listing(Kind.SERVICE)
            if identifier in {ref.get(key) for ref in _container(each["Spec"]).get(section) or ()}
        )

    def _refused_parts(self, kind: Kind, spec: Json, identifier: str) -> Refused | None:
        """Return why the Engine refuses a service for what it refers to, or None."""
        if kind is not Kind.SERVICE:
            return None
        invalid = "rpc error: code = InvalidArgument desc ="
        for target in networks_of(spec):
            if self.one(Kind.NETWORK, target) is None:
                # moby daemon/cluster/services.go: populateNetworkID.
                return Refused(NOT_FOUND, f"network {target} not found")
        for section, key, of in (
            ("Configs", "ConfigID", Kind.CONFIG),
            ("Secrets", "SecretID", Kind.SECRET),
        ):
            for reference in _container(spec).get(section) or ():
                if reference.get(key) and self.one(of, str(reference[key])) is None:
                    # swarmkit manager/controlapi/service.go: checkConfigExistence.
                    name = reference.get(f"{of.word.capitalize()}Name") or reference[key]
                    return Refused(INVALID, f"{invalid} {of.word} not found: {name}")
        return self._refused_ports(spec, identifier)

    def _refused_ports(self, spec: Json, identifier: str) -> Refused | None:
        services = self.listing(Kind.SERVICE)
        before = next((each for each in services if _id(Kind.SERVICE, each) == identifier), None)
        if before is not None and ports.same_endpoint(before["Spec"], spec):
            return None
        said = ports.conflict(spec, (each for each in services if each is not before))
        invalid = "rpc error: code = InvalidArgument desc ="
        return Refused(INVALID, f"{invalid} {said}") if said else None


def _refused_update(kind: Kind, before: Json, version: int, spec: Json) -> Refused | None:
    if version != (before.get("Version") or {}).get("Index"):
        return Refused(500, "rpc error: code = Unknown desc = update out of sequence")
    name = name_of(kind, before)
    if str(spec.get("Name") or name) != name:
        # swarmkit manager/controlapi/service.go: errRenameNotSupported.
        return Refused(UNIMPLEMENTED, f"renaming {kind.value} is not supported")
    if kind in {Kind.CONFIG, Kind.SECRET} and _content_differs(before, spec):
        # swarmkit manager/controlapi/config.go, secret.go.
        return Refused(INVALID, "only updates to Labels are allowed")
    if kind is Kind.SERVICE and _mode(before["Spec"]) != _mode(spec):
        # swarmkit manager/controlapi/service.go: errModeChangeNotAllowed.
        return Refused(UNIMPLEMENTED, "service mode change is not allowed")
    return None


def networks_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a service's spec attaches to, by id or by name."""
    own = (spec.get("TaskTemplate") or {}).get("Networks") or spec.get("Networks") or ()
    return tuple(str(each.get("Target") or "") for each in own if each.get("Target"))


def _id(kind: Kind, found: Mapping[str, Any]) -> str:
    return str(found.get("Id" if kind is Kind.NETWORK else "ID") or found.get("ID") or "")


def _container(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    return (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}


def _mode(spec: Mapping[str, Any]) -> str:
    # An empty object is a mode as well: `{"Global": {}}`.
    present = [key for key, value in (spec.get("Mode") or {}).items() if value is not None]
    return next(iter(present), "Replicated")


def _content_differs(before: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    """Say whether a config or secret is to get other content; a secret's is never told."""
    told = (before.get("Spec") or {}).get("Data")
    return "Data" in spec and spec["Data"] is not None and told is not None and told != spec["Data"]


def _name_conflict(kind: Kind, name: str) -> str:
    if kind is Kind.NETWORK:
        return f"network with name {name} already exists"
    return (
        "rpc error: code = AlreadyExists desc = name conflicts with an existing object: "
        f"{kind.word} {name} already exists"
    )


def _made(kind: Kind, identifier: str, spec: Json, now: str) -> Json:
    if kind is Kind.NETWORK:
        return {
            "Name": spec.get("Name"),
            "Id": identifier,
            "Created": now,
            "Scope": "swarm" if spec.get("Driver", "overlay") == "overlay" else "local",
            "Driver": spec.get("Driver") or "overlay",
            "EnableIPv6": bool(spec.get("EnableIPv6")),
            "IPAM": spec.get("IPAM") or {"Driver": "default", "Config": []},
            "Internal": bool(spec.get("Internal")),
            "Attachable": bool(spec.get("Attachable")),
            "Ingress": bool(spec.get("Ingress")),
            "Options": spec.get("Options") or {},
            "Labels": spec.get("Labels") or {},
        }
    return {
        "ID": identifier,
        "Version": {"Index": 1},
        "CreatedAt": now,
        "UpdatedAt": now,
        "Spec": _told(kind, spec),
    }


def _told(kind: Kind, spec: Mapping[str, Any]) -> Json:
    """Return a spec as the Engine tells it once it was written."""
    shown = copy.deepcopy(dict(spec))
    if kind is Kind.SECRET:
        shown.pop("Data", None)  # it is never told again
    if kind is Kind.SERVICE and _mode(shown) == "Replicated":
        counted = (shown.get("Mode") or {}).get("Replicated") or {}
        shown["Mode"] = {"Replicated": {"Replicas": 1, **counted}}
    return shown
