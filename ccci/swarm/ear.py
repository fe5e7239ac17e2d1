"""Listening to the Engine's events: they say that something may have changed, nothing more."""

import queue
import threading
from enum import Enum, auto
from typing import TYPE_CHECKING

from ccci.errors import CcciError, EngineUnavailable
from ccci.swarm import reign
from ccci.swarm.engine import STACK_LABEL, Engine, Json
from ccci.swarm.evidence import Collector
from ccci.swarm.look import Eye

if TYPE_CHECKING:
    from ccci.swarm.transport import Stream

_RETRIES = (0.1, 0.25, 0.5, 1.0, 2.0)
_GOODBYE = 1.0
# "start" must not let through "exec_start": of these, the Engine compares beginnings (moby
# daemon/events/filter.go), because of `health_status`.
_WANTED = {
    "type": ["service", "node", "container"],
    "event": ["create", "update", "remove", "start", "die", "oom", "health_status", "destroy"],
}


class _Heard(Enum):
    STACK = auto()
    NODE = auto()
    NEW_REIGN = auto()
    CUT = auto()
    BACK = auto()


class Ear:
    """Listens in a thread of its own, and subscribes again when it is cut off."""

    def __init__(self, engine: Engine, stack: str, collector: Collector) -> None:
        self._engine = engine.sibling()
        self._stack = stack
        self._collector = collector
        self._heard: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        self._pending: list[_Heard] = []
        self._closing = threading.Event()
        self._tried = threading.Event()
        self._refusal: EngineUnavailable | None = None
        self._stream: Stream | None = None
        self._thread = threading.Thread(target=self._listen, name="events", daemon=True)

    def open(self) -> None:
        """Subscribe. Raise EngineUnavailable when the Engine refuses us for good.

        Where it only does not answer, the subscription is tried again in the background.
        """
        self._thread.start()
        self._tried.wait()
        if self._refusal is not None:
            self.close()
            raise self._refusal

    def close(self) -> None:
        """End the subscription and its thread."""
        self._closing.set()
        if self._stream is not None:
            self._stream.close()
        self._thread.join(_GOODBYE)

    def hears(self, timeout: float) -> bool:
        """Wait at most so many seconds; say whether something concerned the stack or its nodes."""
        try:
            self._pending.append(self._heard.get(timeout=timeout))
        except queue.Empty:
            return False
        return True

    def tell(self, eye: Eye) -> None:
        """Tell the eye what was heard, all of it, and forget it."""
        while not self._heard.empty():
            self._pending.append(self._heard.get())
        if _Heard.NEW_REIGN in self._pending:  # each node tells of it
            eye.new_reign()
        elif set(self._pending) - {_Heard.STACK}:
            eye.suspect()
        self._pending.clear()

    def _listen(self) -> None:
        try:
            self._subscribe_again_and_again()
        finally:
            self._tried.set()  # whatever happened, nobody waits for it
            self._engine.close()

    def _subscribe_again_and_again(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            try:
                with self._engine.events(_WANTED) as stream:
                    self._stream = stream
                    if attempt:
                        self._heard.put(_Heard.BACK)
                    attempt = 0
                    self._tried.set()
                    self._follow(stream)
            except EngineUnavailable as refusal:
                if not self._tried.is_set():
                    self._refusal = refusal
                    self._tried.set()
                    break
            except (CcciError, ValueError, LookupError, TypeError):
                pass  # cut in the middle of an answer, or of a line
            if attempt == 0 and self._tried.is_set():
                self._heard.put(_Heard.CUT)
            self._tried.set()
            self._closing.wait(_RETRIES[min(attempt, len(_RETRIES) - 1)])
            attempt += 1

    def _follow(self, stream: "Stream") -> None:
        if self._closing.is_set():
            return
        for event in stream:
            if self._closing.is_set():
                return
            heard = self._concern(event)
            if heard is not None:
                self._heard.put(heard)

    def _concern(self, event: Json) -> _Heard | None:
        kind = event.get("Type")
        attributes = (event.get("Actor") or {}).get("Attributes") or {}
        if kind == "node":
            if reign.is_new_reign(event):
                return _Heard.NEW_REIGN
            # A node that is told of without a change of state, lead, role or availability only got
            # or lost an address in some network, of any stack, or a label.
            tells = event.get("Action") != "update" or set(attributes) - {"name"}
            return _Heard.NODE if tells else None
        if kind == "service":
            mine = (attributes.get("name") or "").startswith(f"{self._stack}_")
            return _Heard.STACK if mine else None
        if kind == "container" and attributes.get(STACK_LABEL) == self._stack:
            self._collector.event(event)
            return _Heard.STACK
        return None
