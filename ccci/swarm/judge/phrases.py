"""The two axes of a service in a few words: what Swarm says, and what runs. Pure.

They are shown side by side because their disagreement is itself the finding: `completed` over a
task that never runs, or no status at all over tasks of the previous spec.
"""

from collections import Counter

from ccci.swarm.judge.slots import Slots
from ccci.swarm.model import Phase, Service, Spec, Task, TaskState

_STARTING: dict[TaskState, str] = {
    TaskState.NEW: "waiting",
    TaskState.ALLOCATED: "waiting",
    TaskState.PENDING: "waiting",
    TaskState.ASSIGNED: "preparing",
    TaskState.ACCEPTED: "preparing",
    TaskState.PREPARING: "preparing",
    TaskState.READY: "ready",
    TaskState.STARTING: "starting",
}
"""A task's way to RUNNING in four words; each change of word is a line in a CI log."""

_PLAIN = {"updating", "completed", "rollback_completed"}
"""Where the message only repeats the state: "update in progress" (swarmkit updater.go)."""

_HOUR, _MINUTE = 3600, 60

PHASES: dict[Phase, str] = {
    Phase.AS_BEFORE: "COMMAND has not touched it yet",
    Phase.STARTING: "nothing is left to replace; tasks are on their way to RUNNING",
    Phase.UPDATING: "Swarm is replacing its tasks",
    Phase.WAITING: "Swarm still has tasks to replace or to stop",
    Phase.SOAKING: "every slot holds an up-to-date running task; it is watched whether that lasts",
    Phase.STEADY: "it held through the soak",
    Phase.ROLLING_BACK: "Swarm is putting the previous spec back",
    Phase.COMING_BACK: "Swarm has put the previous spec back; its tasks do not run again yet",
    Phase.ROLLED_BACK: "Swarm has put the previous spec back",
    Phase.PAUSED: "Swarm stopped the update half-way",
    Phase.ROLLBACK_PAUSED: "Swarm stopped the rollback half-way",
    Phase.CRASHING: "it does not stay up: a crash loop, a slot given up, a death during the soak",
    Phase.STALLED: "no task of it can start, each time for the same reason",
    Phase.DISTURBED: "somebody else changed it, or the orchestrator restarted",
    Phase.GONE: "it is no longer there",
}
"""What the live view and the log call a service before and when it is judged."""

PUT_BACK = "Swarm put the previous spec back"
PUTS_BACK = "Swarm is rolling it back"
UPDATES = "Swarm is updating it"
REMOVED_BY_COMMAND = "COMMAND removed it"


def starts_again(spec: Spec) -> str:
    """Return when a service that runs by its restart delay starts again: `starts again in 24 h`."""
    delay = spec.restart.delay
    for unit, word in ((_HOUR, "h"), (_MINUTE, "min")):
        if delay >= unit and not delay % unit:
            return f"starts again in {delay / unit:g} {word}"
    return f"starts again in {delay:g} s"


def swarm_says(service: Service) -> str:
    """Return Swarm's own word for the update, or `-` where it has none."""
    return service.update.state.value if service.update else "-"


def message_of(service: Service) -> str:
    """Return what Swarm says besides its word: why it stopped, or went back."""
    if service.update is None or service.update.state.value in _PLAIN:
        return ""
    return service.update.message


def what_runs(slots: Slots, *, rolling_back: bool = False) -> str:
    """Return how many slots hold an up-to-date running task, and what the others hold.

    In a rollback the spec put back is the one that Swarm calls up to date.
    """
    fresh, dirty = ("put back", "new") if rolling_back else ("up to date", "old")
    parts = [f"{len(slots.running)}/{slots.expected} {fresh}"]
    if slots.done:
        parts.append(f"{len(slots.done)} done")
    on_the_way = Counter(
        _STARTING[task.state] for task in slots.live if task.up_to_date and task.state in _STARTING
    )
    parts += [f"{count} {word}" for word, count in on_the_way.items()]
    if slots.dirty:
        parts.append(f"{len(slots.dirty)} {dirty}")
    if slots.stopping:
        parts.append(f"{len(slots.stopping)} stopping")
    if slots.dead:
        parts.append(f"{len(slots.dead)} given up")
    stuck = _stuck(slots.live)
    return ", ".join(parts) + (f" ({stuck})" if stuck else "")


def _stuck(live: tuple[Task, ...]) -> str:
    """Return what keeps a task from starting: it has an error although it has not ended."""
    return next((task.error for task in live if task.error and not task.state.ended), "")
