"""Which cause the Engine's own words name, whatever users' words stand between them. Pure.

A message quotes paths, names and commands that a user chose: `bind source path does not exist:
/mnt/registry` is no matter of a registry. So a pattern counts only where the Engine begins to
speak (at the start, after `: `, `(`, `; `, `, ` or gRPC's `desc = `), quoted parts and paths are
blanked before, and of several patterns the one that begins first decides. Texts are those of moby,
swarmkit, libnetwork, containerd and runc, each with its place; they are matched without case and
in part, since engines word them differently.
"""

import re
from functools import cache, lru_cache

from ccci.swarm.causes import CauseCode

_UNFIT = (
    r"insufficient resources|missing plugin|scheduling constraints not satisfied"
    r"|unsupported platform|cannot fulfill requested [a-z ]+"
)
_SAID: tuple[tuple[CauseCode, str], ...] = (
    # swarmkit manager/scheduler/filter.go: Explain of HostPortFilter, before the general text.
    (CauseCode.PORT_IN_USE, r"no suitable node \([^()]*host-mode port already in use"),
    (CauseCode.NO_SUITABLE_NODE, r"no suitable node"),
    # The same filters of a task whose node is given, as a global service's is: the reasons alone
    # (swarmkit manager/scheduler/scheduler.go: taskFitNode).
    (
        CauseCode.PORT_IN_USE,
        rf"(?:(?:{_UNFIT}) on \d+ nodes?; )*host-mode port already in use on \d+ node",
    ),
    (
        CauseCode.NO_SUITABLE_NODE,
        rf"(?:{_UNFIT}) on \d+ node",
    ),
    (
        CauseCode.NO_SUITABLE_NODE,
        r"max replicas per node limit exceed|\d+ nodes? not available for new tasks",
    ),
    # swarmkit manager/orchestrator/constraintenforcer: a node was changed under its tasks.
    (CauseCode.NO_SUITABLE_NODE, r"assigned node no longer (?:meets|has|satisfies)"),
    # libnetwork/portallocator, the userland proxy, and the portmapper of newer engines.
    (CauseCode.PORT_IN_USE, r"bind for \S+ failed"),
    (CauseCode.PORT_IN_USE, r"(?:failed to )?listen (?:on )?(?:tcp|udp|sctp)"),
    (CauseCode.PORT_IN_USE, r"failed to bind (?:host )?port"),
    (
        CauseCode.PORT_IN_USE,
        r"port is already allocated|(?:\S+ )?\S*:\d+(?:/\w+)?: bind: address already in use",
    ),
    # moby daemon/images, containerd and the registry client (distribution/registry/client).
    (CauseCode.IMAGE_UNAVAILABLE, r"no such image|no matching manifest|invalid reference format"),
    (CauseCode.IMAGE_UNAVAILABLE, r"manifest (?:for \S+ )?(?:unknown|not found|invalid)"),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"(?:failed to|could not|cannot) (?:resolve reference|pull|fetch)",
    ),
    (CauseCode.IMAGE_UNAVAILABLE, r"error pulling image|failed to (?:register|extract) layer"),
    (CauseCode.IMAGE_UNAVAILABLE, r"toomanyrequests|unauthorized|denied: |pull access denied"),
    (CauseCode.IMAGE_UNAVAILABLE, r"(?:get|head) <>"),
    # What newer engines hand on as it came: distribution's client, containerd's remotes/docker.
    (CauseCode.IMAGE_UNAVAILABLE, r"error from registry|name unknown|repository name not known"),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"received unexpected http status|error parsing http \d+ response",
    ),
    (CauseCode.IMAGE_UNAVAILABLE, r"unexpected status from (?:get|head) request"),
    (CauseCode.IMAGE_UNAVAILABLE, r"no basic auth credentials|incorrect username or password"),
    (CauseCode.IMAGE_UNAVAILABLE, r"(?:insufficient_scope: )?authorization failed"),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"short read: expected|filesystem layer verification failed|unexpected commit digest",
    ),
    (CauseCode.IMAGE_UNAVAILABLE, r"unknown blob|blob unknown|failed size validation"),
    (CauseCode.IMAGE_UNAVAILABLE, r"(?:content digest \S+|unknown: artifact \S+) not found"),
    # containerd's resolver tells an absent tag by its whole name alone.
    (CauseCode.IMAGE_UNAVAILABLE, r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/\S+[:@]\S+: not found"),
    (CauseCode.IMAGE_UNAVAILABLE, r"image with reference \S+ was found but does not"),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"unsupported manifest media type|manifest schema unsupported|mediatype in manifest",
    ),
    (CauseCode.IMAGE_UNAVAILABLE, r"failed to unpack image"),
    (CauseCode.IMAGE_UNAVAILABLE, r"(?:image|repository) \S+ ?(?:does not exist|not found)"),
    # moby volume/mounts/validate.go, volume/service and volume drivers; runc's rootfs_linux.go.
    (CauseCode.MOUNT_FAILED, r"invalid (?:mount|volume)|duplicate mount point|no such volume"),
    (CauseCode.MOUNT_FAILED, r"bind (?:mount )?source path|error while creating mount source path"),
    (
        CauseCode.MOUNT_FAILED,
        (
            r"(?:error|failed)(?: while| to)? "
            r"(?:mount(?!ing <system>)|setting up mount|creating mount)"
        ),
    ),
    (CauseCode.MOUNT_FAILED, r"(?:failed to )?(?:mkdir|chown|chmod|lstat) <>|create \S+: "),
    (CauseCode.MOUNT_FAILED, r"error (?:while )?looking up volume plugin|volumedriver\."),
    (CauseCode.MOUNT_FAILED, r"(?:error )?evaluat(?:ing|e) symlinks from mount source"),
    (CauseCode.MOUNT_FAILED, r"are you trying to mount a directory onto a file"),
    # moby daemon/volumes_linux.go and runc: propagation of a bind.
    (CauseCode.MOUNT_FAILED, r"path <>.{0,200}? is mounted on .{0,200}? but it is not a"),
    # swarmkit manager/allocator, moby daemon/network and daemon/cluster/executor, libnetwork.
    (CauseCode.NETWORK_UNAVAILABLE, r"could not find an available|no available (?:\S+ )?address"),
    (CauseCode.NETWORK_UNAVAILABLE, r"network (?:\S+ )?not found|no such network"),
    (CauseCode.NETWORK_UNAVAILABLE, r"network (?:sandbox|id) |subnet sandbox"),
    (CauseCode.NETWORK_UNAVAILABLE, r"node is missing network attachments"),
    (CauseCode.NETWORK_UNAVAILABLE, r"iptables failed|unable to enable .* rule"),
    (CauseCode.NETWORK_UNAVAILABLE, r"(?:error )?attaching to network|could not attach to network"),
    (CauseCode.NETWORK_UNAVAILABLE, r"failed to (?:allocate|get) (?:network|gateway)"),
    (CauseCode.NETWORK_UNAVAILABLE, r"error creating (?:vxlan|external connectivity)"),
    (CauseCode.NETWORK_UNAVAILABLE, r"endpoint with name|(?:requested )?pool .*overlaps"),
    # moby libnetwork/drivers/bridge: also where it makes `docker_gwbridge`.
    (CauseCode.NETWORK_UNAVAILABLE, r"networks have (?:overlapping|same bridge name)"),
    # libnetwork/ipam: an address of the overlay itself, where no socket is spoken of.
    (CauseCode.NETWORK_UNAVAILABLE, r"(?<!bind: )address already in use"),
    # moby daemon/cluster/executor/container/errors.go ErrContainerUnhealthy.
    (CauseCode.UNHEALTHY, r"(?:dockerexec: )?unhealthy container"),
    # moby oci and runc: what follows speaks of the program, its user or its directory.
    (CauseCode.OOM_KILLED, r"container init was oom-killed"),
    (CauseCode.EXIT_NONZERO, r"exec: |exec <>|chdir to cwd|unable to find (?:user|group)"),
    (CauseCode.EXIT_NONZERO, r"failed to (?:initialize|create) logging driver"),
)
_WRAPPERS: tuple[tuple[CauseCode, str], ...] = (
    # libnetwork wraps what its drivers say, a port's error included: the last word of all.
    (CauseCode.NETWORK_UNAVAILABLE, r"failed to (?:create|join|set up) (?:\S+ )?endpoint"),
    (CauseCode.NETWORK_UNAVAILABLE, r"failed to (?:join|set up) (?:\S+ )?network"),
)


