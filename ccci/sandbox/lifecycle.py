"""Bring a sandbox up, look at it, take it down; each of them may be repeated at any time."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import UsageError
from ccci.host.files import PRIVATE_FOLDER
from ccci.sandbox import daemon, network, remains, tools
from ccci.sandbox.layout import MARKER, SHELF, Sandbox

Say = Callable[[str], None]
_UNFINISHED = f"{MARKER}.new"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a sandbox found; `trouble` is empty when all of it works."""

    sandbox: Sandbox
    exists: bool
    trouble: tuple[str, ...] = ()

    @property
    def up(self) -> bool:
        """Say whether it is there and works."""
        return self.exists and not self.trouble


def look(folder: Path) -> Look:
    """Look at the sandbox in this folder. Raise CcciError when the folder is something else."""
    found = _read(folder)
    if found is None:
        return Look(Sandbox(folder), exists=False)
    sandbox, ready = found
    trouble = [] if ready else ["it was never finished"]
    dead = [node.name for node in sandbox.nodes if not daemon.alive(node)]
    if dead:
        trouble.append(f"no dockerd runs for {', '.join(dead)}")
    else:
        ready_nodes = daemon.ready_nodes(sandbox)
        if ready_nodes < sandbox.node_count:
            trouble.append(f"{ready_nodes} of {sandbox.node_count} nodes are ready")
    return Look(sandbox, exists=True, trouble=tuple(trouble))


def up(wanted: Sandbox, say: Say) -> bool:
    """Bring the sandbox up; return False when it was up already.

    One that is half dead is removed and made again. Whatever stops us, an interrupt included,
    leaves nothing behind.
    """
    tools.require_root()
    tools.require_tools()
    with _locked(wanted.folder):
        found = look(wanted.folder)
        if found.up:
            if found.sandbox != wanted:
                raise UsageError(
                    f"the sandbox in {wanted.folder} is up with {found.sandbox.node_count} nodes, "
                    f"{found.sandbox.managers} of them managers",
                    "take it down first, or give another --name",
                )
            return False
        if found.exists:
            say(
                f"the sandbox in {wanted.folder} is broken ({'; '.join(found.trouble)}): rebuilding"
            )
        try:
            _wipe(wanted)
            _build(wanted, say)
        except BaseException:
            remains.remove(wanted)
            remains.remove_folder(wanted)
            _remove_shelf(wanted.folder)
            raise
    return True


def down(folder: Path) -> remains.Remains:
    """Remove the sandbox in this folder and return what there was of it; nothing is fine too.

    Raise CcciError when something of it stays.
    """
    tools.require_root()
    _read(folder)
    sandbox = Sandbox(folder)
    found = remains.find(sandbox)
    if found:
        with _locked(folder):
            remains.remove(sandbox)
            remains.remove_folder(sandbox)
        _remove_shelf(folder)
    return found


def _remove_shelf(folder: Path) -> None:
    """Remove the folder of all named sandboxes, too, once it is empty."""
    if folder.parent.name == SHELF:
        with suppress(OSError):
            folder.parent.rmdir()


def _build(sandbox: Sandbox, say: Say) -> None:
    _write(sandbox, ready=False)
    say(f"starting {sandbox.node_count} dockerd in {sandbox.folder}")
    network.connect(sandbox)
    for node in sandbox.nodes:
        daemon.start(sandbox, node)
    for node in sandbox.nodes:
        daemon.await_up(node)
    daemon.form_swarm(sandbox)
    _write(sandbox, ready=True)


def _wipe(sandbox: Sandbox) -> None:
    """Remove what is there of an earlier sandbox, but keep the folder, which is locked."""
    remains.remove(sandbox)
    for number in sandbox.folder.glob("[1-9]"):
        remains.remove_folder(Sandbox(number))
    sandbox.marker.unlink(missing_ok=True)


def _write(sandbox: Sandbox, *, ready: bool) -> None:
    content = {"nodes": sandbox.node_count, "managers": sandbox.managers, "ready": ready}
    beside = sandbox.folder / _UNFINISHED
    beside.write_text(json.dumps(content))
    beside.replace(sandbox.marker)


def _read(folder: Path) -> tuple[Sandbox, bool] | None:
    """Return the sandbox in the folder and whether it was finished; None when there is none."""
    marker = folder / MARKER
    try:
        content = json.loads(marker.read_text())
        return Sandbox(folder, content["nodes"], content["managers"]), bool(content["ready"])
    except FileNotFoundError:
        if not folder.exists() or all(each.name == _UNFINISHED for each in folder.iterdir()):
            return None
    except NotADirectoryError:
        pass
    except (ValueError, KeyError, TypeError):
        # Ours by its name, whatever stopped its writer.
        return Sandbox(folder), False
    raise UsageError(f"{folder} is not empty and not a sandbox", "give --folder a new one")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a sandbox, which is its folder itself: nothing else is left to remove."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Another `down` may have removed the folder while we waited.
            if _same(descriptor, folder):
                yield
                return
        finally:
            os.close(descriptor)


def _same(descriptor: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False
