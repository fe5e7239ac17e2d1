"""Whether a look is older than one before it: versions and states of Swarm only ever rise. Pure.

Every write of a service raises its version (swarmkit manager/state/store/memory.go), and a task's
state only moves forward (api/types.proto). A manager that was cut off, or a balancer between two of
them, may answer with what was true before.

This is what decoded looks show, those of a recording too. What raw answers show beyond it (two
things at one version, what comes back after it was gone) is `watching/consistency`'s.
"""

from ccci.swarm.model import Observation


def older(before: Observation | None, seen: Observation) -> str:
    """Return what shows that a look is older than the one before, an empty text where nothing."""
    if before is None:
        return ""
    known = {each.id: each for each in before.services}
    for service in seen.services:
        last = known.get(service.id)
        if last is None:
            continue
        if service.version < last.version:
            return f"{service.name} has version {service.version}, and had {last.version} before"
        states = {task.id: task.state.rank for task in last.tasks}
        for task in service.tasks:
            if task.state.rank < states.get(task.id, 0):
                return f"task {task.id[:12]} of {service.name} went back to {task.state.value}"
    return ""
