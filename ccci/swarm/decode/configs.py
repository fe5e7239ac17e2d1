"""A config as it is listed, and what it holds. Pure."""

import base64
from dataclasses import dataclass

from ccci.host.json_values import object_in
from ccci.swarm.decode.listed import Listed, listed
from ccci.swarm.decode.typed import Json, inside, text


@dataclass(frozen=True, slots=True)
class Config:
    """A config; `spec` is its spec as the Engine gave it, to be sent again with other labels."""

    listed: Listed
    spec: Json

    def holds(self, data: bytes) -> bool:
        """Say whether it holds just this."""
        return bool(self.spec.get("Data") == base64.b64encode(data).decode())


def config(raw: object) -> Config:
    """Return one config, whatever is odd in it left out."""
    return Config(listed(raw), object_in(object_in(raw).get("Spec")))


def content(raw: Json) -> bytes | None:
    """Return what a config holds, None where that is no content.

    Raise EngineError where the answer makes no sense.
    """
    try:
        return base64.b64decode(text(inside(raw, "Spec"), "Data"))
    except ValueError:
        return None
