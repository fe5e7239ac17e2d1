"""The next step that the Engine's message alone asks for, with its own names filled in. Pure text.

Each row is anchored at the Engine's words; what a message quotes is only ever filled in.
"""

import re
import shlex
from functools import cache

from ccci.swarm.causes import CauseCode
from ccci.swarm.judge.next_steps.images import IMAGES
from ccci.swarm.judge.next_steps.message import NO_ROOM, Message, Row, Step
from ccci.swarm.judge.words import own_words, quoted
from ccci.swarm.model import Spec


def by_message(code: CauseCode, error: str, spec: Spec | None, where: str) -> str:
    """Return the next step for a task's error, or nothing where the words alone ask for none."""
    said = own_words(error)
    message = Message(error, quoted(error), spec, where)
    for wanted, pattern, step in _steps():
        if code is wanted and pattern.search(said):
            return step.format(where=where) if isinstance(step, str) else step(message)
    return ""


def _program(message: Message) -> str:
    name = message.named(r'exec: "((?:\\.|[^"\\])*)"') or message.named(r"exec (\S+):")
    if " " in name:
        words = ", ".join(f'"{word}"' for word in name.split())
        return (
            f"`{name}` is taken for one program's name: write `command: [{words}]`, a word an item"
        )
    named = f"`{name}`" if name else "the program"
    return f"the image has no program {named}: mend `command`/`entrypoint`, or the image"


def _not_executable(message: Message) -> str:
    name = message.named(r'exec:? "((?:\\.|[^"\\])*)"')
    named = f"`{name}`" if name else "its program"
    return (
        f"{named} may not be executed: `chmod +x` it in the image, or `mode: 0555` for a config or "
        "secret"
    )


def _user(message: Message) -> str:
    kind = message.named(r"unable to find (user|group)")
    name = message.named(r"unable to find (?:user|group) ([^:\s]+)")
    part = "what stands behind the `:` of `user:`" if kind == "group" else "`user:`"
    return (
        f"the image knows no {kind or 'user'} `{name}`: mend {part}, by number if the image has "
        "no name for it"
    )


def _log_driver(message: Message) -> str:
    driver = message.spec.log_driver if message.spec is not None else ""
    named = f"`{driver}`" if driver else "the log driver"
    return (
        f"{named} cannot do its work from {message.where}: mend the address in `logging: options`, "
        "start its server, or take another driver"
    )


def _bind(message: Message) -> str:
    path = message.named(
        r"(?:does not exist|symlinks from mount source path)[^/]*(/.*?)['\"]?(?:$|: )"
    )
    named = f"`{path}`" if path else "the path"
    return (
        f"create {named} on {message.where} and every other node it may run on, or use a named "
        "volume"
    )


def _volume_options(message: Message) -> str:
    names = (
        [each.source for each in message.spec.mounts if each.has_options] if message.spec else []
    )
    named = f" of {' and '.join(f'`{each}`' for each in names)}" if names else ""
    return (
        f"mend the volume's `driver_opts`{named} (device, address, options), or what they lead to; "
        "a volume that exists already keeps its old options until it is removed"
    )


def _plugin(message: Message) -> str:
    name = message.named(r'plugin "?([\w./-]+(?::[\w.-]+)?)"?')
    named = f" `{name}`" if name and name != "not" else ""
    return f"install the volume plugin{named} on {message.where}, or use the driver `local`"


def _through_a_file(message: Message) -> str:
    path = message.named(r"/(?:merged|diff)(/.*?): not a directory")
    named = f"`{path}`" if path else "a path of the service"
    return (
        f"{named} leads through a file of the image: mend `working_dir`, or the `target` of the "
        "mount, config or secret that lies there"
    )


def _endpoint(message: Message) -> str:
    found = re.search(r"endpoint with name (\S+) already exists in network (\S+)", message.text)
    if found is None:
        return (
            f"an endpoint was left behind on {message.where}: `docker network inspect` names it, "
            "`docker network disconnect -f` removes it, or a restart of that daemon"
        )
    name, network = (shlex.quote(each.rstrip(".:,")) for each in found.groups())
    return (
        f"an endpoint was left behind on {message.where}: `docker network disconnect -f {network} "
        f"{name}` there removes it, or a restart of that daemon"
    )


