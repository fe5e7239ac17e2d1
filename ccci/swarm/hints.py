"""What each cause means, and one next step for it. Pure text."""

from ccci.swarm.model import CauseCode, Spec, Task, TaskState
from ccci.swarm.slots import is_one_shot

SIGKILL_EXIT = 137

MEANINGS: dict[CauseCode, str] = {
    CauseCode.EXIT_NONZERO: "the task's main process ended with an error of its own",
    CauseCode.EXITED_EARLY: "it ended with exit code 0, where the service should stay up",
    CauseCode.OOM_KILLED: "the kernel killed it, out of memory (known of containers on our node)",
    CauseCode.UNHEALTHY: "its health check failed, also where Swarm reports no error at all",
    CauseCode.IMAGE_UNAVAILABLE: "the image cannot be obtained",
    CauseCode.MOUNT_FAILED: "a bind source does not exist, or a volume cannot be mounted",
    CauseCode.NO_SUITABLE_NODE: (
        "the scheduler finds no node (resources, constraints, platform), or a node that is paused "
        "or down keeps the service's task"
    ),
    CauseCode.PORT_IN_USE: "a port that it publishes is taken",
    CauseCode.START_TIMEOUT: "it was still on its way to RUNNING at the deadline",
    CauseCode.NETWORK_UNAVAILABLE: "a network is missing, or has no address left",
    CauseCode.OLD_TASK_NOT_STOPPING: "the old task does not stop, and the new one waits for it",
    CauseCode.CONFIG_IMMUTABLE: "a config or secret was changed under its old name",
    CauseCode.CONFLICT: "the Engine refused the update as out of sequence: another came between",
    CauseCode.ORCHESTRATOR_RESTARTED: "the orchestrator restarted, or moved to another manager",
    CauseCode.INTERFERENCE: "somebody else changed the service during the rollout",
    CauseCode.UNKNOWN: "nothing that was seen names a cause; the report holds what was seen",
}
"""Each cause in one sentence, for the docs page."""

_HINTS: dict[CauseCode, str] = {
    CauseCode.EXIT_NONZERO: "read its last log lines and start the image by hand with that config",
    CauseCode.EXITED_EARLY: (
        "let its main process stay in the foreground, or say `restart_policy: condition: none` "
        "(or use a job) if it is meant to end"
    ),
    CauseCode.OOM_KILLED: "raise `deploy.resources.limits.memory`, or make the app need less",
    CauseCode.UNHEALTHY: (
        "read the probe's output; if the app only needs longer, raise the check's `start_period`"
    ),
    CauseCode.IMAGE_UNAVAILABLE: (
        "check the image's name and tag, the registry's answer, and whether the node can reach it"
    ),
    CauseCode.MOUNT_FAILED: "create the path on every node it may run on, or use a named volume",
    CauseCode.NO_SUITABLE_NODE: (
        "compare the service's constraints, reservations and ports with `docker node ls` and "
        "`docker node inspect`"
    ),
    CauseCode.PORT_IN_USE: (
        "free the port, or set `update_config: order: stop-first` if it is the old task that "
        "holds it"
    ),
    CauseCode.START_TIMEOUT: (
        "see what it does while starting (its logs); give it a longer `start_period` or --timeout"
    ),
    CauseCode.NETWORK_UNAVAILABLE: (
        "look at `docker network inspect`: missing, or its subnet full; leaked endpoints go away "
        "when the manager's daemon restarts"
    ),
    CauseCode.OLD_TASK_NOT_STOPPING: (
        "let the app end on its stop signal; `stop_grace_period` bounds how long Swarm waits"
    ),
    CauseCode.CONFIG_IMMUTABLE: (
        "configs and secrets never change under one name: raise the version in its name and "
        "deploy again"
    ),
    CauseCode.CONFLICT: "somebody else updated the service at the same moment: deploy again",
    CauseCode.ORCHESTRATOR_RESTARTED: (
        "Swarm forgot which tasks the update had made: deploy again on a quiet manager"
    ),
    CauseCode.INTERFERENCE: "make sure that one deploy at a time touches the stack, then repeat it",
    CauseCode.UNKNOWN: "look at `docker service ps --no-trunc` and the daemon's log",
}


