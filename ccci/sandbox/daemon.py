"""One dockerd of a sandbox, and what the docker CLI tells about it."""

import json
import os
import socket
from pathlib import Path

from ccci.errors import CcciError, CommandFailed
from ccci.host.clock import monotonic, sleep
from ccci.host.process import Finished, environment, run, start_daemon
from ccci.sandbox.layout import Node, Sandbox
from ccci.sandbox.network import NAMESPACES, processes
from ccci.sandbox.tools import PATH

_PATIENCE = 60.0
_GONE_AFTER = 3.0
_SPARING = {"GOGC": "400"}
"""Memory for processor: dockerd starts itself anew two to five times for each container, and Go's
collection of garbage is half of such a start."""


def _environment(node: Node) -> dict[str, str]:
    """Return our environment without what would send docker elsewhere or configure it."""
    kept = {key: value for key, value in environment().items() if not key.startswith("DOCKER_")}
    return {**_SPARING, **kept, "PATH": PATH(), "DOCKER_CONFIG": str(node.folder)}


def docker(node: Node, *arguments: str, timeout: float = 30.0, check: bool = True) -> Finished:
    """Run the docker CLI against a node."""
    argv = ("docker", "--host", node.host, *arguments)
    return run(argv, env=_environment(node), timeout=timeout, check=check)


def start(sandbox: Sandbox, node: Node) -> None:
    """Start the node's dockerd; it is not up yet when this returns."""
    node.folder.mkdir(exist_ok=True)
    settings = _settings(node)
    node.pidfile.unlink(missing_ok=True)
    argv = [
        "nsenter",
        f"--net={NAMESPACES / node.namespace}",
        # A hostname of its own tells the nodes apart.
        "unshare",
        "--uts",
        "sh",
        "-c",
        'echo "$0" > /proc/sys/kernel/hostname && exec "$@"',
        node.name,
        "dockerd",
        f"--config-file={settings}",
        f"--data-root={node.data}",
        f"--exec-root={node.run}",
        f"--pidfile={node.pidfile}",
        f"--host={node.host}",
        f"--cgroup-parent=/{sandbox.key}",
    ]
    start_daemon(argv, log=node.log, env=_environment(node))


def _settings(node: Node) -> Path:
    """Write the node's own settings: the machine's /etc/docker/daemon.json is not for it."""
    file = node.folder / "daemon.json"
    settings = {"exec-opts": ["native.cgroupdriver=cgroupfs"]}
    # Engines before 24 make a key in /etc/docker unless told otherwise; newer ones refuse the word.
    # `--validate`, from 23.0, tells them apart.
    key = {**settings, "deprecated-key-path": str(node.folder / "key.json")}
    file.write_text(json.dumps(key))
    argv = ("dockerd", "--validate", f"--config-file={file}")
    if "deprecated-key-path" in run(argv, env=_environment(node), check=False).tail():
        file.write_text(json.dumps(settings))
    return file


def alive(node: Node) -> bool:
    """Say whether the node's dockerd runs."""
    try:
        process = int(node.pidfile.read_text())
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return False
    return os.fsencode(f"--pidfile={node.pidfile}") in words and state not in "ZX"


def _listens(node: Node) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(node.socket))
        except OSError:
            return False
    return True


def await_up(node: Node) -> None:
    """Wait until the node's Engine answers. Raise CcciError, with the log's tail, if it dies."""
    started = monotonic()
    namespace = NAMESPACES / node.namespace
    last_seen = started
    while not (_listens(node) and docker(node, "version", check=False).code == 0):
        now = monotonic()
        if any(processes([namespace])):
            last_seen = now
        # The first seconds are for setsid and nsenter, on a busy machine.
        if now - last_seen > _GONE_AFTER or now - started > _PATIENCE:
            raise CcciError(
                f"the dockerd of {node.name} did not come up in {now - started:.0f} s; "
                f"its log ends:\n{tail(node)}",
                "see whether this machine may run dockerd at all (a container needs --privileged)",
            )
        sleep(0.05)


def tail(node: Node, lines: int = 10) -> str:
    """Return the last lines of the node's log."""
    try:
        return "\n".join(node.log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def form_swarm(sandbox: Sandbox) -> None:
    """Make the nodes one Swarm. Raise CommandFailed with what docker says."""
    first, *others = sandbox.nodes
    docker(first, "swarm", "init", f"--advertise-addr={first.address}", timeout=60)
    for node in others:
        role = "manager" if node.number <= sandbox.managers else "worker"
        token = docker(first, "swarm", "join-token", "--quiet", role).stdout.strip()
        join = ("swarm", "join", f"--advertise-addr={node.address}", f"--token={token}")
        try:
            finished = docker(node, *join, f"{first.address}:2377", timeout=90, check=False)
            failure = finished.tail(5) if finished.code != 0 else ""
        except CommandFailed:
            failure = "docker swarm join did not end within 90 s"
        if failure:
            # Never the command itself: it holds the token.
            raise CommandFailed(f"{node.name} cannot join the swarm: {failure}")
    await_ready(sandbox)


def await_ready(sandbox: Sandbox) -> None:
    """Wait until the first manager sees every node ready. Raise CcciError after a minute."""
    started = monotonic()
    while (ready := ready_nodes(sandbox)) < sandbox.node_count:
        if monotonic() - started > _PATIENCE:
            raise CcciError(
                f"only {ready} of {sandbox.node_count} nodes are ready; the first one's log "
                f"ends:\n{tail(sandbox.nodes[0])}"
            )
        sleep(0.1)


def ready_nodes(sandbox: Sandbox) -> int:
    """Return how many nodes the first manager calls ready; 0 when it does not answer."""
    listing = ("node", "ls", "--format", "{{.Hostname}} {{.Status}}")
    try:
        finished = docker(sandbox.nodes[0], *listing, timeout=15, check=False)
    except CommandFailed:
        return 0
    lines = finished.stdout.splitlines() if finished.code == 0 else []
    return len({line.split()[0] for line in lines if line.endswith(" Ready")})
