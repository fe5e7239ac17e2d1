"""The next step where tasks of a plan find no node: that of a rollout which ends so. Pure."""

import re

from ccci.planning.model import ServicePlan
from ccci.planning.nodes.fit import OLD_TASKS
from ccci.swarm.causes import CauseCode
from ccci.swarm.judge.next_steps import by_scheduler
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.judge.refusals import refusal
from ccci.swarm.model import Spec, Task, TaskState

_HELD = re.compile(r"port (?P<port>\d+)\S* is held by (?P<name>.+)")
_BY_THE_SCHEDULER = {
    "are not reserved": by_scheduler.NO_ROOM,
    "does not meet the platform": by_scheduler.PLATFORM,
    "does not meet": by_scheduler.CONSTRAINTS,
    "for each node": by_scheduler.MAX_REPLICAS,
    "is down, drained": by_scheduler.NOT_AVAILABLE,
    "is held by": by_scheduler.PORT_IN_USE,
}
"""Our words for why a task is not on a node, and the scheduler's."""


def way_out(row: ServicePlan, full: str, spec: Spec, *, replaces: bool) -> str:
    """Return the next step for a service whose tasks do not all find a node.

    `full` is its full name; `replaces` says whether old tasks run beside the new ones.
    """
    reasons = [each.reason or each.limit for each in row.nodes]
    said = dict.fromkeys(words for reason in reasons if (words := _by_the_scheduler(reason)))
    where = next((each.node for each in row.nodes if each.reason), "")
    task = Task("", "", TaskState.PENDING, TaskState.RUNNING, error=", ".join(said))
    now = Situation(CauseCode.NO_SUITABLE_NODE, task, spec=spec, node=where, alone=not replaces)
    others = {held["name"]: held["port"] for each in reasons if (held := _HELD.match(each))}
    own = others.pop(full, None) if row.beside in {"", OLD_TASKS} else None
    steps = [_taken(name, port) for name, port in others.items()]
    steps += [
        by_scheduler.port_in_use(now) if own is not None else "",
        by_scheduler.no_node(now) if said else "",
    ]
    found = "; or ".join(dict.fromkeys(each for each in steps if each))
    return found or "make room on a node, or add one"


def _by_the_scheduler(reason: str) -> str:
    return next((words for ours, words in _BY_THE_SCHEDULER.items() if ours in reason), "")


def _taken(name: str, port: str) -> str:
    return refusal(f"port '{port}' is already in use by service '{name}'").hint
