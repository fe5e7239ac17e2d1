"""The networks that each node has: Swarm knows two of them, and lists neither."""

from ccci.errors import EngineError
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine import answers
from ccci.swarm.engine.client import Engine

_NAMES = ("bridge", "host")


def networks(engine: Engine) -> list[OwnJson]:
    """Return them as Swarm knows them, by ids of its own that the services on them name.

    From swarmkit's PredefinedNetworks; that no listing has them was seen on 20.10. Raise
    EngineError where an answer makes no sense.
    """
    found = []
    for name in _NAMES:
        try:
            answer = engine.get(f"/networks/{name}", params={"scope": "swarm"})
        except EngineError as error:
            if not error.is_absent:
                raise
        else:
            found.append(answers.identified("/networks", answer))
    return found
