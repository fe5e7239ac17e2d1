"""A real browser without a window, spoken to through two pipes (Chrome DevTools protocol)."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "chromium-headless-shell"
_PATIENCE = 60.0
_OPTIONS = (
    *("--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"),
)

_AS_3_AND_4 = """
import os, sys
os.dup2(os.dup(int(sys.argv[1])), 30), os.dup2(os.dup(int(sys.argv[2])), 40)
os.dup2(30, 3), os.dup2(40, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""A browser reads commands from 3 and answers on 4, wherever ours are."""


@dataclass
class Seen:
    """What a browser made of a page: how wide it is, what it asked for, what it complained of."""

    width: int
    asked: list[str]
    complaints: list[str]
    pictures: int


@dataclass
class Browser:
    """A browser that runs; `events` are those that nobody has looked at yet."""

    reads: int
    writes: int
    events: list[dict[str, Any]] = field(default_factory=list)
    session: str = ""
    _number: int = 0
    _rest: bytes = b""

    def ask(self, method: str, **given: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def wait(self, method: str) -> None:
        """Wait for an event."""
        while not any(each.get("method") == method for each in self.events):
            self.events.append(self._next())

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression on the page."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, page: Path, width: int, *, dark: bool = False) -> Seen:
        """Show a page of a file in a window of this width."""
        self.events.clear()
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.ask("Page.navigate", url=page.as_uri())
        self.wait("Page.loadEventFired")
        wide = self.evaluate("document.documentElement.scrollWidth")
        shown = self.evaluate(_SHOWN)
        told = [each["params"] for each in self.events if each.get("method") in _COMPLAINTS]
        asked = [
            each["params"]["request"]["url"]
            for each in self.events
            if each.get("method") == "Network.requestWillBeSent"
        ]
        return Seen(wide, asked, [json.dumps(each) for each in told], shown)

    def picture(self, height: int | None = None) -> bytes:
        """Return what is shown as a PNG, all of the page or its first `height` pixels."""
        size = self.evaluate("[document.documentElement.clientWidth, document.body.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": height or size[1], "scale": 1}
        found = self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.reads], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            read = os.read(self.reads, 1 << 16)
            assert read, "the browser has ended"
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


_COMPLAINTS = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}


_SHOWN = """
[...document.querySelectorAll("svg")].filter(each => each.getBoundingClientRect().width > 0).length
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser with one empty page, and end it."""
    program = shutil.which(NAME)
    assert program, f"{NAME} is not installed: `sh tests/system-packages.sh {NAME}`"
    (ours_reads, its_writes), (its_reads, ours_writes) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="ccci-browser-", ignore_cleanup_errors=True) as home:
        child = subprocess.Popen(
            [
                *(sys.executable, "-c", _AS_3_AND_4, str(its_reads), str(its_writes)),
                *(program, *_OPTIONS, f"--user-data-dir={home}"),
            ],
            pass_fds=(its_reads, its_writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_reads)
        os.close(its_writes)
        try:
            found = Browser(ours_reads, ours_writes)
            target = found.ask("Target.createTarget", url="about:blank")["targetId"]
            attached = found.ask("Target.attachToTarget", targetId=target, flatten=True)
            found.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                found.ask(f"{domain}.enable")
            yield found
        finally:
            os.close(ours_writes)
            os.close(ours_reads)
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
            child.kill()
            child.wait()
