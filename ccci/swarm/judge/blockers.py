"""What keeps a slot from ever starting a task, and for how long already. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccci.swarm.judge.diagnose import BLOCKERS, code_of, signature
from ccci.swarm.judge.endings import ended_by_itself
from ccci.swarm.judge.limits import JUST_MADE
from ccci.swarm.judge.moment import Moment
from ccci.swarm.judge.slots import away, on_paused_node
from ccci.swarm.model import CauseCode, Node, Service, Task, TaskState, UpdateState


@dataclass(frozen=True, slots=True)
class Blocked:
    """What keeps a slot from starting a task, and since when (our clock)."""

    code: CauseCode
    reason: str
    task: str
    since: float
    listed: bool


def held_up(
    before: Mapping[str, Blocked], now: Moment, old_tasks: frozenset[str]
) -> dict[str, Blocked]:
    """Return what holds each slot up, given what did before; a reason counts from its first look.

    Tasks that still stop hold ports and memory which the new one may be waiting for, so the count
    begins only when they are gone.
    """
    blocked: dict[str, Blocked] = {}
    by_slot: dict[str, list[Task]] = {}
    for task in now.service.tasks:
        if task.id not in old_tasks or task.live:
            by_slot.setdefault(task.slot, []).append(task)
    for slot, tasks in by_slot.items():
        in_order = sorted(tasks, key=lambda task: task.created_at)
        # An old task that only waits for its turn to be replaced is no evidence.
        found = _obstacle(
            [task for task in in_order if task.up_to_date or task.id not in old_tasks]
        )
        if (kept := _kept_by_its_node(now.service, in_order, now.nodes)) is not None:
            found = kept, CauseCode.NO_SUITABLE_NODE, True
        if found is None:
            continue
        task, code, listed = found
        reason = signature(task)
        last = before.get(slot)
        same = last is not None and last.reason == reason and not now.stopping
        since = last.since if last is not None and same else now.at
        blocked[slot] = Blocked(code, reason, task.id, since, listed)
    return blocked


def _kept_by_its_node(service: Service, tasks: list[Task], nodes: tuple[Node, ...]) -> Task | None:
    """Return the task whose node keeps a slot from getting its own.

    It is an old one that a paused node keeps; or a new one of a node that went down before it ran,
    for which the updater waits as long as the node is away (swarmkit updater.go: updateTask).
    """
    gone = away(nodes)
    updating = service.update is not None and service.update.state is UpdateState.UPDATING
    for task in tasks:
        began = task.state.rank >= TaskState.RUNNING.rank
        lost = updating and task.up_to_date and not (task.live or began) and task.node in gone
        if lost or on_paused_node(service.spec, task, nodes):
            return task
    return None


def _obstacle(tasks: list[Task]) -> tuple[Task, CauseCode, bool] | None:
    """Return the task that shows what holds a slot up, its cause, and whether it is still live.

    The newest task decides; one that has not said anything yet speaks with the voice of the
    one before it, which was refused.
    """
    if not tasks:
        return None
    newest = tasks[-1]
    waits = newest.state.rank < TaskState.STARTING.rank and newest.live
    if waits and newest.error:
        return newest, code_of(newest), True
    refused = _refused(tasks[:-1] if waits else tasks)
    # Each task is NEW for a moment: behind one that was refused it has not said anything yet.
    silent = refused is not None and (newest.since or 0.0) < JUST_MADE
    if waits and newest.state is TaskState.NEW and not silent:
        return newest, code_of(newest), True
    return refused


def _refused(tasks: list[Task]) -> tuple[Task, CauseCode, bool] | None:
    """Return the last of these tasks and its cause, where it was refused."""
    if not tasks or not ended_by_itself(tasks[-1]):
        return None
    code = code_of(tasks[-1])
    return (tasks[-1], code, False) if code in BLOCKERS else None