def _addresses(message: Message) -> str:
    spec = message.spec
    stays_down = spec is not None and not spec.mode.is_job and spec.restart.condition == "none"
    forced = " (`docker service update --force` where its spec stays the same)"
    return (
        f"another network that {message.where} still has holds the same addresses, often one that "
        f"was removed a moment ago: deploy again{forced if stays_down else ''}; if it stays so, "
        "compare them with `docker network inspect` and set another `subnet`"
    )


_ID = re.compile(r"[a-z0-9]{25}|[0-9a-f]{64}")
"""Swarm's and an Engine's ids, which are no names."""


def _network(message: Message) -> str:
    name = message.named(r"network (\S+) not found") or message.named(r"no such network: (\S+)")
    if not name or _ID.fullmatch(name):
        return (
            "a network of it is gone or not there yet: wait until the removal of the old stack is "
            "over, make what is external anew, then deploy again"
        )
    return (
        f"the network {name} is gone or not there yet: if it is external, `docker network create "
        f"--driver overlay {shlex.quote(name)}`; if not, wait until the removal of the old stack "
        "is over; then deploy again"
    )


_LIMITS = (
    "`ulimits` asks for what {where} does not give: a soft limit higher than its hard one, or a "
    "hard one higher than docker's daemon may set"
)

_OF_THE_NODE = r"cgroup.*(?:cannot allocate memory|no space left)|<system>|listen unix"


def _of_the_node(message: Message) -> str:
    full = re.search(r"cannot allocate memory|no space left", message.text)
    if full and re.search(r"cgroup configuration|mkdir /sys/fs/cgroup", message.text):
        return (
            f"the kernel of {message.where} has no room for another control group, whatever its "
            "memory and disk: nothing of the recipe; restart that node, which clears those that "
            "ended containers left"
        )
    return (
        f"docker on {message.where} could not set a container up: nothing of the recipe; see the "
        "log of its daemon (`journalctl -u docker`), or restart that node"
    )


_ONE_KIND = (
    "source and target are not of one kind: a file goes onto a file and a folder onto a folder; "
    "give the config, secret or bind a `target` that the image does not have as a folder"
)

