"""A client as it is measured: when it ended, with what code, how much memory and time it took."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """A process that ended; times are monotonic seconds, memory is the peak in MiB."""

    began: float
    ended: float
    code: int
    memory: float
    processor: float
    stdout: str

    @property
    def seconds(self) -> float:
        """Return how long it ran."""
        return self.ended - self.began


def measure(argv: Sequence[str], env: Mapping[str, str], timeout: float = 600) -> Measured:
    """Run a client to its end.

    The peak of memory is the process's own, read while it runs: what `wait4` says would count the
    commands that it waited for as well, and these are docker's.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        list(argv), env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    peak = [0.0]
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], _peak(process.pid))
            done.wait(0.02)

    killer = threading.Timer(timeout, process.kill)
    killer.start()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        assert process.stdout is not None
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.monotonic()
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
    finally:
        done.set()
        killer.cancel()
        if process.returncode is None:
            process.kill()
        watcher.join()
    processor = usage.ru_utime + usage.ru_stime
    return Measured(began, ended, process.returncode, peak[0], processor, stdout)


def _peak(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024