@cache
def _patterns() -> tuple[tuple[tuple[CauseCode, re.Pattern[str]], ...], ...]:
    """Return those of the tables, compiled once somebody asks: where all is well nobody does."""
    begins = r"(?:^|(?<=: )|(?<=\()|(?<=; )|(?<=, )|(?<=desc = ))"
    return tuple(
        tuple((code, re.compile(f"{begins}(?:{text})", re.IGNORECASE)) for code, text in table)
        for table in (_SAID, _WRAPPERS)
    )


_QUOTED = re.compile(
    r'"(?:\\.|[^"\\])*"'
    r"|(?<!\w)'(?:\\.|[^'\\])*'"
    r"|`[^`]*`"
    r"|(?:https?|tcp|unix|ssh)://\S+"
    r"|(?<![\w.])/[^\s:,;)]*"
)
_BLANK = "<>"

# moby daemon/graphdriver: where an Engine keeps the file systems of its containers.
_STORE = re.compile(
    r"/(?:overlay2|overlayfs|fuse-overlayfs|aufs/(?:mnt|diff)|btrfs/subvolumes|zfs/graph|vfs/dir)"
    r"/[0-9a-z]{25,64}(?:-init)?(?:/|$)"
)
_OF_STORE = "<store>"

# runc libcontainer/rootfs_linux.go, libcontainer/cgroups and containerd's shim: what they make and
# mount for a container whatever it asks for. A mount that a user asks for has another source.
_SYSTEMS_FOLDER = re.compile(r"/(?:sys|proc|dev|(?:var/)?run)(?:/|$)")
_MAKES = re.compile(r"\b(?:mkdir|chown|chmod|lstat) $")
_MOUNTS_OF_ITS_OWN = re.compile(
    r'\bmounting "(?:proc|sysfs|cgroup2?|mqueue|devpts|shm|tmpfs(?=" to rootfs at "/dev"))"'
)
_OF_SYSTEM = "<system>"

