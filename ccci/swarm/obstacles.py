"""What keeps a slot from ever starting a task, and for how long already. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccci.swarm.diagnose import BLOCKERS, code_of, signature
from ccci.swarm.model import CauseCode, Node, Service, Task, TaskState, UpdateState
from ccci.swarm.slots import away, ended_by_itself, on_paused_node


@dataclass(frozen=True, slots=True)
class Blocked:
    """What keeps a slot from starting a task, and since when (our clock)."""

    code: CauseCode
    reason: str
    task: str
    since: float
    listed: bool


def held_up(
    before: Mapping[str, Blocked],
    service: Service,
    nodes: tuple[Node, ...],
    at: float,
    *,
    old_tasks: frozenset[str],
    stopping: bool,
) -> dict[str, Blocked]:
    """Return what holds each slot up, given what did before; a reason counts from its first look.

    Tasks that still stop hold ports and memory which the new one may be waiting for, so the count
    begins only when they are gone.
    """
    blocked: dict[str, Blocked] = {}
    by_slot: dict[str, list[Task]] = {}
    for task in service.tasks:
        if task.id not in old_tasks or task.live:
            by_slot.setdefault(task.slot, []).append(task)
    for slot, tasks in by_slot.items():
        in_order = sorted(tasks, key=lambda task: task.created_at)
        # An old task that only waits for its turn to be replaced is no evidence.
        found = _obstacle(
            [task for task in in_order if task.up_to_date or task.id not in old_tasks]
        )
        if (kept := _kept_by_its_node(service, in_order, nodes)) is not None:
            found = kept, CauseCode.NO_SUITABLE_NODE, True
        if found is None:
            continue
        task, code, listed = found
        reason = signature(task)
        last = before.get(slot)
        same = last is not None and last.reason == reason and not stopping
        since = last.since if last is not None and same else at
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
    if newest.state.rank < TaskState.STARTING.rank and newest.live:
        if newest.error or newest.state is TaskState.NEW:
            return newest, code_of(newest), True
        refused = tasks[-2] if len(tasks) > 1 else None
    else:
        refused = newest
    if refused is None or not refused.state.ended or not ended_by_itself(refused):
        return None
    code = code_of(refused)
    return (refused, code, False) if code in BLOCKERS else None
