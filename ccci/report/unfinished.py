"""What is told of a rollout that was not followed to its end. Pure."""

import shlex

from ccci.host.counting import some
from ccci.swarm.judge.rollout import Rollout

_NAMED = 3
"""So many services of one phase are named."""


def interrupted(rollout: Rollout, what: str = "interrupted") -> str:
    """Return one sentence of a rollout that a signal ended: what it was, and how far each was."""
    by_phase: dict[str, list[str]] = {}
    for each in rollout.judgements:
        by_phase.setdefault(each.phase.value, []).append(each.name)
    known = "; ".join(f"{some(names, _NAMED)}: {phase}" for phase, names in by_phase.items())
    return f"{what} before the end; known so far: {known or 'nothing'}"


def out_of_reach(why: str) -> str:
    """Return one sentence of a rollout whose Engine went away and stayed away."""
    return f"the Engine is out of reach: {why}"


def untouched(code: int) -> str:
    """Return what is said of a COMMAND that failed before it changed anything."""
    return f"COMMAND exited with {code} and changed no service"


def in_flight(stack: str) -> str:
    """Return the next step of a rollout that nobody follows any more, and that goes on."""
    return f"`ccci converge {shlex.quote(stack)}` follows what is still in flight"
