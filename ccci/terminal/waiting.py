"""Waiting in words: whatever takes longer than a moment says what it waits for, how long at most.

In a log it is said once, when it is clear that it takes longer, and then once a minute; on a
terminal one line ticks and is gone when the wait is over. What is waited for may change its words
on the way (so many are left); a new wait begins anew.
"""

import threading
from dataclasses import dataclass
from typing import Self

from ccci.host import clock
from ccci.host.durations import told
from ccci.terminal.output import Output

MOMENT = 2.0
"""Seconds without a word that nobody minds."""
IN_A_LOG = 60.0
_TICK = 0.25


@dataclass(slots=True)
class _Wait:
    what: str
    since: float
    until: float | None
    said_at: float | None = None


class Waiting:
    """What one step waits for; it speaks from a thread of its own, as long as the block lasts."""

    def __init__(self, output: Output, lead: str = "") -> None:
        """Speak to `output`, each line led by the step's name."""
        self._output = output
        self._ticks = output.live
        self._lead = f"{lead}: " if lead else ""
        self._lock = threading.Lock()
        self._wait: _Wait | None = None
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.end()

    def begin(self, what: str, most: float | None = None) -> None:
        """Wait for something from now on, for `most` seconds where there is a limit."""
        now = clock.monotonic()
        with self._lock:
            self._wait = _Wait(what, now, None if most is None else now + most)
            self._output.tick("")
        if not self._threads and not self._stop.is_set():
            thread = threading.Thread(target=self._run, name="ccci-waiting", daemon=True)
            self._threads.append(thread)
            thread.start()

    def update(self, what: str) -> None:
        """Say it in other words: it is still the same wait."""
        with self._lock:
            if self._wait is not None:
                self._wait.what = what

    def end(self) -> None:
        """Wait for nothing any more."""
        with self._lock:
            self._wait = None
            self._output.tick("")

    def speak(self, now: float) -> None:
        """Say what is waited for, where that is due at this moment of the clock."""
        with self._lock:
            wait = self._wait
            if wait is None or now - wait.since < MOMENT:
                return
            most = "" if wait.until is None else f" up to {told(max(1.0, wait.until - now))}"
            line = f"{self._lead}waiting{most} for {wait.what}"
            if self._ticks:
                self._output.tick(f"{line} ({told(now - wait.since)} so far)")
                return
            if wait.said_at is not None and now - wait.said_at < IN_A_LOG:
                return
            wait.said_at = now
        self._output.progress(line)

    def _run(self) -> None:
        while not self._stop.wait(_TICK):
            self.speak(clock.monotonic())
