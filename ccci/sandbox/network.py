"""The sandbox's network: a namespace a node, joined by a bridge in a namespace of its own.

Nothing of it touches the host's namespace. `ip -n` enters a namespace for one command; the
dockerds are started with nsenter, as `ip netns exec` would give them a mount namespace and a /sys
of their own, without the cgroups.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ccci.host.process import environment, run
from ccci.sandbox.layout import Sandbox
from ccci.sandbox.tools import PATH

NAMESPACES = Path("/run/netns")


def _ip(*arguments: str) -> None:
    run(("ip", *arguments), env=environment({"PATH": PATH()}), timeout=30)


def connect(sandbox: Sandbox) -> None:
    """Make the namespaces and join them. Raise CommandFailed, with what `ip` says."""
    switch = sandbox.switch
    _ip("netns", "add", switch)
    # No forward delay: without it the ports would learn for 15 s before they forward.
    _ip("-n", switch, "link", "add", "switch", "up", "type", "bridge", "forward_delay", "0")
    for node in sandbox.nodes:
        inside, port = node.namespace, f"port{node.number}"
        _ip("netns", "add", inside)
        _ip(
            "-n",
            switch,
            "link",
            "add",
            port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            inside,
        )
        _ip("-n", switch, "link", "set", port, "master", "switch", "up")
        _ip("-n", inside, "link", "set", "lo", "up")
        _ip("-n", inside, "addr", "add", f"{node.address}/24", "dev", "eth0")
        _ip("-n", inside, "link", "set", "eth0", "up")


def namespaces(sandbox: Sandbox) -> list[Path]:
    """Return the namespaces of this sandbox that are there, however many nodes it had."""
    with suppress(FileNotFoundError):
        return sorted(NAMESPACES.glob(f"{sandbox.key}-*"))
    return []


def processes(spaces: Iterable[Path]) -> Iterator[int]:
    """Yield the processes that live in these namespaces, zombies left out."""
    inside = set()
    for space in spaces:
        with suppress(FileNotFoundError):
            inside.add(space.stat().st_ino)
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked
            if (entry / "ns/net").stat().st_ino in inside:
                yield int(entry.name)


def disconnect(sandbox: Sandbox) -> None:
    """Remove its namespaces; the links between them go with them."""
    for namespace in namespaces(sandbox):
        _ip("netns", "delete", namespace.name)