def hint_for(
    code: CauseCode,
    task: Task | None = None,
    exit_code: int | None = None,
    spec: Spec | None = None,
    *,
    local: bool = True,
) -> str:
    """Return the next step for a cause, sharpened by the task and the spec that was asked for."""
    start_first = spec is not None and spec.update.order == "start-first"
    if code is CauseCode.OOM_KILLED:
        return _memory_hint(spec, start_first=start_first)
    if code is CauseCode.EXIT_NONZERO and exit_code == SIGKILL_EXIT and not local:
        return (
            "137 is SIGKILL: perhaps out of memory; ask the node it ran on "
            "(`docker inspect`, the kernel's log), since this Engine cannot see it"
        )
    if code is CauseCode.NO_SUITABLE_NODE and task is not None:
        return _placement_hint(task, start_first=start_first)
    if code is CauseCode.UNKNOWN and task is not None and task.state is TaskState.REJECTED:
        return "the node refuses it as it is written: mend what the message names, and deploy again"
    return (_policy_hint(code, spec) if spec is not None else "") or _HINTS[code]


def _policy_hint(code: CauseCode, spec: Spec) -> str:
    """Return the next step that the service's own policies ask for, or nothing."""
    if code is CauseCode.EXITED_EARLY and is_one_shot(spec, spec.health):
        return (
            "in an update Swarm takes each end within `monitor` for a failure: say `update_config: "
            "failure_action: continue` for a service that is meant to end, or make it a job"
        )
    if code is CauseCode.PORT_IN_USE and spec.update.order != "start-first":
        return "free the port: `docker ps` and `ss -ltnp` on the node show what else holds it"
    return ""


def _memory_hint(spec: Spec | None, *, start_first: bool) -> str:
    """Return the next step after an OOM kill: the limit that was hit, and start-first's double."""
    limit = spec.memory_limit if spec is not None else 0
    hint = _HINTS[CauseCode.OOM_KILLED]
    if limit:
        hint = hint.replace("limits.memory`", f"limits.memory` (now {limit / 2**20:.0f} MiB)")
    if not start_first:
        return hint
    return (
        f"{hint}; where the node is short of memory, `update_config: order: stop-first` avoids "
        "running old and new side by side"
    )


def _placement_hint(task: Task, *, start_first: bool) -> str:
    """Return the next step for the scheduler's reason (swarmkit manager/scheduler/filter.go).

    A task without one has a node, which keeps its slot from a new task.
    """
    error = task.error
    if not error and task.state is TaskState.RUNNING:
        return (
            "Swarm replaces no task of a global service on a node that is paused: set the node "
            "active, or drain it (`docker node update --availability`)"
        )
    if not error:
        return "bring the node back, or remove it (`docker node rm --force`), then deploy again"
    if "insufficient resources" in error:
        more = (
            "; in an update with `order: start-first` the old task holds its share, too: "
            "stop-first frees it"
            if start_first
            else ""
        )
        return f"lower its resource reservations or add a node with room{more}"
    reasons = {
        "scheduling constraints": "no node at hand meets its placement constraints: label a node",
        "unsupported platform": "its image has no build for the nodes' platform",
        "missing plugin": "install the network or volume plugin it needs on a node",
        "max replicas per node": "raise `max_replicas_per_node`, or lower `replicas`",
        "not available": "bring a node back: `docker node ls` shows which are down or drained",
    }
    if start_first:
        reasons["max replicas per node"] += (
            ", or say `update_config: order: stop-first`: with start-first the old task counts, too"
        )
    found = [hint for text, hint in reasons.items() if text in error]
    return "; or ".join(found) or _HINTS[CauseCode.NO_SUITABLE_NODE]
