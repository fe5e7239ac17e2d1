"""Which nodes a service's tasks may be on. Pure; swarmkit's rules for constraints.

Source: swarmkit manager/constraint/constraint.go: `==` and `!=` only, keys and values compared
without case, a missing label equals the empty string; an unknown key never matches. `node.ip` takes
an address or a network, which a node's address is or lies in; what is neither never matches.
"""

import re
from ipaddress import ip_address, ip_network

from ccci.swarm.model import Node, Spec

_CONSTRAINT = re.compile(r"^\s*(?P<key>[^=!\s]+)\s*(?P<operator>==|!=)\s*(?P<value>.*?)\s*$")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


def fitting(spec: Spec, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return the usable nodes that a service's constraints and platforms allow."""
    return tuple(node for node in nodes if node.usable and allows(spec, node))


def allows(spec: Spec, node: Node) -> bool:
    """Say whether constraints and platforms allow a node, usable or not."""
    return all(_matches(text, node) for text in spec.constraints) and _runs_on(spec, node)


def parts_of(constraint: str) -> tuple[str, bool, str] | None:
    """Return a constraint's key, whether it asks for equality, and its value; None for no form."""
    parts = _CONSTRAINT.match(constraint)
    return None if parts is None else (parts["key"], parts["operator"] == "==", parts["value"])


def _matches(constraint: str, node: Node) -> bool:
    parts = parts_of(constraint)
    if parts is None:
        return False
    key, wanted, value = parts
    equal = _equal(key, value, node)
    return equal is not None and equal is wanted


def _equal(key: str, value: str, node: Node) -> bool | None:
    """Say whether a node has a value, or None where there is no such key or no such value."""
    if key.lower() == "node.ip":
        return _is_at(value, node.address)
    actual = _value(key.lower(), key, node)
    return None if actual is None else actual.lower() == value.lower()


def _is_at(wanted: str, address: str) -> bool | None:
    try:
        network = ip_network(wanted, strict=False)
    except ValueError:
        return None
    try:
        return ip_address(address) in network
    except ValueError:  # nobody knows the node's address
        return False


def _value(key: str, spelled: str, node: Node) -> str | None:
    plain = {
        "node.id": node.id,
        "node.hostname": node.hostname,
        "node.role": node.role,
        "node.platform.os": node.os,
        "node.platform.arch": node.architecture,
    }
    if key in plain:
        return plain[key]
    for prefix, labels in (("node.labels.", node.labels), ("engine.labels.", node.engine_labels)):
        if key.startswith(prefix):
            return dict(labels).get(spelled[len(prefix) :], "")
    return None


def _runs_on(spec: Spec, node: Node) -> bool:
    """Apply swarmkit's platform filter (scheduler/filter.go): an empty part fits everything."""
    if not spec.platforms:
        return True
    return any(
        (not os or os.lower() == node.os.lower())
        and (not arch or _architecture(arch) == _architecture(node.architecture))
        for os, arch in spec.platforms
    )


def _architecture(name: str) -> str:
    return _ARCHITECTURES.get(name.lower(), name.lower())