_TABLE: tuple[Row, ...] = (
    # Never started: runc and moby's oci (the first that fits; the program's own words follow).
    (CauseCode.EXIT_NONZERO, r"executable file not found|exec: <>: .*no such file", _program),
    (CauseCode.EXIT_NONZERO, r"exec <>: no such file", _program),
    (
        CauseCode.EXIT_NONZERO,
        r"exec format error",
        (
            "the image is built for another platform than that of {where}, or its script begins "
            "with no `#!`: build it for the node's platform, or constrain the service to nodes that"
            " fit"
        ),
    ),
    (CauseCode.EXIT_NONZERO, r"exec: <>:.*(?:permission denied|is a directory)", _not_executable),
    (CauseCode.EXIT_NONZERO, r"exec <>: permission denied", _not_executable),
    (
        CauseCode.EXIT_NONZERO,
        r"chdir to cwd",
        (
            "its user may not enter `working_dir`, or the image lacks it: mend `working_dir`, "
            "`user:`, or the image"
        ),
    ),
    (CauseCode.EXIT_NONZERO, r"unable to find (?:user|group)", _user),
    (CauseCode.EXIT_NONZERO, r"logging driver", _log_driver),
    (CauseCode.EXIT_NONZERO, r"setting rlimits?", _LIMITS),
    (CauseCode.EXIT_NONZERO, r"<store>.*no space left", NO_ROOM),
    (CauseCode.EXIT_NONZERO, _OF_THE_NODE, _of_the_node),
    # moby daemon/container_operations_unix.go, remountSecretDir: seen on 20.10 under load.
    (
        CauseCode.EXIT_NONZERO,
        r"unable to remount dir as readonly.*device or resource busy",
        (
            "docker on {where} could not close the folder of its configs and secrets, as happens "
            "when many containers start at once; nothing of the recipe: deploy again"
        ),
    ),
    (
        CauseCode.EXIT_NONZERO,
        r"starting container failed|oci runtime|runc create",
        (
            "it never started: mend what the message names (program, user, mount, limit), and "
            "deploy again"
        ),
    ),
    # Mounts: moby volume/mounts/validate.go, volume/local, volume/drivers, runc's rootfs_linux.go.
    (CauseCode.MOUNT_FAILED, r"bind (?:mount )?source path|symlinks from mount source", _bind),
    (
        CauseCode.MOUNT_FAILED,
        r"invalid mount target|must be an absolute path|path must be absolute",
        ("the target of a mount has to be an absolute path: write `name:/path`"),
    ),
    (
        CauseCode.MOUNT_FAILED,
        r"source must not be empty",
        ("the mount has no source: look for a variable in it that is empty"),
    ),
    (
        CauseCode.MOUNT_FAILED,
        r"duplicate mount point",
        ("two mounts of the service have one target: give each its own"),
    ),
    (CauseCode.MOUNT_FAILED, r"no space left", NO_ROOM),
    (
        CauseCode.MOUNT_FAILED,
        r"is mounted on .* but it is not a",
        (
            "the bind's `propagation` needs a mount of the host that is shared: leave it out, or "
            "make the path one on {where} (`mount --make-rshared`)"
        ),
    ),
    (CauseCode.MOUNT_FAILED, r"not a directory|directory onto a file|is a directory", _ONE_KIND),
    (CauseCode.MOUNT_FAILED, r"plugin", _plugin),
    (CauseCode.MOUNT_FAILED, r"mount(?:ing)? (?:local )?volume|volumedriver", _volume_options),
    # moby volume/local: options that it does not know, or that are not whole.
    (CauseCode.MOUNT_FAILED, r"create \S+: (?:invalid|missing|required)", _volume_options),
    (
        CauseCode.MOUNT_FAILED,
        r"read-only file system",
        (
            "the place of the mount is on a file system that is read-only: choose another path on "
            "{where}, or drop `read_only`"
        ),
    ),
    # Neither: what the Engine does with the container's own file system.
    (CauseCode.UNKNOWN, r"<store>.*no space left|no space left.*<store>", NO_ROOM),
    (CauseCode.UNKNOWN, r"lstat <store>: not a directory", _through_a_file),
    (CauseCode.UNKNOWN, _OF_THE_NODE, _of_the_node),
    # Networks: libnetwork, swarmkit manager/allocator.
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"endpoint with name",
        _endpoint,
    ),
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"non-overlapping",
        (
            "no range of addresses is left for another network: remove networks that nothing uses "
            "(`docker network prune`), or widen `default-address-pools`"
        ),
    ),
    # From engine 27 on a new network is given the range of one that was removed a moment ago.
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"pool .*overlaps|networks have overlapping",
        _addresses,
    ),
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"network (?:\S+ )?not found|no such network",
        _network,
    ),
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"available ip|address already in use|no available|missing network attachments",
        (
            "its network has no address left, or one is still held: give it a larger subnet, or see"
            " `docker network inspect`; leaked ones go away when the manager's daemon restarts"
        ),
    ),
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"iptables",
        ("docker's firewall rules are gone from {where}: restart its daemon, which writes them"),
    ),
    (
        CauseCode.NETWORK_UNAVAILABLE,
        r"vxlan",
        (
            "the kernel of {where} holds an interface of an older network: restart that node's "
            "daemon"
        ),
    ),
)


@cache
def _steps() -> tuple[tuple[CauseCode, re.Pattern[str], Step | str], ...]:
    every = (*IMAGES, *_TABLE)
    return tuple((code, re.compile(text, re.IGNORECASE), step) for code, text, step in every)
