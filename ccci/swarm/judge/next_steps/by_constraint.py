"""How a node comes to meet a placement constraint, by what the constraint looks at. Pure text.

The keys are swarmkit's (manager/constraint/constraint.go).
"""

import shlex
from collections.abc import Sequence

from ccci.swarm.judge.placement import parts_of

_TOLD = 2
"""Of so many constraints the way is told; who has more has the line's own names."""
_ANY = "NODE"


def met_by(constraints: Sequence[str], node: str = _ANY) -> str:
    """Return what makes a node meet these constraints, the last way being to correct them."""
    ways = list(dict.fromkeys(_way(each, node) for each in constraints))
    ways = [each for each in ways if each][:_TOLD]
    if not constraints:
        ways = ["label one (`docker node update --label-add KEY=VALUE NODE`)"]
    return ", or ".join([*ways, f"correct the constraint{'s' if len(constraints) != 1 else ''}"])


def _way(constraint: str, node: str) -> str:
    parts = parts_of(constraint)
    if parts is None:
        return ""
    key, equal, value = parts
    kind, dot, label = key.rpartition("labels.")
    if dot and kind.lower() in {"node.", "engine."}:
        return (_node_label if kind.lower() == "node." else _engine_label)(
            label, value, node, equal=equal
        )
    if not equal and key.lower() != "node.role":
        return f"add a node that is not `{value}`"
    return {
        "node.role": _role(value, equal=equal),
        "node.hostname": f"bring the node `{value}` back (`docker node ls` has the names)",
        "node.id": f"bring the node `{value}` back (`docker node ls` has the ids)",
        "node.ip": f"bring the node at `{value}` back",
        "node.platform.arch": _architecture(value),
        "node.platform.os": f"add a node that runs `{value}`",
    }.get(key.lower(), "")


def _node_label(label: str, value: str, node: str, *, equal: bool) -> str:
    one = "one" if node == _ANY else "it"
    if not equal and value:
        return f"take the label off {one} (`docker node update --label-rm {label} {node}`)"
    pair = shlex.quote(f"{label}={value}")
    return f"label {one} (`docker node update --label-add {pair} {node}`)"


def _engine_label(label: str, value: str, node: str, *, equal: bool) -> str:
    verb = "give" if equal else "take from"
    one = "one" if node == _ANY else node
    return f"{verb} {one} the label `{label}={value}` in its daemon's `labels` (`daemon.json`)"


def _role(value: str, *, equal: bool) -> str:
    if (value.lower() == "manager") is equal:
        return "make one a manager (`docker node promote NODE`)"
    return "add a worker (`docker swarm join-token worker` prints how)"


_SAID_BY_NODES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l"}
"""What a node calls an architecture (moby pkg/platform); a constraint compares the words."""


def _architecture(value: str) -> str:
    said = _SAID_BY_NODES.get(value.lower())
    if said is not None:
        return f"write `{said}`, as nodes call `{value}`"
    return f"add a node whose processor is `{value}`"
