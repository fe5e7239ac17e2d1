"""What the Engine refuses of a new config, secret or network by itself. Pure.

Sources: swarmkit manager/controlapi/config.go, secret.go, network.go, common.go, and
api/validation/secrets.go.
"""

import base64
import re
from collections.abc import Iterator

from ccci.names import LONGEST_OBJECT_NAME
from ccci.planning.recording_engine.refusals.refused import Refused, invalid
from ccci.planning.recording_engine.refusals.service_rules import named_like_a_host
from ccci.recipe.kept_sizes import LARGEST_CONFIG, LARGEST_SECRET
from ccci.swarm.decode.typed import Json, text

_NAME = re.compile(r"[a-zA-Z0-9]+(?:[a-zA-Z0-9\-_.]*[a-zA-Z0-9])?")


def config(spec: Json) -> Refused | None:
    """Return the Engine's refusal of a new config, or None."""
    return _first(_kept(spec, "config", LARGEST_CONFIG))


def secret(spec: Json) -> Refused | None:
    """Return the Engine's refusal of a new secret, or None; a driver brings its own content."""
    largest = 0 if spec.get("Driver") is not None else LARGEST_SECRET
    return _first(_kept(spec, "secret", largest))


def network(spec: Json) -> Refused | None:
    """Return Swarm's refusal of a new network, or None; one of a single node is not Swarm's."""
    if text(spec, "Driver") != "overlay":
        return None
    return _first(named_like_a_host(text(spec, "Name")))


def _first(found: Iterator[str]) -> Refused | None:
    said = next(found, "")
    return invalid(said) if said else None


def _kept(spec: Json, word: str, largest: int) -> Iterator[str]:
    name = text(spec, "Name")
    if not name:
        yield "name must be provided"
    if len(name) > LONGEST_OBJECT_NAME or not _NAME.fullmatch(name):
        yield (
            f"invalid name, only {LONGEST_OBJECT_NAME} [a-zA-Z0-9-_.] characters allowed, and the "
            "start and end character must be [a-zA-Z0-9]"
        )
    if largest and not 0 < _size(text(spec, "Data")) < largest:
        yield f"{word} data must be larger than 0 and less than {largest} bytes"


def _size(data: str) -> int:
    try:
        return len(base64.b64decode(data))
    except ValueError:
        return 0
