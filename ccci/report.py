"""What a command found, as values, and as the JSON that scripts read (schema `ccci.report/1`).

Keys may be added; a key never changes its meaning.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccci.exits import Verdict
from ccci.swarm.model import Cause, Identity, Transition

SCHEMA = "ccci.report/1"


class Status(StrEnum):
    """How a step went."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, how it went, how many seconds it took, and why."""

    name: str
    status: Status
    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task as the report tells it; `since` and `until` are RFC 3339 or None."""

    id: str
    slot: str
    node: str
    state: str
    desired: str
    error: str
    exit_code: int | None
    up_to_date: bool
    since: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class RolledBack:
    """From what to what Swarm rolled a service back, and when."""

    source: Identity | None
    target: Identity | None
    at: str | None


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """One service's verdict and everything that backs it."""

    name: str
    id: str
    verdict: Verdict
    detail: str = ""
    swarm: str | None = None
    runs: str = ""
    cause: Cause | None = None
    rolled_back: RolledBack | None = None
    transitions: tuple[Transition, ...] = ()
    tasks: tuple[TaskReport, ...] = ()
    soak: float | None = None


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task that serves, and the commit of the spec it was made from, where that is known."""

    service: str
    task: str
    node: str
    image: str
    commit: str | None


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """What was expected (a full commit), what is declared, what was there, and what runs."""

    expected: str | None
    declared: Identity | None
    previous: Identity | None
    running: tuple[RunningTask, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One command's result. `verdict` decides the exit code, unless `exit_code` says otherwise."""

    command: str
    verdict: Verdict
    summary: str
    target: str | None = None
    stack: str | None = None
    deployer: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    services: tuple[ServiceReport, ...] = ()
    identity: IdentityReport | None = None
    steps: tuple[Step, ...] = ()
    hint: str = ""
    notes: tuple[str, ...] = ()
    exit_code_override: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """Return the exit code of the run."""
        if self.exit_code_override is not None:
            return self.exit_code_override
        return self.verdict.exit_code


def identity_document(identity: Identity | None) -> dict[str, Any] | None:
    """Return an identity as JSON has it, or None."""
    if identity is None:
        return None
    return {
        "version": identity.version,
        "image": identity.image,
        "commit": identity.commit,
        "dirty": identity.dirty,
    }


def _cause_document(cause: Cause | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {
        "code": cause.code.value,
        "detail": cause.detail,
        "task": cause.task,
        "exit_code": cause.exit_code,
        "hint": cause.hint,
        "logs": list(cause.logs),
        "health": list(cause.health),
        "evidence": cause.evidence,
    }


def _service_document(service: ServiceReport) -> dict[str, Any]:
    back = service.rolled_back
    return {
        "name": service.name,
        "id": service.id,
        "verdict": service.verdict.value,
        "detail": service.detail,
        "swarm": service.swarm,
        "runs": service.runs,
        "soak": service.soak,
        "cause": _cause_document(service.cause),
        "rolled_back": None
        if back is None
        else {
            "from": identity_document(back.source),
            "to": identity_document(back.target),
            "at": back.at,
        },
        "transitions": [{"at": each.at, "state": each.state} for each in service.transitions],
        "tasks": [
            {
                "id": task.id,
                "slot": task.slot,
                "node": task.node,
                "state": task.state,
                "desired": task.desired,
                "error": task.error,
                "exit_code": task.exit_code,
                "up_to_date": task.up_to_date,
                "since": task.since,
                "until": task.until,
            }
            for task in service.tasks
        ],
    }


def _identity_report_document(report: IdentityReport | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "expected": report.expected,
        "declared": identity_document(report.declared),
        "previous": identity_document(report.previous),
        "reason": report.reason,
        "running": [
            {
                "service": each.service,
                "task": each.task,
                "node": each.node,
                "image": each.image,
                "commit": each.commit,
            }
            for each in report.running
        ],
    }


def document(report: Report) -> dict[str, Any]:
    """Return the report as the one JSON object that `--json` prints."""
    return {
        "schema": SCHEMA,
        "command": report.command,
        "verdict": report.verdict.value,
        "exit_code": report.exit_code,
        "summary": report.summary,
        "target": report.target,
        "stack": report.stack,
        "deployer": report.deployer,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "services": [_service_document(service) for service in report.services],
        "identity": _identity_report_document(report.identity),
        "steps": [
            {
                "name": step.name,
                "status": step.status.value,
                "seconds": round(step.seconds, 3),
                "reason": step.reason,
            }
            for step in report.steps
        ],
        "hint": report.hint,
        "notes": list(report.notes),
        **report.extra,
    }
