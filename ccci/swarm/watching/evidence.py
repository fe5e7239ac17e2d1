"""Evidence of failing tasks, taken at once: Swarm forgets a failed task within seconds.

Worker threads with sessions of their own take it, so that no look waits for it. Every call has a
timeout of its own, since logs of a node that went away hang (moby 37336).
"""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ccci.errors import CcciError
from ccci.host import clock
from ccci.host.masking import masked
from ccci.swarm.decode import containers, listings
from ccci.swarm.decode.containers import both
from ccci.swarm.decode.events import DIES, OUT_OF_MEMORY, STARTS, UNHEALTHY, Event
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine import logs
from ccci.swarm.engine.client import Engine
from ccci.swarm.engine.masking import secrets_in
from ccci.swarm.exit_codes import SIGKILL
from ccci.swarm.model import Evidence, Observation, Task, TaskState

EVIDENCE_PATIENCE = 2.0
_OOM_LOOKS, _OOM_EVERY = 5, 0.25
LINES = 30
FIRST = 3
_WORKERS = 2
_GOODBYE = 0.5


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A task to be looked into. `container` is empty where only the task's own logs can be had."""

    task: str
    slot: str
    container: str
    service: str = ""
    exit_code: int | None = None
    oom: bool = False
    unhealthy: bool = False


