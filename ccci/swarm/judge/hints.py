"""What each cause means, and the next step where nothing more is known. Pure text."""

from ccci.swarm.causes import CauseCode

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

HINTS: dict[CauseCode, str] = {
    CauseCode.EXIT_NONZERO: (
        "run its image by hand, with the same command and environment, and mend what ends it"
    ),
    CauseCode.EXITED_EARLY: (
        "let its main process stay in the foreground; if it is meant to end, make it a job, or say "
        "`restart_policy: condition: none` and `update_config: failure_action: continue`"
    ),
    CauseCode.OOM_KILLED: "raise `deploy.resources.limits.memory`, or make the app need less",
    CauseCode.UNHEALTHY: (
        "run the check's `test` by hand in a container with the same environment and networks; if "
        "the app only needs longer, raise the check's `start_period`"
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
        "see its networks with `docker network inspect`: one may be gone, or have no address left "
        "in its subnet (make it anew with a larger one)"
    ),
    CauseCode.OLD_TASK_NOT_STOPPING: (
        "let the app end on its stop signal, or lower `stop_grace_period`, after which Swarm kills "
        "it; a --timeout has to leave room for it"
    ),
    CauseCode.CONFIG_IMMUTABLE: (
        "configs and secrets never change under one name: raise the version in its name and "
        "deploy again"
    ),
    CauseCode.CONFLICT: "somebody else updated the service at the same moment: deploy again",
    CauseCode.ORCHESTRATOR_RESTARTED: (
        "wait until `docker node ls` shows a leader that stays, then deploy again"
    ),
    CauseCode.INTERFERENCE: "make sure that one deploy at a time touches the stack, then repeat it",
    CauseCode.UNKNOWN: (
        "see the tasks in the report, and the log of the daemon on their nodes "
        "(`journalctl -u docker`)"
    ),
}
"""The next step for a cause alone; `next_steps` knows better ones."""
