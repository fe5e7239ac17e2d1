"""The program that forks ccci for `forked`: it imports all of it once, and waits to be asked."""

import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module

import ccci

_LARGEST = 1 << 20


def wait(channel: socket.socket) -> list[str] | None:
    """Fork for each request; return its words in the child, and None in us at the very end."""
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    to_tell: dict[int, socket.socket] = {}
    while True:
        ready = select.select([channel.fileno(), waking], [], [])[0]
        if waking in ready:
            os.read(waking, 4096)
            _tell(to_tell)
        if channel.fileno() not in ready:
            continue
        request, given, _, _ = socket.recv_fds(channel, _LARGEST, 3)
        if not request:
            return None
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in (
                waking,
                woken,
                channel.detach(),
                *(each.detach() for each in to_tell.values()),
            ):
                os.close(number)
            return _become(request, given)
        for number in given[:2]:
            os.close(number)
        to_tell[pid] = socket.socket(fileno=given[2])
        to_tell[pid].send(str(pid).encode())


def _tell(to_tell: dict[int, socket.socket]) -> None:
    """Tell how those ended that did."""
    while to_tell:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        # Perhaps nobody waits for it any more.
        with to_tell.pop(pid) as asker, suppress(OSError):
            asker.send(str(status).encode())


def _become(request: bytes, given: list[int]) -> list[str]:
    """Take on what was asked for, and return the words."""
    words, environment, folder = json.loads(request)
    for place, number in enumerate(given[:2], 1):
        os.dup2(number, place)
    for number in given:
        os.close(number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    return [str(word) for word in words]


if __name__ == "__main__":
    for module in pkgutil.walk_packages(ccci.__path__, "ccci."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    gc.collect()
    gc.freeze()
    found = wait(socket.socket(fileno=int(sys.argv[1])))
    if found is not None:
        sys.argv[1:] = found
        runpy.run_module("ccci", run_name="__main__", alter_sys=True)