class Collector:
    """Takes evidence in the background, of each slot the first few failures and the latest."""

    def __init__(
        self,
        engine: Engine,
        *,
        secrets: Iterable[str] = (),
        report: Callable[[Evidence], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._report = report
        self._secrets = frozenset(secrets)
        self._found: dict[str, Evidence] = {}
        self._flags: dict[str, set[str]] = defaultdict(set)
        self._again: set[str] = set()
        self._of_slot: dict[str, list[str]] = defaultdict(list)
        self._tasks: dict[str, Task] = {}
        self._looked_into: set[str] = set()
        self._queue: queue.Queue[_Suspect | None] = queue.Queue()
        self._outstanding = 0
        self._changed = threading.Condition()
        self._workers: list[threading.Thread] = []

    @property
    def found(self) -> Mapping[str, Evidence]:
        """Return what is known so far, by task."""
        return MappingProxyType(self._found)

    def event(self, event: Event) -> None:
        """Take evidence where an event of a container of the stack shows a failure."""
        task, action = event.task, event.action
        if task and action == STARTS:
            self._started(task)
        if not task or action not in {DIES, OUT_OF_MEMORY, UNHEALTHY}:
            return
        with self._changed:
            flags = self._flags[task]
            flags.add(action)
            known = self._tasks.get(task)
            if action == DIES and flags == {DIES} and known is not None and not known.live:
                return  # it was asked to stop
        self._look_into(
            _Suspect(
                task,
                slot=event.slot,
                container=event.id,
                service=event.service,
                exit_code=event.exit_code,
                oom=OUT_OF_MEMORY in flags,
                unhealthy=UNHEALTHY in flags,
            )
        )

    def _started(self, task: str) -> None:
        """Take note of a container that starts: where it had died, not by Swarm's doing."""
        with self._changed:
            if DIES not in self._flags.get(task, ()):
                return
            self._again.add(task)
            known = self._found.get(task)
            if known is None or known.started_again:
                return
            self._found[task] = again = replace(known, started_again=True)
        self._report(again)

    def look(self, raw: Mapping[str, Any], seen: Observation, own_node: str) -> None:
        """Take evidence of tasks that a look shows as newly ended, and learn what is secret."""
        self._learn(raw)
        first_look = not self._tasks
        before = dict(self._tasks)
        suspects = []
        for service in seen.services:
            for task in service.tasks:
                was = before.get(task.id)
                self._tasks[task.id] = task
                if service.spec.mode.is_job and task.state is TaskState.COMPLETE:
                    continue
                if not _failed(task, was) or (was is not None and was.state.ended):
                    continue
                if not task.container or task.id in self._looked_into:
                    continue  # without a container its listing tells all
                suspects.append(
                    _Suspect(
                        task.id,
                        slot=f"{service.full_name}.{task.slot}",
                        container=task.container if task.node == own_node else "",
                        service=service.id,
                        exit_code=task.exit_code,
                    )
                )
        if first_look:  # old failures: the latest of each slot tells enough
            suspects.sort(key=lambda each: self._tasks[each.task].timestamp)
            suspects = list({each.slot: each for each in suspects}.values())
        for suspect in suspects:
            self._look_into(suspect)

    def _learn(self, raw: Mapping[str, Any]) -> None:
        environment: list[str] = []
        for holder in (*raw.get("services", ()), *raw.get("tasks", ())):
            environment += listings.environment(holder)
        self._secrets |= secrets_in(environment)

    @property
    def unhealthy(self) -> frozenset[str]:
        """Return the tasks that were heard to turn unhealthy."""
        with self._changed:
            return frozenset(task for task, flags in self._flags.items() if UNHEALTHY in flags)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the values that are hidden."""
        return self._secrets

    def _look_into(self, suspect: _Suspect) -> None:
        with self._changed:
            self._looked_into.add(suspect.task)
            self._outstanding += 1
        if not self._workers:
            for number in range(_WORKERS):
                name = f"evidence-{number}"
                worker = threading.Thread(target=self._work, name=name, daemon=True)
                self._workers.append(worker)
                worker.start()
        self._queue.put(suspect)

    def settle(self, timeout: float = EVIDENCE_PATIENCE) -> bool:
        """Wait until nothing is outstanding, at most so many seconds; say whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._outstanding == 0, timeout)

    def close(self) -> None:
        """End the workers; what they are at is given up."""
        for _ in self._workers:
            self._queue.put(None)
        until = clock.monotonic() + _GOODBYE
        for worker in self._workers:
            worker.join(max(0.0, until - clock.monotonic()))

    def _work(self) -> None:
        with self._engine.sibling() as engine:
            if engine.host.startswith("ssh://"):
                with suppress(CcciError):
                    engine.version()  # to log in takes longer than a call may take
            while (suspect := self._queue.get()) is not None:
                try:
                    self._keep(suspect, self._take(engine, suspect))
                except CcciError as error:  # an answer that makes no sense
                    self._keep(suspect, Evidence(suspect.task, incomplete=error.message))
                finally:
                    with self._changed:
                        self._outstanding -= 1
                        self._changed.notify_all()

    def _take(self, engine: Engine, suspect: _Suspect) -> Evidence:
        troubles = []
        inspected: OwnJson | None = None
        if suspect.container:
            try:
                inspected = _inspect(engine, suspect.container)
            except CcciError as error:
                troubles.append(f"its container could not be inspected: {error.message}")
        secrets = self._secrets | secrets_in(containers.environment(inspected or {}))
        kind = ("containers", suspect.container) if inspected else ("tasks", suspect.task)
        lines: tuple[str, ...] = ()
        try:
            raw, whole = engine.raw_logs(*kind, tail=LINES, timeout=EVIDENCE_PATIENCE)
            lines = tuple(masked(line, secrets) for line in logs.lines(raw, tail=LINES))
            if not whole:
                troubles.append("its log did not come whole in time")
        except CcciError as error:
            troubles.append(f"its log could not be had: {error.message}")
        found = containers.inspected(suspect.task, inspected or {})
        code = found.exit_code if found.exit_code is not None else suspect.exit_code
        return replace(
            found,
            exit_code=code,
            # An out-of-memory event may be of a child whose parent lived on.
            oom_killed=found.oom_killed or (suspect.oom and code == SIGKILL),
            unhealthy=found.unhealthy or suspect.unhealthy,
            health=tuple(masked(each, secrets) for each in found.health),
            logs=lines,
            incomplete="; ".join(troubles),
        )

    def _keep(self, suspect: _Suspect, evidence: Evidence) -> None:
        with self._changed:
            known = self._found.get(suspect.task)
            evidence = replace(evidence, started_again=suspect.task in self._again)
            if known is not None:
                evidence = both(known, evidence)
            else:
                slot = self._of_slot[suspect.slot]
                if len(slot) > FIRST:
                    self._found.pop(slot.pop(), None)
                slot.append(suspect.task)
            self._found[suspect.task] = evidence
        self._report(evidence)


def _inspect(engine: Engine, container: str) -> OwnJson | None:
    """Return a container's inspection, None when it is gone.

    A kill under a memory limit is looked at again, since the reason may come after the exit.
    """
    found: OwnJson | None = None
    for attempt in range(_OOM_LOOKS):
        if attempt:
            clock.sleep(_OOM_EVERY)
        again = engine.container(container, timeout=EVIDENCE_PATIENCE)
        found = again or found
        if again is None or not containers.killed_within_a_limit(again):
            break
    return found


def _failed(task: Task, was: Task | None) -> bool:
    """Say whether a listing shows a task that ended by itself.

    A task that exits 0 is `complete` also when it was asked to stop; it exited early only if it was
    still wanted when it was seen last.
    """
    if task.state in {TaskState.FAILED, TaskState.REJECTED}:
        return True
    wanted = was.live if was is not None else task.live
    return task.state is TaskState.COMPLETE and wanted
