"""The objects that a deploy may write, as the Engine lists and tells them. Pure."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccci.planning.modes import counted, mode_of
from ccci.swarm.decode.typed import OwnJson


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


@dataclass(frozen=True, slots=True)
class Write:
    """One write as it was asked for; `before` is the object that was there, None where none was.

    `refusal` are the Engine's words where it would not have done it.
    """

    action: str
    kind: Kind
    id: str
    name: str
    spec: OwnJson = field(default_factory=dict)
    before: OwnJson | None = None
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


def id_of(kind: Kind, found: Mapping[str, Any]) -> str:
    """Return the id of an object as the Engine lists it."""
    return str(found.get("Id" if kind is Kind.NETWORK else "ID") or found.get("ID") or "")


def networks_of(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a service's spec attaches to, by id or by name."""
    own = (spec.get("TaskTemplate") or {}).get("Networks") or spec.get("Networks") or ()
    return tuple(str(each.get("Target") or "") for each in own if each.get("Target"))


def made(kind: Kind, identifier: str, spec: OwnJson, now: str) -> OwnJson:
    """Return a new object as the Engine lists it."""
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
        "Spec": told(kind, spec),
    }


def told(kind: Kind, spec: Mapping[str, Any]) -> OwnJson:
    """Return a spec as the Engine tells it once it was written."""
    shown = copy.deepcopy(dict(spec))
    if kind is Kind.SECRET:
        shown.pop("Data", None)  # it is never told again
    if kind is Kind.SERVICE and mode_of(shown) == "Replicated":
        shown["Mode"] = counted(shown)
    return shown
