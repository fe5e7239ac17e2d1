"""An event of the Engine as a value, whatever it sends. Pure."""

from dataclasses import dataclass

from ccci.errors import EngineError
from ccci.swarm.decode.typed import an_object, inside, labels, text
from ccci.swarm.labels import STACK_LABEL

STARTS = "start"
DIES = "die"
OUT_OF_MEMORY = "oom"
UNHEALTHY = "health_status: unhealthy"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to whom: `kind` is `service`, `node` or `container`.

    `stack`, `task`, `slot` and `service` are of a container of a stack, `state` is what a node has
    turned to, `told` says whether an event of a node tells more than that it was touched.
    """

    kind: str
    action: str
    id: str = ""
    name: str = ""
    stack: str = ""
    task: str = ""
    slot: str = ""
    service: str = ""
    exit_code: int | None = None
    state: str = ""
    told: bool = True


def event(raw: object) -> Event | None:
    """Return an event, or None where it makes no sense."""
    try:
        whole = an_object(raw, "an event")
        actor = inside(whole, "Actor")
        attributes = labels(actor, "Attributes")
        task = attributes.get("com.docker.swarm.task.id", "")
        return Event(
            kind=text(whole, "Type"),
            action=text(whole, "Action"),
            id=text(actor, "ID"),
            name=attributes.get("name", ""),
            stack=attributes.get(STACK_LABEL, ""),
            task=task,
            slot=(attributes.get("com.docker.swarm.task.name") or task).rpartition(".")[0],
            service=attributes.get("com.docker.swarm.service.id", ""),
            exit_code=_number(attributes.get("exitCode")),
            state=attributes.get("state.new", ""),
            # A node that is told of without a change of state, lead, role or availability only got
            # or lost an address in some network, of any stack, or a label.
            told=text(whole, "Action") != "update" or bool(attributes.keys() - {"name"}),
        )
    except EngineError:
        return None


def _number(said: str | None) -> int | None:
    if said is None or not said.lstrip("-").isascii() or not said.lstrip("-").isdigit():
        return None
    return int(said) if len(said) <= len("-2147483648") else None
