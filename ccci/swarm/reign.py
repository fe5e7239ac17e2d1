"""Whose reign it is: a name for the orchestrator that changes when it forgot what it was doing.

What an update did so far is known to the leading manager's memory alone. A new leader, and a leader
that restarted, goes on with a roll without knowing which tasks it made, so that their failures no
longer count (swarmkit manager/orchestrator/update/updater.go).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccci.errors import EngineError
from ccci.swarm.engine import Engine, Json


@dataclass(frozen=True, slots=True)
class Reign:
    """A reign, empty while there is no leader, and the listing of nodes it was read from."""

    name: str
    nodes: list[Json]


def ask(engine: Engine, own_node: str) -> Reign:
    """Return whose reign it is; `own_node` is the id of the Engine's own node.

    A leader is named by its node's id. Where it is the very Engine we ask, the time its default
    bridge was made is added: dockerd makes that network anew each time it starts (moby
    daemon/daemon_unix.go: initBridgeDriver), and says nowhere else when it did. A leader elsewhere
    that restarts loses its lead, or is betrayed by `is_new_reign`.
    """
    nodes = engine.nodes()
    leader = leader_of(nodes)
    if leader and leader == own_node:
        return Reign(f"{leader}@{_started(engine)}", nodes)
    return Reign(leader, nodes)


def leader_of(nodes: Iterable[Json]) -> str:
    """Return the id of the leading manager, or nothing while there is none."""
    for node in nodes:
        if (node.get("ManagerStatus") or {}).get("Leader"):
            return str(node["ID"])
    return ""


def _started(engine: Engine) -> str:
    try:
        return str(engine.get("/networks/bridge").get("Created") or "")
    except EngineError as error:
        if error.status == 404:  # noqa: PLR2004 -- `bridge: none` in daemon.json
            return ""
        raise


def is_new_reign(event: Json) -> bool:
    """Say whether an event shows that a manager has just begun to lead.

    Only a dispatcher that starts sets nodes to `unknown` (swarmkit manager/dispatcher:
    markNodesUnknown); a node that is lost goes to `down`.
    """
    attributes = (event.get("Actor") or {}).get("Attributes") or {}
    return event.get("Type") == "node" and attributes.get("state.new") == "unknown"
