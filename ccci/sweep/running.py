"""The sweep of what runs: the services of some stacks, or of all."""

from collections.abc import Sequence

from ccci.errors import CcciError
from ccci.swarm.engine import predefined
from ccci.swarm.engine.client import Engine
from ccci.sweep import live
from ccci.sweep.model import Sweep
from ccci.sweep.rules import Choice


def running(stacks: Sequence[str], node_memory: int, choice: Choice) -> Sweep:
    """Return the sweep of the services that run, of these stacks or, without any, of all."""
    with Engine.connect() as engine:
        engine.require_manager()
        wanted: Sequence[str | None] = stacks or (None,)
        services = [each for stack in wanted for each in engine.services(stack)]
        missing = [stack for stack in stacks if not any(live.belongs(s, stack) for s in services)]
        if missing:
            raise CcciError(
                f"no service of the stack {', '.join(missing)} runs here", "see `docker stack ls`"
            )
        networks = [*engine.networks(), *predefined.networks(engine)]
        found = live.sweep(services, networks, engine.nodes(), node_memory, choice)
    if not found.services:
        raise CcciError("no service runs on this swarm: nothing to sweep", "deploy one first")
    return found
