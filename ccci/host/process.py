"""The only starter of processes: ours with their output captured, the user's passed through.

An argv is a list, never a shell. A process gets its own group, so that ending it ends what it
started; `GIT_*` variables of a surrounding git command never leak into ours.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import termios
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import CommandFailed, ToolMissing
from ccci.host.clock import monotonic
from ccci.host.gathering import Masks, Take, gather, last_words, pump
from ccci.host.surroundings import Surroundings

_KILL_AFTER = 10.0
_DRAIN_WITHIN = 2.0
_KEPT_LINES = 400
_TERMINAL_SIZE = (50, 200)
LARGEST_OUTPUT = 16 * 2**20
"""Bytes that a tool of ours may print; docker prints a whole stack's merged files at most."""

OutOfTime = subprocess.TimeoutExpired
"""What waiting for a process with a timeout raises, for those who may not import subprocess."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended: what ran, its exit code (negative: a signal) and what it printed."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float

    def tail(self, lines: int = 25) -> str:
        """Return the last lines it printed, standard error after standard output."""
        both = (self.stdout.rstrip() + "\n" + self.stderr.rstrip()).strip()
        return "\n".join(both.splitlines()[-lines:])


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return our environment without `GIT_*`, with `extra` on top."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, **(extra or {})}


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    check: bool = True,
    most: int = LARGEST_OUTPUT,
) -> Finished:
    """Run a tool of ours to its end and return what it printed.

    `env` is the whole environment (see `environment`); `timeout` is in seconds, `most` in bytes of
    both streams together. Raise ToolMissing when it is not installed, CommandFailed when it runs
    out of time, prints more, or, with `check`, exits non-zero. An interrupt ends its process group
    before it is passed on.
    """
    started = monotonic()
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env) if env is not None else environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise ToolMissing(f"{argv[0]} is not installed", f"install {argv[0]} and retry") from None
    except PermissionError:
        raise ToolMissing(f"{argv[0]} cannot be executed", f"check {argv[0]}'s mode") from None
    with process:
        stdout, stderr = _ended(process, argv, started + timeout, timeout, most)
    finished = Finished(tuple(argv), process.returncode, stdout, stderr, monotonic() - started)
    if check and finished.code != 0:
        raise CommandFailed(
            f"{shlex.join(argv)} {_how(finished.code)}: {finished.tail(5) or 'no output'}"
        )
    return finished


def _ended(
    process: "subprocess.Popen[bytes]", argv: Sequence[str], until: float, timeout: float, most: int
) -> tuple[str, str]:
    """Wait for a process's end and return what it printed; whatever else happens, end it."""
    try:
        said = gather(process, until=until, most=most)
        process.wait(max(0.0, until - monotonic()))
    except (TimeoutError, OutOfTime):
        end(process)
        raise CommandFailed(
            f"{shlex.join(argv)} did not end within {timeout:g} s",
            "see whether what it talks to answers at all",
        ) from None
    except OverflowError:
        end(process)
        raise CommandFailed(
            f"{shlex.join(argv)} printed more than {most} bytes, and was ended",
            "run it by hand to see what it prints",
        ) from None
    except BaseException:
        end(process)
        raise
    stdout, stderr = (each.decode(errors="replace").replace("\r\n", "\n") for each in said)
    return stdout, stderr


def _how(code: int) -> str:
    """Return how a process ended, in words."""
    if code == -signal.SIGKILL:
        return "was killed (is this machine out of memory? see `dmesg`)"
    return f"exited with {code}" if code >= 0 else f"was ended by signal {-code}"


def start_daemon(argv: Sequence[str], *, log: Path, env: Mapping[str, str]) -> None:
    """Start a process that outlives ours, in a session of its own; its output goes to `log`.

    It becomes a child of init, so that nobody here has to wait for it; whether it came up is to be
    seen from what it does. Raise ToolMissing when `setsid` is not installed.
    """
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                ["setsid", "--fork", *argv],
                cwd="/",
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        except FileNotFoundError:
            raise ToolMissing("setsid is not installed", "install util-linux and retry") from None
        process.wait()


