"""The lock object on the swarm: its name, its labels, and how a dead holder's is removed.

A Swarm config: its name is unique in the replicated log, so creating it is atomic for all hosts.
Only its labels may change, and only at the version that was read (swarmkit controlapi/config.go).
"""

import getpass
import hashlib
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ccci.errors import CcciError, ConnectionLost, EngineError
from ccci.host import clock, file_lock
from ccci.names import LONGEST_OBJECT_NAME
from ccci.swarm.decode.configs import config
from ccci.swarm.decode.listed import Listed, listed

PREFIX = "ccci-lock-"
LABEL = "ccci.lock."
DATA = b"A lock of ccci: a run is at work on this stack. See the labels.\n"
_LONGEST_NUMBER = 15
_LONGEST_TOLD = 200


class Squatted(CcciError):  # noqa: N818 -- reads as what happened
    """A lock's name is taken by an object that is no lock of ccci's."""


class LockStore(Protocol):
    """What a lock object needs of the Engine; `ccci.swarm.engine.Engine` is one."""

    def config(self, name: str) -> dict[str, Any] | None:
        """Return a config by id or name, or None."""

    def create_config(self, name: str, data: bytes, labels: Mapping[str, str]) -> str:
        """Create a config and return its id. Raise EngineError 409 when the name is taken."""

    def update_config(self, config: str, version: int, spec: dict[str, Any]) -> None:
        """Replace a config's labels if its version is still this, else raise EngineError."""

    def remove_config(self, config: str) -> None:
        """Remove a config. Raise EngineError 404 when it is gone."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock. `folder` names the state folder whose lock file goes with it.

    `keep` is what the run means to do with the app (see `runs.Record`): with False, whoever finds
    the holder dead may remove it.
    """

    stack: str
    run: str
    host: str
    user: str
    pid: int
    folder: str
    token: str
    since: str
    counter: int = 0
    released: bool = False
    keep: bool | None = None
    boot: str = ""

    @classmethod
    def ours(cls, stack: str, run: str, folder: Path) -> "Holder":
        """Return this process as the holder; the token is new each time."""
        return cls(
            stack=stack,
            run=run,
            host=socket.gethostname(),
            user=_user(),
            pid=os.getpid(),
            folder=file_lock.folder_name(folder),
            token=os.urandom(16).hex(),
            since=clock.now(),
            boot=_boot(),
        )

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> "Holder":
        """Return the holder that a lock object's labels name; what is missing is empty."""

        def text(key: str) -> str:
            return labels.get(LABEL + key) or ""

        return cls(
            stack=text("stack"),
            run=text("run"),
            host=text("host"),
            user=text("user"),
            pid=_number(text("pid")),
            folder=text("folder"),
            token=text("token"),
            since=text("since"),
            counter=_number(text("counter")),
            released=text("released") == "true",
            keep={"true": True, "false": False}.get(text("keep")),
            boot=text("boot"),
        )

    def shares_lock_file(self, other: "Holder") -> bool:
        """Say whether both lock the very same file, so that holding it proves the other dead.

        The same folder on the same kernel (a container has a host name of its own), or on the
        same host after a reboot; a folder that was copied to another host is another one.
        """
        same_kernel = bool(self.boot) and self.boot == other.boot
        return self.folder == other.folder and (same_kernel or self.host == other.host)

    def labels(self) -> dict[str, str]:
        """Return the labels of the lock object; never the stack's namespace (`stack rm`)."""
        return {
            f"{LABEL}stack": self.stack,
            f"{LABEL}run": self.run,
            f"{LABEL}host": self.host,
            f"{LABEL}user": self.user,
            f"{LABEL}pid": str(self.pid),
            f"{LABEL}folder": self.folder,
            f"{LABEL}token": self.token,
            f"{LABEL}since": self.since,
            f"{LABEL}counter": str(self.counter),
            f"{LABEL}released": "true" if self.released else "false",
            f"{LABEL}keep": {True: "true", False: "false", None: ""}[self.keep],
            f"{LABEL}boot": self.boot,
        }

    def __str__(self) -> str:
        """Return who it is, as a person would ask for them."""
        return f"run {self.run or '?'} of {self.user}@{self.host} (pid {self.pid}, {self.since})"


@dataclass(frozen=True, slots=True)
class LockObject:
    """A lock object as the swarm has it."""

    id: str
    version: int
    holder: Holder
    spec: Mapping[str, Any]

    @classmethod
    def of(cls, inspected: Mapping[str, Any]) -> "LockObject | None":
        """Return it from the Engine's JSON of a config, or None for one that is no lock.

        A lock has the name of the stack's lock, ccci's own data, and labels of locks alone. That
        no recipe can make: `docker stack deploy` gives each config that it makes or takes over the
        label of its stack, whatever the file says (docker/cli, compose/convert/compose.go:
        AddStackLabel; abra deploys with the same code).
        """
        found = config(inspected)
        about = found.listed
        holder = Holder.of(about.labels)
        if not (
            holder.token
            and about.name == lock_name(holder.stack)
            and found.holds(DATA)
            and all(key.startswith(LABEL) for key in about.labels)
        ):
            return None
        return cls(about.id, about.version, holder, found.spec)


def lock_name(stack: str) -> str:
    """Return the lock object's name for a stack: short enough for Swarm, one per stack."""
    if len(PREFIX + stack) <= LONGEST_OBJECT_NAME:
        return PREFIX + stack
    digest = hashlib.sha256(stack.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{PREFIX}{stack[: LONGEST_OBJECT_NAME - len(PREFIX) - 13]}-{digest}"


def look(store: LockStore, name: str) -> LockObject | None:
    """Return the lock object of this name or id, or None.

    Raise Squatted where something else has the name.
    """
    there = store.config(name)
    if there is None:
        return None
    lock = LockObject.of(there)
    if lock is None:
        raise _squatted(listed(there), name)
    return lock


def _squatted(there: Listed, name: str) -> Squatted:
    telling = (f"{key}={text}" for key, text in there.labels.items() if not key.startswith(LABEL))
    labels = ", ".join(telling)
    name = there.name or name
    return Squatted(
        f"the name {name} is taken by a config that is no lock of ccci's "
        f"({f'labels: {labels}'[:_LONGEST_TOLD] if labels else 'no labels that tell whose'})",
        f"remove the stack that made it, or the config alone: docker config rm {name}",
    )


def bury(store: LockStore, dead: LockObject) -> bool:
    """Remove a dead holder's lock object, and say whether that was done.

    By id and version: one that moved since it was looked at belongs to somebody living.
    """
    if not dead.holder.released:
        spec = {**dead.spec, "Labels": replace(dead.holder, released=True).labels()}
        try:
            store.update_config(dead.id, dead.version, spec)
        except ConnectionLost:
            raise
        except EngineError:
            return False
    remove(store, dead.id)
    return True


def remove(store: LockStore, identifier: str) -> None:
    """Remove a lock object; one that is gone is as good as removed."""
    try:
        store.remove_config(identifier)
    except EngineError as error:
        if not error.is_absent:
            raise


def objects(configs: Iterable[Mapping[str, Any]]) -> tuple[LockObject, ...]:
    """Return the lock objects among the configs that the Engine lists."""
    found = (lock for config in configs if (lock := LockObject.of(config)) is not None)
    return tuple(sorted(found, key=lambda lock: lock.holder.stack))


def _number(text: str) -> int:
    is_one = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_one else 0


def _boot() -> str:
    """Return the name of this boot of the kernel: the same in all of its containers."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in this container's passwd
        return str(os.getuid())
