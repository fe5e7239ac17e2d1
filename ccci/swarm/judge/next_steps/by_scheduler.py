"""The next step where the scheduler finds no place: nodes, plugins, ports. Pure text.

The reasons are swarmkit's (manager/scheduler/filter.go, orchestrator/constraintenforcer).
"""

from collections.abc import Callable

from ccci.swarm.judge.next_steps.situation import Situation, listed
from ccci.swarm.model import Mount, Spec, TaskState


def port_in_use(now: Situation) -> str:
    """Return who may hold the port, and the way out, or nothing."""
    spec = now.spec
    ports = listed([str(each) for each in spec.host_ports]) if spec is not None else ""
    named = f"port {ports}" if ports else "the port"
    if spec is not None and spec.host_ports and (spec.replicas or 1) > 1:
        return (
            f"{named} in `mode: host` is there once on each node, and {spec.replicas} replicas "
            "want it: fewer replicas, `mode: global`, more nodes, or `mode: ingress`"
        )
    if now.start_first:
        return (
            f"set `update_config: order: stop-first`: with start-first the old task still holds "
            f"{named}; if another program does, free it"
        )
    if spec is not None:
        return f"free {named}: `docker ps` and `ss -ltnp` on {now.where} show what else holds it"
    return ""


def no_node(now: Situation) -> str:
    """Return the next step for the scheduler's reason (swarmkit manager/scheduler/filter.go).

    A task without one has a node, which keeps its slot from a new task.
    """
    task = now.task
    if task is None:
        return ""
    if not task.error and task.state is TaskState.RUNNING:
        return (
            "Swarm replaces no task of a global service on a node that is paused: set the node "
            "active, or drain it (`docker node update --availability`)"
        )
    if not task.error:
        return "bring the node back, or remove it (`docker node rm --force`), then deploy again"
    found = [step(now) for text, step in _REASONS.items() if text in task.error]
    return "; or ".join(found)


def _no_room(now: Situation) -> str:
    more = (
        "; in an update with `order: start-first` the old task holds its share, too: stop-first "
        "frees it"
        if now.start_first
        else ""
    )
    # A global service's task has its node given (swarmkit orchestrator/global).
    given = now.spec is not None and now.spec.mode.is_global
    place = f"make room on {now.where}" if given else "add a node with room"
    return f"lower its resource reservations or {place}{more}"


def _constraints(now: Situation) -> str:
    asked = listed([f"`{each}`" for each in now.spec.constraints]) if now.spec is not None else ""
    named = f" {asked}" if asked else ""
    return (
        f"no node that is ready meets its placement constraints{named}: label one (`docker node "
        "update --label-add KEY=VALUE NODE`), or correct the constraints"
    )


def _left_node(now: Situation) -> str:
    asked = listed([f"`{each}`" for each in now.spec.constraints]) if now.spec is not None else ""
    named = f" {asked}" if asked else " its placement constraints or reservations"
    return (
        f"{now.where} was changed during the rollout and no longer meets{named}: label a node "
        "(`docker node update --label-add`), then deploy again"
    )


def _plugin(now: Situation) -> str:
    wanted = _plugins(now.spec) if now.spec is not None else []
    if not wanted:
        return "install the log, network or volume plugin it needs on a node"
    return f"no node has {listed(wanted)}: install it on a node, or use one that is built in"


def _plugins(spec: Spec) -> list[str]:
    """Return what of a spec asks for a plugin: its log driver and its volumes' drivers."""
    found = []
    if spec.log_driver and spec.log_driver not in _BUILT_IN_LOGS:
        found.append(f"the log driver `{spec.log_driver}`")
    drivers = {each.driver for each in spec.mounts if _foreign(each)}
    return [*found, *(f"the volume driver `{each}`" for each in sorted(drivers))]


def _foreign(mount: Mount) -> bool:
    return mount.kind == "volume" and mount.driver not in {"", "local"}


_BUILT_IN_LOGS = frozenset(
    {"awslogs", "etwlogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local"}
    | {"none", "splunk", "syslog"}
)
"""moby daemon/logger: the drivers that need no plugin."""


def _max_replicas(now: Situation) -> str:
    more = ", or say `update_config: order: stop-first`: with start-first the old task counts, too"
    return f"raise `max_replicas_per_node`, or lower `replicas`{more if now.start_first else ''}"


_REASONS: dict[str, Callable[[Situation], str]] = {
    "assigned node no longer": _left_node,
    "insufficient resources": _no_room,
    "scheduling constraints": _constraints,
    "unsupported platform": lambda _: (
        "its image has no build for the nodes' platform: build it for that, or add a node that fits"
    ),
    "missing plugin": _plugin,
    "max replicas per node": _max_replicas,
    "not available": lambda _: (
        "bring a node back: `docker node ls` shows which are down, drained or paused (those two: "
        "`docker node update --availability active NODE`)"
    ),
}
