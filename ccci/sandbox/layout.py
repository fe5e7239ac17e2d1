"""Where a sandbox lives and what it is made of: values alone, nothing is started or looked at."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import UsageError

MARKER = "sandbox.json"
SHELF = "sandboxes"
_LONGEST_SOCKET = "/9/run/containerd/containerd-debug.sock"
_SOCKET_PATH_LIMIT = 107  # sun_path holds 108 bytes, the last one is a zero: unix(7)
_MOST_NODES = 9
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class Node:
    """One dockerd: its number from 1, its folder, its network namespace and its address."""

    number: int
    folder: Path
    namespace: str

    @property
    def name(self) -> str:
        """Return its hostname."""
        return f"node{self.number}"

    @property
    def address(self) -> str:
        """Return its address; 198.18.0.0/15 is for tests of networks (RFC 2544)."""
        return f"198.18.0.{self.number}"

    @property
    def host(self) -> str:
        """Return what DOCKER_HOST has to be."""
        return f"unix://{self.socket}"

    @property
    def socket(self) -> Path:
        """Return the Engine's socket."""
        return self.folder / "docker.sock"

    @property
    def log(self) -> Path:
        """Return where the dockerd writes its log."""
        return self.folder / "dockerd.log"

    @property
    def data(self) -> Path:
        """Return the dockerd's data root."""
        return self.folder / "data"

    @property
    def run(self) -> Path:
        """Return the dockerd's exec root."""
        return self.folder / "run"

    @property
    def pidfile(self) -> Path:
        """Return where the dockerd writes its process id."""
        return self.folder / "pid"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox as asked for: `nodes` dockerds, the first `managers` of them managers."""

    folder: Path
    node_count: int = 1
    managers: int = 1

    @property
    def key(self) -> str:
        """Return the name of everything that lives outside of the folder."""
        return "ccci-" + hashlib.sha256(bytes(self.folder)).hexdigest()[:8]

    @property
    def switch(self) -> str:
        """Return the namespace that holds the bridge between the nodes."""
        return f"{self.key}-0"

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return the nodes, the first manager first."""
        return tuple(
            Node(number, self.folder / str(number), f"{self.key}-{number}")
            for number in range(1, self.node_count + 1)
        )

    @property
    def host(self) -> str:
        """Return the DOCKER_HOST of its first manager."""
        return self.nodes[0].host

    @property
    def marker(self) -> Path:
        """Return the file that says that this folder is a sandbox."""
        return self.folder / MARKER


def locate(name: str, folder: Path | None, state: Path) -> Path:
    """Return the folder of a sandbox: as given, else the one of that name in the state folder.

    Raise UsageError for a name or a folder that cannot be used.
    """
    if folder is None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be a sandbox's name",
                "use up to 31 small letters, digits and dashes",
            )
        folder = state / SHELF / name
    folder = folder.resolve()
    if len(bytes(folder)) + len(_LONGEST_SOCKET) > _SOCKET_PATH_LIMIT:
        raise UsageError(
            f"the path {folder} is too long for the sockets in it (a socket's path has at most "
            f"{_SOCKET_PATH_LIMIT} bytes)",
            f"give --folder one of at most {_SOCKET_PATH_LIMIT - len(_LONGEST_SOCKET)} bytes",
        )
    if ":" in str(folder) or "," in str(folder):
        # dockerd hands the path to mount(8)-like option strings, where both are separators.
        raise UsageError(f"the path {folder} holds a colon or a comma", "choose another --folder")
    return folder


def plan(folder: Path, nodes: int, managers: int) -> Sandbox:
    """Return the sandbox that is asked for. Raise UsageError when the numbers make no Swarm."""
    if not 1 <= nodes <= _MOST_NODES:
        raise UsageError(f"--nodes {nodes}: a sandbox has 1 to {_MOST_NODES} nodes")
    if not 1 <= managers <= nodes:
        raise UsageError(f"--managers {managers}: give 1 to {nodes}, the number of nodes")
    return Sandbox(folder, nodes, managers)
