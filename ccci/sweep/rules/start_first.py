"""What goes wrong when old and new tasks run side by side."""

from collections.abc import Iterator

from ccci.host import sizes
from ccci.host.counting import counted
from ccci.sweep.rules.model import Hit, Subject

_STOP_FIRST = "write `order: stop-first` in its update_config"
_ORDER = ("deploy.update_config.order", "deploy.update_config", "deploy")


def blast_radius(subject: Subject) -> Iterator[Hit]:
    """Rollback with start-first."""
    update = subject.policy.update
    if subject.policy.start_first and update.failure_action == "rollback":
        yield Hit(
            "a failed update is rolled back while the old task serves on: the app stays green "
            "and the new version is gone, labels included",
            f"{_STOP_FIRST}, or judge every deploy with `ccci converge`",
            ("deploy.update_config.failure_action", *_ORDER),
        )


def host_port(subject: Subject) -> Iterator[Hit]:
    """Start-first with a host-mode port."""
    policy = subject.policy
    if policy.start_first and policy.host_ports:
        ports = ", ".join(map(str, policy.host_ports))
        yield Hit(
            f"the new task cannot start on a node where the old one still holds host port {ports}",
            _STOP_FIRST,
            (*(f"ports.{port}" for port in policy.host_ports), *_ORDER),
        )


def shared_volume(subject: Subject) -> Iterator[Hit]:
    """Start-first with a volume that two tasks would write."""
    policy = subject.policy
    if policy.start_first and policy.shared:
        yield Hit(
            f"old and new task write to {', '.join(policy.shared)} at the same time during an "
            "update",
            f"{_STOP_FIRST}, or mount it read-only",
            _ORDER,
        )


def twice_the_memory(subject: Subject) -> Iterator[Hit]:
    """Start-first where twice the memory exceeds what the node has."""
    policy = subject.policy
    wanted = max(policy.memory_limit, policy.memory_reservation)
    if policy.start_first and wanted and 0 < subject.node_memory < 2 * wanted:
        yield Hit(
            f"old and new task may take {sizes.told(2 * wanted)} together, and the node has "
            f"{sizes.told(subject.node_memory)}",
            f"{_STOP_FIRST}, or lower the limit below half of the node",
            ("deploy.resources.limits.memory", *_ORDER),
        )


def no_rollback_config(subject: Subject) -> Iterator[Hit]:
    """Start-first without a rollback_config."""
    policy = subject.policy
    if policy.start_first and not policy.rollback_declared:
        yield Hit(
            "updates start first but a rollback stops first: Swarm's defaults apply to it, so "
            "a rollback has the outage that the update was to avoid",
            "write a rollback_config with the order that is meant",
            ("deploy.update_config", "deploy"),
        )


def full_nodes(subject: Subject) -> Iterator[Hit]:
    """Start-first with as many tasks as nodes may hold."""
    policy = subject.policy
    most, replicas = policy.max_per_node, policy.replicas or 0
    if policy.start_first and most and replicas and replicas % most == 0:
        nodes = replicas // most
        yield Hit(
            f"with {counted(nodes, 'node')} to run on, every place is taken: the "
            f"new task waits for one (max_replicas_per_node {most}), the old one for the new",
            f"{_STOP_FIRST}, or leave max_replicas_per_node out",
            ("deploy.placement.max_replicas_per_node", *_ORDER),
        )


def host_network(subject: Subject) -> Iterator[Hit]:
    """Start-first on the network of the node."""
    if subject.policy.start_first and subject.host_network:
        yield Hit(
            "on the node's own network the new task finds the ports taken that the old one "
            "still listens on",
            _STOP_FIRST,
            ("networks", *_ORDER),
        )
