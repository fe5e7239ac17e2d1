"""How the tasks of a service are replaced: how many at once, how long, what stops for it. Pure.

A task that replaces another comes in a wave of the update policy; one that replaces none, of a new
service, of a scale or of a job, starts at once, and no policy has a part in it (swarmkit
manager/orchestrator/update/updater.go is given the slots that are there already).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ccci.planning.facts import There
from ccci.planning.fate import Fate
from ccci.planning.model import ServicePlan
from ccci.planning.nodes.fit import Demand
from ccci.planning.nodes.room import Need, mib
from ccci.swarm.decode.tasks import TaskEntry
from ccci.swarm.judge import deadline
from ccci.swarm.judge.placement import fitting
from ccci.swarm.model import Node, Observation, Service, Spec


@dataclass(frozen=True, slots=True)
class Tasks:
    """The live tasks of a service, and those of them that Swarm finds to be of another spec."""

    live: Sequence[TaskEntry] = ()
    dirty: Sequence[TaskEntry] = ()


def timed(
    row: ServicePlan, demand: Demand, old: Need, tasks: Tasks, nodes: tuple[Node, ...], there: There
) -> ServicePlan:
    """Return a row with how its tasks start: in how many waves, how long, side by side.

    `old` is what one of the tasks needs that are replaced.
    """
    spec, owner = demand.spec, demand.owner
    service = Service(owner.id, row.name, owner.name, 0, spec)
    seen = Observation(0.0, "", (service,), nodes, absent_images=there.absent_images)
    rolls = row.fate is Fate.ROLLS and not spec.mode.is_job
    longest = deadline.derive(seen) if rolls else deadline.of_a_start(service, seen)
    row = replace(row, longest=longest.seconds, arithmetic=longest.arithmetic)
    if not rolls:
        return row
    may = fitting(spec, nodes)
    count = len(may) if spec.mode.is_global else spec.replicas or 0
    count = len(tasks.dirty) if row.why else count
    at_once = min(spec.update.parallelism or count, count)
    pairs = 1 if spec.mode.is_global else at_once
    return replace(
        row,
        waves=-(-count // at_once) if at_once else 0,
        side_by_side=_side_by_side(spec, old, demand.need, pairs, [each.memory for each in may]),
    )


def _side_by_side(
    spec: Spec, before: Need, after: Need, pairs: int, memories: Sequence[int]
) -> str:
    """Return how old and new share the nodes in a roll with start-first, or nothing to say.

    `pairs` is how many of either run at once, `memories` what each node has that they may be on.
    Limits are no filter of the scheduler: they are held against the whole memory, since what the
    copies use may be more than there is.
    """
    if spec.update.order != "start-first" or not (after.memory or after.limit):
        return ""
    run = "old and new" if pairs == 1 else f"{pairs} old and {pairs} new"
    run = f"{run} run side by side"
    if after.limit and not before.limit:
        one, other = ("the new one", "the old one has") if pairs == 1 else _SEVERAL
        return f"{run}: {one} may use {mib(after.limit)}, {other} no limit"
    if after.limit:
        together, what = pairs * (before.limit + after.limit), "limits"
    else:
        together, what = pairs * (before.memory + after.memory), "reservations"
    sentence = f"{run}: {mib(together)} of {what} together"
    if pairs == 1 or len(memories) == 1:
        most, has = max(memories, default=0), "no node has more than"
    else:
        most, has = sum(memories), "the nodes together have no more than"
    if most and together > most:
        return f"{sentence}, and {has} {mib(most)}: `order: stop-first`"
    return sentence


_SEVERAL = "each new one", "the old ones have"


def outage(row: ServicePlan, spec: Spec, tasks: Tasks, nodes: tuple[Node, ...]) -> str:
    """Return what stops of a service though nothing new of it fits anywhere; empty if nothing does.

    Under stop-first a task is stopped before the one that replaces it has a place, and the updater
    then waits for ever (swarmkit manager/orchestrator/update/updater.go: updateTask). A global
    service's are stopped on each node that its constraints leave out (global/global.go).
    """
    live = len(tasks.live)
    if row.placed or not row.lacks or not live or spec.mode.is_job:
        return ""
    if spec.mode.is_global and not fitting(spec, nodes):
        return "its tasks are stopped all the same, and nothing of it serves"
    if row.fate is not Fate.ROLLS or spec.update.order == "start-first":
        return ""
    at_once = min(spec.update.parallelism or live, live)
    if at_once == live:
        return "under `order: stop-first` its tasks are stopped first, and nothing of it serves"
    return f"under `order: stop-first` {at_once} of its {live} tasks stop, and nothing takes over"
