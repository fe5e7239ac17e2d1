"""Evidence of failing tasks, taken at once: Swarm forgets a failed task within seconds.

Worker threads with sessions of their own take it, so that no look waits for it. Every call has a
timeout of its own, since logs of a node that went away hang (moby 37336).
"""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ccci.errors import CcciError
from ccci.masking import masked
from ccci.swarm import logs
from ccci.swarm.engine import Engine, Json
from ccci.swarm.masking import secrets_in
from ccci.swarm.model import Evidence, Observation, Task, TaskState

PATIENCE = 2.0
LINES = 30
FIRST = 3
_WORKERS = 2
_UNHEALTHY = "health_status: unhealthy"
_DEFAULT_RETRIES = 3
_KILLED = 137
_PROBE_LENGTH = 2000


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

    def event(self, event: Json) -> None:
        """Take evidence where an event of a container of the stack shows a failure."""
        attributes = event["Actor"]["Attributes"]
        task = attributes.get("com.docker.swarm.task.id") or ""
        action = event.get("Action") or ""
        if not task or action not in {"die", "oom", _UNHEALTHY}:
            return
        with self._changed:
            flags = self._flags[task]
            flags.add(action)
            known = self._tasks.get(task)
            if action == "die" and flags == {"die"} and known is not None and not known.live:
                return  # it was asked to stop
        self._look_into(
            _Suspect(
                task,
                slot=(attributes.get("com.docker.swarm.task.name") or task).rpartition(".")[0],
                container=event["Actor"].get("ID") or "",
                service=attributes.get("com.docker.swarm.service.id") or "",
                exit_code=_number(attributes.get("exitCode")),
                oom="oom" in flags,
                unhealthy=_UNHEALTHY in flags,
            )
        )

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
            spec = holder.get("Spec") or {}
            container = (spec.get("TaskTemplate") or spec).get("ContainerSpec") or {}
            environment += container.get("Env") or []
        self._secrets |= secrets_in(environment)

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

    def settle(self, timeout: float = PATIENCE) -> bool:
        """Wait until nothing is outstanding, at most so many seconds; say whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._outstanding == 0, timeout)

    def close(self) -> None:
        """End the workers; what they are at is given up."""
        for _ in self._workers:
            self._queue.put(None)
        for worker in self._workers:
            worker.join(PATIENCE)

    def _work(self) -> None:
        with self._engine.sibling(PATIENCE) as engine:
            while (suspect := self._queue.get()) is not None:
                try:
                    self._keep(suspect, self._take(engine, suspect))
                finally:
                    with self._changed:
                        self._outstanding -= 1
                        self._changed.notify_all()

    def _take(self, engine: Engine, suspect: _Suspect) -> Evidence:
        troubles = []
        inspected: Json | None = None
        if suspect.container:
            try:
                inspected = engine.container(suspect.container, timeout=PATIENCE)
            except CcciError as error:
                troubles.append(f"its container could not be inspected: {error.message}")
        environment = ((inspected or {}).get("Config") or {}).get("Env") or []
        secrets = self._secrets | secrets_in(environment)
        kind = ("containers", suspect.container) if inspected else ("tasks", suspect.task)
        lines: tuple[str, ...] = ()
        try:
            raw, whole = engine.raw_logs(*kind, tail=LINES, timeout=PATIENCE)
            lines = tuple(masked(line, secrets) for line in logs.lines(raw, tail=LINES))
            if not whole:
                troubles.append("its log did not come whole in time")
        except CcciError as error:
            troubles.append(f"its log could not be had: {error.message}")
        state: Json = (inspected or {}).get("State") or {}
        check: Json = ((inspected or {}).get("Config") or {}).get("Healthcheck") or {}
        found = of_container(suspect.task, state, check) if inspected else Evidence(suspect.task)
        code = found.exit_code if found.exit_code is not None else suspect.exit_code
        return replace(
            found,
            exit_code=code,
            # An out-of-memory event may be of a child whose parent lived on.
            oom_killed=found.oom_killed or (suspect.oom and code == _KILLED),
            unhealthy=found.unhealthy or suspect.unhealthy,
            health=tuple(masked(each, secrets) for each in found.health),
            logs=lines,
            incomplete="; ".join(troubles),
        )

    def _keep(self, suspect: _Suspect, evidence: Evidence) -> None:
        with self._changed:
            known = self._found.get(suspect.task)
            if known is not None:
                evidence = _both(known, evidence)
            else:
                slot = self._of_slot[suspect.slot]
                if len(slot) > FIRST:
                    self._found.pop(slot.pop(), None)
                slot.append(suspect.task)
            self._found[suspect.task] = evidence
        self._report(evidence)


def of_container(task: str, state: Json, check: Json | None = None) -> Evidence:
    """Return what `State` of a container's inspection tells of its task, `check` being its own.

    Every container with a check says unhealthy once it has ended (moby container/health.go,
    CloseMonitorChannel), so that then only its failed probes in a row count.
    """
    health = state.get("Health") or {}
    ended = state.get("Status") in {"exited", "dead"}
    unhealthy = health.get("Status") == "unhealthy"
    if ended:
        retries = (check or {}).get("Retries") or _DEFAULT_RETRIES
        unhealthy = unhealthy and (health.get("FailingStreak") or 0) >= retries
    return Evidence(
        task,
        local=True,
        exit_code=state.get("ExitCode") if ended else None,
        oom_killed=bool(state.get("OOMKilled")),
        unhealthy=unhealthy,
        health=_probes(health.get("Log") or [], ended=ended),
        ran_for=_ran_for(state.get("StartedAt"), state.get("FinishedAt")) if ended else None,
    )


def _failed(task: Task, was: Task | None) -> bool:
    """Say whether a listing shows a task that ended by itself.

    A task that exits 0 is `complete` also when it was asked to stop; it exited early only if it was
    still wanted when it was seen last.
    """
    if task.state in {TaskState.FAILED, TaskState.REJECTED}:
        return True
    wanted = was.live if was is not None else task.live
    return task.state is TaskState.COMPLETE and wanted


def _both(earlier: Evidence, later: Evidence) -> Evidence:
    """Return the later evidence of a task with what only the earlier one could see."""
    return replace(
        later,
        local=earlier.local or later.local,
        exit_code=later.exit_code if later.exit_code is not None else earlier.exit_code,
        oom_killed=earlier.oom_killed or later.oom_killed,
        unhealthy=earlier.unhealthy or later.unhealthy,
        health=later.health or earlier.health,
        logs=later.logs or earlier.logs,
        ran_for=later.ran_for if later.ran_for is not None else earlier.ran_for,
    )


def _probes(log: list[Json], *, ended: bool) -> tuple[str, ...]:
    failed = [each for each in log if each.get("ExitCode")]
    # A probe that runs when its container is stopped is killed with it, and tells nothing.
    if ended and len(failed) > 1 and failed[-1]["ExitCode"] == _KILLED:
        failed = failed if failed[-1].get("Output") else failed[:-1]
    return tuple(_probe(each) for each in failed)


def _probe(entry: Json) -> str:
    output = str(entry.get("Output") or "").strip()[:_PROBE_LENGTH]
    return f"exit {entry.get('ExitCode')}: {output}" if output else f"exit {entry.get('ExitCode')}"


def _ran_for(started: str | None, finished: str | None) -> float | None:
    try:
        begun, over = (datetime.fromisoformat(each or "") for each in (started, finished))
    except ValueError:
        return None
    if begun.year == 1 or over.year == 1:
        return None
    # What ends at once may be known as ended before it is known as started.
    return max((over - begun).total_seconds(), 0.0)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdigit() else None
