"""What a sandbox is made of outside of our control: processes, mounts, cgroups, stray files.

Found from the folder and the names derived from it alone, so that all of it can be removed also
when dockerd was killed and nobody wrote anything down.
"""

import hashlib
import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import CcciError
from ccci.host import folders
from ccci.host.clock import monotonic, sleep
from ccci.host.process import environment, run
from ccci.sandbox import network
from ccci.sandbox.layout import Sandbox
from ccci.sandbox.tools import PATH

_OURS = {"setsid", "nsenter", "unshare", "dockerd", "containerd", "containerd-shim", "runc"}
# What dockerd runs as itself to make a network namespace, and mount it, in its own good time
# (libnetwork, osl/namespace_linux.go, netns-create).
_OURS |= {"exe"}
_PATIENCE = 20.0
_SHIM_SOCKETS = Path("/run/containerd/s")
_BALANCERS = Path("/var/lib/docker/network/files")


@dataclass(frozen=True, slots=True)
class Remains:
    """What is there of a sandbox."""

    processes: tuple[int, ...]
    mounts: tuple[Path, ...]
    cgroups: tuple[Path, ...]
    namespaces: tuple[Path, ...]
    strays: tuple[Path, ...]
    folder: Path | None

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(
            self.processes
            or self.mounts
            or self.cgroups
            or self.namespaces
            or self.strays
            or self.folder
        )

    def __str__(self) -> str:
        """Return the parts that are there, counted."""
        counts = {
            "processes": len(self.processes),
            "mounts": len(self.mounts),
            "cgroups": len(self.cgroups),
            "network namespaces": len(self.namespaces),
            "stray files": len(self.strays),
            "folder": 1 if self.folder else 0,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"


def find(sandbox: Sandbox) -> Remains:
    """Return what is there of the sandbox."""
    return Remains(
        processes=tuple(_processes(sandbox)),
        mounts=tuple(_mounts(sandbox)),
        cgroups=tuple(_cgroups(sandbox)),
        namespaces=tuple(network.namespaces(sandbox)),
        strays=tuple(_strays(sandbox)),
        folder=sandbox.folder if sandbox.folder.exists() else None,
    )


def remove(sandbox: Sandbox) -> None:
    """Remove everything of the sandbox but its folder. Raise CcciError when something stays."""
    _refuse_from_inside(sandbox)
    strays = {*_strays(sandbox)}
    _kill(sandbox)
    strays |= {*_strays(sandbox)}  # what it made in its last moment
    for mount in sorted(_mounts(sandbox), reverse=True):
        _umount(mount)
    network.disconnect(sandbox)
    for cgroup in _cgroups(sandbox):
        for folder, _, _ in os.walk(cgroup, topdown=False):
            with suppress(OSError):  # seen again, and reported, by the look at the end
                Path(folder).rmdir()
    for stray in strays:
        if stray.is_dir():
            with suppress(OSError):  # seen again, as above
                folders.remove(stray)
        else:
            stray.unlink(missing_ok=True)
    left = find(sandbox)
    if left.processes or left.mounts or left.namespaces or left.cgroups or left.strays:
        raise CcciError(f"the sandbox in {sandbox.folder} could not be removed: {left} left")


def remove_folder(sandbox: Sandbox) -> None:
    """Remove the sandbox's folder, once nothing is mounted in it."""
    if list(_mounts(sandbox)):
        raise CcciError(f"something is still mounted in {sandbox.folder}: not deleted")
    try:
        folders.remove(sandbox.folder)
    except OSError:  # mounted while we looked, by a child of the dockerd that was killed
        remove(sandbox)
        folders.remove(sandbox.folder)


def _umount(mount: Path) -> None:
    tool = environment({"PATH": PATH()})
    if run(("umount", str(mount)), env=tool, check=False).code != 0:
        run(("umount", "--lazy", str(mount)), env=tool, check=False)


def _refuse_from_inside(sandbox: Sandbox) -> None:
    if os.getpid() in network.processes(network.namespaces(sandbox)):
        raise CcciError(
            "this process is in the sandbox's own network namespace", "leave it and retry"
        )


def _kill(sandbox: Sandbox) -> None:
    started = monotonic()
    while processes := list(_processes(sandbox)):
        if monotonic() - started > _PATIENCE:
            raise CcciError(f"processes {processes} of the sandbox cannot be killed")
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        sleep(0.02)


def _processes(sandbox: Sandbox) -> Iterator[int]:
    """Yield the processes in its namespaces or cgroup, and daemons that its folder names."""
    theirs = {*network.processes(network.namespaces(sandbox)), *_contained(sandbox)}
    for entry in Path("/proc").glob("[0-9]*"):
        process = int(entry.name)
        with suppress(OSError):  # it ended while we looked
            ended = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            if not ended and (process in theirs or _is_daemon_of(sandbox, entry)):
                yield process


def _is_daemon_of(sandbox: Sandbox, entry: Path) -> bool:
    below = bytes(sandbox.folder) + b"/"
    return (entry / "comm").read_text().strip() in _OURS and any(
        word.startswith((below, b"unix://" + below)) or b"=" + below in word
        for word in (entry / "cmdline").read_bytes().split(b"\0")
    )


def _contained(sandbox: Sandbox) -> Iterator[int]:
    for cgroup in _cgroups(sandbox):
        for folder, _, _ in os.walk(cgroup):
            with suppress(OSError):  # it went while we looked
                yield from map(int, (Path(folder) / "cgroup.procs").read_text().split())


def _mount_table() -> Iterator[tuple[str, str]]:
    """Yield mount points and file system types; the kernel writes odd bytes in octal."""
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split()[4])
        yield point, after.split()[0]


def _mounts(sandbox: Sandbox) -> Iterator[Path]:
    for point, _ in _mount_table():
        if point.startswith(f"{sandbox.folder}/"):
            yield Path(point)


def _cgroups(sandbox: Sandbox) -> Iterator[Path]:
    for point, kind in _mount_table():
        if kind in {"cgroup", "cgroup2"} and (found := Path(point) / sandbox.key).is_dir():
            yield found


def _strays(sandbox: Sandbox) -> Iterator[Path]:
    """Yield what dockerd puts outside of the folder, and leaves there when it is killed."""
    # A shim's socket is named by a hash of containerd's address, namespace and container
    # (containerd, runtime/v2/shim/util_unix.go, SocketAddress).
    for container in sandbox.folder.glob("*/data/containers/*"):
        address = container.parents[2] / "run/containerd/containerd.sock"
        name = hashlib.sha256(f"{address}/moby/{container.name}".encode()).hexdigest()
        if (socket := _SHIM_SOCKETS / name).exists():
            yield socket
    # The load balancer of an overlay network has its files in a fixed place, whatever the data
    # root (libnetwork, sandbox.go, defaultPrefix); its namespace is named by the first nine
    # characters of the network's id (service_linux.go).
    for balancer in sandbox.folder.glob("*/run/netns/lb_*"):
        yield from _BALANCERS.glob(f"{balancer.name}*")
