"""ccci without its start: forked from a process that has imported all of it, and waits.

To import it takes a quarter of a second of processor, and the tests on a Swarm start it a thousand
times. What is forked is `python -m ccci` in all else: a process of its own with the words, the
variables, the folder and the streams that it is given, which ends as Python ends. What Python
itself heeds as it starts (its own variables, a locale, a time zone) is not for it: `heeds` says so.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Self

from ccci.host.process import Finished

_SERVER = Path(__file__).with_name("forking.py")
_OF_A_START = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "MALLOC_")
_UNBUFFERED = "PYTHONUNBUFFERED"
_PATIENCE = 60.0
_asking = threading.Lock()


@dataclass(slots=True)
class Forked:
    """A ccci that was started so, with what the tests need of subprocess.Popen."""

    pid: int
    stdout: IO[str]
    stderr: IO[str]
    told: socket.socket
    """Where it is told how the process ended, as `os.waitpid` has it."""
    returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave neither it nor what it was read by."""
        self.kill()
        self.wait(_PATIENCE)
        self.stdout.close()
        self.stderr.close()

    def wait(self, timeout: float) -> int:
        """Return its exit code, a signal as its negative; raise TimeoutExpired where it runs on."""
        if self.returncode is None:
            if not select.select([self.told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("ccci", timeout)
            self.returncode = os.waitstatus_to_exitcode(int(_received(self.told)))
            self.told.close()
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Return what it prints to its end, both streams; kill it if it runs for longer."""
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.append(self.stderr.read()))
        alarm = threading.Timer(timeout, self.kill)
        reader.start()
        alarm.start()
        out = self.stdout.read()
        reader.join()
        alarm.cancel()
        self.wait(_PATIENCE)
        return out, errors[0]

    def send_signal(self, number: int) -> None:
        """Send it a signal unless it ended."""
        if self.returncode is None and not select.select([self.told], [], [], 0)[0]:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it unless it ended."""
        self.send_signal(signal.SIGKILL)


def heeds(environment: Mapping[str, str]) -> bool:
    """Say whether ccci, forked, has all that these variables ask of it."""
    asked = {**dict.fromkeys(os.environ), **environment}
    return environment.get(_UNBUFFERED) == "1" and all(
        environment.get(name) == os.environ.get(name)
        for name in asked
        if name.startswith(_OF_A_START) and name != _UNBUFFERED
    )


def run(words: Sequence[str], environment: Mapping[str, str], timeout: float = 120.0) -> Finished:
    """Run ccci to its end, or for so many seconds, and return how it ended; as `start`."""
    begun = time.monotonic()
    with start(words, {**environment, _UNBUFFERED: "1"}, Path.cwd()) as running:
        out, errors = running.communicate(timeout)
    return Finished(("ccci", *words), running.wait(0), out, errors, time.monotonic() - begun)


def start(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> Forked:
    """Start ccci with these words, in this environment, which it has to heed, and folder."""
    assert heeds(environment), "start `python -m ccci` instead"
    ends = [os.pipe(), os.pipe()]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = json.dumps([[*words], dict(environment), str(folder)]).encode()
    with theirs, _asking:
        given = [*(writing for _, writing in ends), theirs.fileno()]
        socket.send_fds(_server(), [request], given)
    for _, writing in ends:
        os.close(writing)
    stdout, stderr = (os.fdopen(reading, encoding="utf-8") for reading, _ in ends)
    ours.settimeout(_PATIENCE)
    return Forked(int(_received(ours)), stdout, stderr, ours)


def _received(told: socket.socket) -> bytes:
    found = told.recv(64)
    assert found, "what forks ccci has ended"
    return found


@cache
def _server() -> socket.socket:
    """Start what forks, and return where it is asked; it ends with us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        argv = [sys.executable, str(_SERVER), str(number)]
        unbuffered = {**os.environ, _UNBUFFERED: "1"}
        forking = subprocess.Popen(
            argv, env=unbuffered, pass_fds=[number], stdin=subprocess.DEVNULL
        )

    def end() -> None:
        ours.close()
        forking.wait(_PATIENCE)

    atexit.register(end)
    return ours
