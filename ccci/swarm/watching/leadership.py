"""Who leads, since when: a name for the orchestrator that changes when it forgot what it did.

What an update did so far is known to the leading manager's memory alone. A new leader, and a leader
that restarted, goes on with a roll without knowing which tasks it made, so that their failures no
longer count (swarmkit manager/orchestrator/update/updater.go).
"""

from dataclasses import dataclass

from ccci.errors import EngineError
from ccci.swarm.decode import listings
from ccci.swarm.decode.events import Event
from ccci.swarm.decode.networks import created
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine.client import Engine


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who leads, nobody during an election, and the listing of nodes that it was read from."""

    name: str
    nodes: list[OwnJson]


def ask(engine: Engine, own_node: str) -> Leadership:
    """Return who leads; `own_node` is the id of the Engine's own node.

    A leader is named by its node's id. Where it is the very Engine we ask, the time its default
    bridge was made is added: dockerd makes that network anew each time it starts (moby
    daemon/daemon_unix.go: initBridgeDriver), and says nowhere else when it did. A leader elsewhere
    that restarts loses its lead, or is betrayed by `begins_to_lead`.
    """
    nodes = engine.nodes()
    listings.check_nodes(nodes)
    leader = listings.leader(nodes)
    if leader and leader == own_node:
        return Leadership(f"{leader}@{_started(engine)}", nodes)
    return Leadership(leader, nodes)


def _started(engine: Engine) -> str:
    try:
        return created(engine.network("bridge"))
    except EngineError as error:
        if error.is_absent:  # `bridge: none` in daemon.json
            return ""
        raise


def begins_to_lead(event: Event) -> bool:
    """Say whether an event shows that a manager has just begun to lead.

    Only a dispatcher that starts sets nodes to `unknown` (swarmkit manager/dispatcher:
    markNodesUnknown); a node that is lost goes to `down`.
    """
    return event.kind == "node" and event.state == "unknown"
