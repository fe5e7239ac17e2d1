"""The next step where the scheduler finds no place: nodes, plugins, ports. Pure text.

The reasons are swarmkit's (manager/scheduler/filter.go, orchestrator/constraintenforcer).
"""

import re
from collections.abc import Callable

from ccci.swarm.judge.next_steps.by_constraint import met_by
from ccci.swarm.judge.next_steps.situation import Situation, listed
from ccci.swarm.model import Mount, Spec, TaskState

PORT_IN_USE = "host-mode port already in use"
NO_ROOM = "insufficient resources"
PLATFORM = "unsupported platform"
CONSTRAINTS = "scheduling constraints"
MAX_REPLICAS = "max replicas per node"
NOT_AVAILABLE = "not available"
"""Reasons, each as far as swarmkit's filters say it word by word."""


def port_in_use(now: Situation) -> str:
    """Return who holds the port, and the way out, or nothing.

    The scheduler counts Swarm's own tasks alone; what a node says of the address is the doing of a
    container or process that Swarm does not know.
    """
    if not now.error:
        return ""
    if PORT_IN_USE in now.error:
        return _held_by_a_task(now)
    port = _BOUND.search(now.error)
    own = now.spec.host_ports if now.spec is not None else ()
    ports = (port[1],) if port else tuple(str(each) for each in own)
    named = f"port {listed(ports)}" if ports else "the port"
    if "permission denied" in now.error:
        return (
            f"docker on {now.where} may not open {named}: publish one from 1024 on, or lower "
            "`net.ipv4.ip_unprivileged_port_start` there"
        )
    only = f" 'sport = :{ports[0]}'" if len(ports) == 1 else ""
    if "port is already allocated" in now.error:
        publish = f" --filter publish={ports[0]}" if len(ports) == 1 else ""
        return (
            f"another container on {now.where} holds {named}: `docker ps{publish}` there names "
            "it; stop it, or publish another port"
        )
    listening = "ss -lunp" if re.search(r"\budp|/udp", now.error) else "ss -ltnp"
    return (
        f"another program on {now.where} holds {named}: `{listening}{only}` there names it; stop "
        "it, or publish another port"
    )


_BOUND = re.compile(
    r"(?:\bbind for|\blisten (?:tcp|udp|sctp)\d?|\bhost port(?: for)?) \S*?:(\d{1,5})(?=[:/ ]|$)",
    re.IGNORECASE,
)
"""The port in what a node says of it (moby libnetwork/portallocator, portmapper, Go's net)."""


def _held_by_a_task(now: Situation) -> str:
    spec = now.spec
    ports = listed([str(each) for each in spec.host_ports]) if spec is not None else ""
    named = f"port {ports}" if ports else "the port"
    if spec is not None and spec.host_ports and (spec.replicas or 1) > 1:
        more = "; with `order: start-first` the old tasks hold it, too: stop-first frees it"
        return (
            f"{named} in `mode: host` is there once on each node, and {spec.replicas} replicas "
            "want it: fewer replicas, `mode: global`, more nodes, or `mode: ingress`"
            + (more if now.start_first else "")
        )
    if now.start_first:
        return (
            f"set `update_config: order: stop-first`: with start-first the old task still holds "
            f"{named}; if another service's task does, publish another port"
        )
    if spec is not None:
        return (
            f"a task of another service holds {named} in `mode: host`: publish another port, or "
            "add a node"
        )
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
            "Swarm replaces no task of a global service on a node that is paused: set it active "
            f"(`docker node update --availability active {now.node or 'NODE'}`), or drain it"
        )
    if not task.error:
        return (
            f"bring {now.node or 'the node'} back, or remove it (`docker node rm --force "
            f"{now.node or 'NODE'}`), then deploy again"
        )
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


def _asked(now: Situation) -> tuple[str, ...]:
    return now.spec.constraints if now.spec is not None else ()


def _constraints(now: Situation) -> str:
    asked = _asked(now)
    named = f" {listed([f'`{each}`' for each in asked])}" if asked else ""
    plural = "" if len(asked) == 1 else "s"
    every = "" if len(asked) <= 1 else "all "
    return (
        f"no node that is ready meets {every}its placement constraint{plural}{named}: "
        f"{met_by(asked)}"
    )


def _left_node(now: Situation) -> str:
    asked = _asked(now)
    if not asked:
        return (
            f"{now.where} was changed during the rollout and no longer meets its placement "
            "constraints or reservations: put back what was changed, then deploy again"
        )
    named = listed([f"`{each}`" for each in asked])
    way = met_by(asked, now.node) if now.node else met_by(asked)
    return (
        f"{now.where} was changed during the rollout and no longer meets {named}: {way}; then "
        "deploy again"
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
    NO_ROOM: _no_room,
    CONSTRAINTS: _constraints,
    PLATFORM: lambda _: (
        "its image has no build for the nodes' platform: build it for that, or add a node that fits"
    ),
    "missing plugin": _plugin,
    MAX_REPLICAS: _max_replicas,
    NOT_AVAILABLE: lambda _: (
        "bring a node back: `docker node ls` shows which are down, drained or paused (those two: "
        "`docker node update --availability active NODE`)"
    ),
}