def end(
    process: "subprocess.Popen[str] | subprocess.Popen[bytes]", patience: float = _KILL_AFTER
) -> None:
    """End a process and all of its group: SIGTERM, then SIGKILL after `patience` seconds."""
    for signal_number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal_number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            break
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def dial(argv: Sequence[str]) -> "tuple[socket.socket, subprocess.Popen[bytes]]":
    """Start a tool that speaks a stream protocol on its standard input and output.

    Return our end of that stream and the process, which ends when our end is closed; its standard
    error stays ours. Raise ToolMissing when it cannot be started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                list(argv), stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True
            )
        except OSError:
            ours.close()
            raise ToolMissing(
                f"{argv[0]} is not installed", f"install {argv[0]} and retry"
            ) from None
    return ours, process


_OURS = Surroundings()


class Running:
    """The user's COMMAND while it runs, in a process group of its own.

    What it prints is handed on line by line as it comes, and its last lines are kept.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        lines: Callable[[str], None],
        error_lines: Callable[[str], None] | None = None,
        masks: Masks = tuple,
        within: Surroundings = _OURS,
    ) -> None:
        """Start COMMAND; `lines` is called from a thread with each line it prints.

        With `error_lines`, that gets the lines of standard error, but for a terminal's, of which
        `lines` gets everything. No line is cut within one of `masks`. Raise ToolMissing when it
        cannot be started.
        """
        terminal = within.terminal
        self.argv = tuple(argv)
        self._kept: deque[str] = deque(maxlen=_KEPT_LINES)
        self._errors: deque[str] = deque(maxlen=_KEPT_LINES)
        takers = [lines] if terminal or error_lines is None else [lines, error_lines]
        channels = [_channel(terminal=terminal) for _ in takers]
        try:
            self._process = subprocess.Popen(
                list(argv),
                cwd=within.cwd,
                env=dict(within.env) if within.env is not None else None,
                stdin=channels[0][1] if terminal else _input(ours=within.reads_ours),
                stdout=channels[0][1],
                stderr=channels[-1][1],
                start_new_session=True,
            )
        except OSError as error:
            for ours, _ in channels:
                os.close(ours)
            raise ToolMissing(
                f"COMMAND cannot be started: {argv[0]}: {error.strerror}",
                "check its spelling, its mode and PATH",
            ) from None
        finally:
            for _, theirs in channels:
                os.close(theirs)
        self._readers = [
            threading.Thread(target=pump, args=(ours, self._keeping(take, its), masks), daemon=True)
            for (ours, _), take, its in zip(
                channels, takers, ([self._kept], [self._kept, self._errors]), strict=False
            )
        ]
        for reader in self._readers:
            reader.start()

    def _keeping(self, take: Take, kept: Sequence[deque[str]]) -> Take:
        def keep(line: str) -> None:
            for each in kept:
                each.append(line)
            take(line)

        return keep

    @property
    def code(self) -> int | None:
        """Return the exit code, or None while it runs; a signal is 128 plus its number."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    @property
    def output(self) -> str:
        """Return its last lines, both streams as they came."""
        return "\n".join(self._kept)

    @property
    def reason(self) -> str:
        """Return its last words: the last line of its standard error, else of its output.

        Two streams that are read side by side have no order: the line that came last may well be
        a parting word on the other one.
        """
        return next(filter(None, map(last_words, (self._errors, self._kept))), "")

    def wait(self, timeout: float) -> int | None:
        """Wait up to `timeout` seconds for its end and its last line; return `code`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
            self._drain()
        return self.code

    def end(self, patience: float = _KILL_AFTER) -> None:
        """End it with everything it started; harmless when it has ended.

        What does not heed SIGTERM is killed after `patience` seconds.
        """
        if self.code is None:
            end(self._process, patience)
        self._drain(min(patience, _DRAIN_WITHIN))

    def _drain(self, within: float = _DRAIN_WITHIN) -> None:
        # Bounded: a grandchild that outlives COMMAND may keep the other side open.
        until = monotonic() + within
        for reader in self._readers:
            if reader is not threading.current_thread():
                reader.join(max(0.0, until - monotonic()))


def _input(*, ours: bool) -> int | None:
    """Return what a process in a session of its own may read: our standard input, or nothing.

    Of a terminal such a process would get errors, not lines; and where our standard input was
    closed, its number may be any file that we have opened since.
    """
    if not ours or sys.__stdin__ is None or os.isatty(0):
        return subprocess.DEVNULL
    return None


def _channel(*, terminal: bool) -> tuple[int, int]:
    """Return our end and the process's end of a pipe, or of a wide pseudo-terminal."""
    if not terminal:
        return os.pipe()
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, _TERMINAL_SIZE)
    return ours, theirs
