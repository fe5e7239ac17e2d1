"""Listening to the Engine's events: they say that something may have changed, nothing more."""

import queue
import threading
from collections.abc import Callable
from enum import Enum, auto

from ccci.errors import CcciError, EngineUnavailable
from ccci.swarm.decode.events import Event
from ccci.swarm.decode.events import event as decode_event
from ccci.swarm.engine.client import Engine
from ccci.swarm.engine.stream import Stream
from ccci.swarm.watching import leadership
from ccci.swarm.watching.evidence import Collector
from ccci.swarm.watching.snapshot import Snapshots

_RETRIES = (0.1, 0.25, 0.5, 1.0, 2.0)
_GOODBYE = 0.5
# "start" must not let through "exec_start": of these, the Engine compares beginnings (moby
# daemon/events/filter.go), because of `health_status`.
_WANTED = {
    "type": ["service", "node", "container"],
    "event": ["create", "update", "remove", "start", "die", "oom", "health_status", "destroy"],
}


class _Heard(Enum):
    SERVICE = auto()
    TASK = auto()
    NODE = auto()
    NEW_LEADER = auto()
    CUT = auto()
    BACK = auto()


class Subscription:
    """Listens in a thread of its own, and subscribes again when it is cut off."""

    def __init__(
        self,
        engine: Engine,
        stack: str,
        collector: Collector,
        heard: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self._engine = engine.sibling()
        self._stack = stack
        self._collector = collector
        self._of_container = heard
        self._heard: queue.SimpleQueue[_Heard] = queue.SimpleQueue()
        self._removed: queue.SimpleQueue[str] = queue.SimpleQueue()
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

    def tell(self, snapshots: Snapshots) -> None:
        """Tell the snapshots what was heard, all of it, and forget it."""
        while not self._heard.empty():
            self._pending.append(self._heard.get())
        while not self._removed.empty():
            snapshots.removed(self._removed.get())
        heard = set(self._pending)
        if _Heard.NEW_LEADER in heard:  # each node tells of it
            snapshots.new_leader()
        elif heard - {_Heard.SERVICE, _Heard.TASK}:
            snapshots.suspect()
        elif _Heard.SERVICE in heard:
            snapshots.changed()
        self._pending.clear()

    def _listen(self) -> None:
        try:
            self._stay_subscribed()
        finally:
            self._tried.set()  # whatever happened, nobody waits for it
            self._engine.close()

    def _stay_subscribed(self) -> None:
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
            except CcciError:
                pass  # cut in the middle of an answer
            if attempt == 0 and self._tried.is_set():
                self._heard.put(_Heard.CUT)
            self._tried.set()
            self._closing.wait(_RETRIES[min(attempt, len(_RETRIES) - 1)])
            attempt += 1

    def _follow(self, stream: Stream) -> None:
        if self._closing.is_set():
            return
        for event in stream:
            if self._closing.is_set():
                return
            heard = self._concern(event)
            if heard is not None:
                self._heard.put(heard)

    def _concern(self, raw: object) -> _Heard | None:
        """Return what an event means to us; one that makes no sense may have been anything."""
        event = decode_event(raw)
        if event is None:
            return _Heard.SERVICE
        heard = None
        if event.kind == "node" and event.told:
            heard = _Heard.NEW_LEADER if leadership.begins_to_lead(event) else _Heard.NODE
        elif event.kind == "service" and event.name.startswith(f"{self._stack}_"):
            if event.action == "remove":
                self._removed.put(event.id)
            heard = _Heard.SERVICE
        elif event.kind == "container" and event.stack == self._stack:
            self._collector.event(event)
            self._of_container(event)
            heard = _Heard.TASK
        return heard