_REMEMBERED = 128
"""How many messages are looked through once: a task that failed is met again at each look."""
_EXIT = re.compile(r"^task: non-zero exit \((\d{1,3})\)")


def own_words(message: str) -> str:
    """Return a message with what it quotes (strings, paths, addresses) blanked.

    A path of the Engine's own store, or one of the kernel's and the runtime's, is no path of a
    mount: each has a blank of its own.
    """
    return _QUOTED.sub(_blank, message)


def _blank(found: re.Match[str]) -> str:
    text, before = found[0], found.string[: found.start()]
    if _STORE.search(text):
        return _OF_STORE
    made = _MAKES.search(before) and _SYSTEMS_FOLDER.match(text.strip("\"'`"))
    mounts = re.search(r"\bmounting $", before)
    if made or (mounts and _MOUNTS_OF_ITS_OWN.match(found.string, mounts.start())):
        return _OF_SYSTEM
    return _BLANK


def quoted(message: str) -> tuple[str, ...]:
    """Return what a message quotes, in its order, without the quotes."""
    return tuple(each.strip("\"'`") for each in _QUOTED.findall(message))


@lru_cache(maxsize=_REMEMBERED)
def named_by(message: str) -> CauseCode | None:
    """Return the cause that the Engine's own words name, or None where they name none.

    EXIT_NONZERO is returned where they speak of the program that could not be started.
    """
    text = own_words(message)
    for patterns in _patterns():
        found = [
            (match.start(), order, code)
            for order, (code, pattern) in enumerate(patterns)
            if (match := pattern.search(text))
        ]
        if found:
            return min(found)[2]
    return None


def exit_code_in(message: str) -> int | None:
    """Return the exit code that Swarm's message tells (moby executor/container/errors.go)."""
    found = _EXIT.match(message)
    return int(found[1]) if found else None
