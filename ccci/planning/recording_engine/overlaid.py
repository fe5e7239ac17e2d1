"""What COMMAND asked of Swarm, laid over what Swarm really has. Values in, values out; pure."""

import copy
from collections.abc import Callable

from ccci.planning import ports
from ccci.planning.objects import (
    Kind,
    Write,
    id_of,
    made,
    made_up_id,
    name_of,
    told,
)
from ccci.planning.recording_engine.refusals import refusing
from ccci.planning.recording_engine.refusals.refused import (
    INVALID,
    NOT_FOUND,
    Refused,
    invalid,
    of_swarm,
)
from ccci.swarm.decode.parts import container_of
from ccci.swarm.decode.typed import OwnJson


class Recorded:
    """The writes so far, and every read as it would be had they been done.

    `real` returns what the real Engine lists of a kind; it is asked again at each look.
    """

    def __init__(self, real: Callable[[Kind], list[OwnJson]], now: str) -> None:
        self._real = real
        self._now = now
        self.writes: list[Write] = []
        self.new: set[str] = set()  # the ids that were made up
        self._changed: dict[Kind, dict[str, OwnJson]] = {kind: {} for kind in Kind}
        self._removed: dict[Kind, set[str]] = {kind: set() for kind in Kind}

    def listing(self, kind: Kind) -> list[OwnJson]:
        """Return the objects of a kind, the writes laid over them."""
        changed = self._changed[kind]
        gone = self._removed[kind]
        real = [each for each in self._real(kind) if id_of(kind, each) not in gone]
        known = {id_of(kind, each) for each in real}
        found = [changed.get(id_of(kind, each), each) for each in real]
        return found + [each for key, each in changed.items() if key not in known | gone]

    def one(self, kind: Kind, key: str) -> OwnJson | None:
        """Return the object with this id, name, or beginning of an id, as the Engine finds it."""
        every = self.listing(kind)
        exact = [each for each in every if key in {id_of(kind, each), name_of(kind, each)}]
        begun = [each for each in every if key and id_of(kind, each).startswith(key)]
        return next(iter([*exact, *begun]), None)

    def touched(self, kind: Kind) -> bool:
        """Say whether anything of a kind was written."""
        return bool(self._changed[kind] or self._removed[kind])

    def create(self, kind: Kind, spec: OwnJson) -> str:
        """Record a creation and return the made-up id. Raise Refused as the Engine would."""
        name = str(spec.get("Name") or "")
        if kind is Kind.SERVICE and not name:
            # moby daemon/cluster/convert/service.go: ServiceSpecToGRPC gives it a name by chance.
            name = f"unnamed_{len(self.writes)}"
            spec = {**spec, "Name": name}
        refused = refusing.creation(self, kind, name, spec)
        if refused:
            self.writes.append(Write("create", kind, "", name, spec, None, refused.words))
            raise refused
        identifier = made_up_id(kind, name)
        self._changed[kind][identifier] = made(kind, identifier, spec, self._now)
        self._removed[kind].discard(identifier)
        self.new.add(identifier)
        self.writes.append(Write("create", kind, identifier, name, spec))
        return identifier

    def update(self, kind: Kind, key: str, version: int, spec: OwnJson) -> None:
        """Record an update. Raise Refused as the Engine would."""
        before = self._existing(kind, key)
        identifier, name = id_of(kind, before), name_of(kind, before)
        refused = refusing.update(self, kind, before, version, spec)
        if refused:
            said = refused.words
            self.writes.append(Write("update", kind, identifier, name, spec, before, said))
            raise refused
        after = copy.deepcopy(before)
        after["Spec"] = told(kind, {**spec, "Name": name})
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
        key, name = id_of(Kind.SERVICE, before), name_of(Kind.SERVICE, before)
        said = f"service {key} does not have a previous spec"
        self.writes.append(Write("update", Kind.SERVICE, key, name, before["Spec"], before, said))
        raise of_swarm(INVALID, "FailedPrecondition", said)

    def remove(self, kind: Kind, key: str) -> None:
        """Record a removal. Raise Refused as the Engine would."""
        before = self._existing(kind, key)
        identifier, name = id_of(kind, before), name_of(kind, before)
        users = self._users(kind, identifier)
        if users:
            message = f"{kind.word} '{name}' is in use by the following services: {users}"
            self.writes.append(Write("remove", kind, identifier, name, {}, before, message))
            raise invalid(message)
        self._removed[kind].add(identifier)
        self._changed[kind].pop(identifier, None)
        self.writes.append(Write("remove", kind, identifier, name, {}, before))

    def _existing(self, kind: Kind, key: str) -> OwnJson:
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
            if identifier in {ref.get(key) for ref in container_of(each["Spec"]).get(section) or ()}
        )
