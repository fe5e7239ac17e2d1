"""What a sweep found, as values, and as the JSON that scripts read (schema `ccci.sweep/1`).

Keys may be added; a key never changes its meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccci.exits import Verdict
from ccci.policy import Effective
from ccci.rules import Severity
from ccci.swarm.model import UpdatePolicy

SCHEMA = "ccci.sweep/1"


class FileStatus(StrEnum):
    """What became of a file or set; the values are JSON's words."""

    OK = "ok"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    NO_SERVICES = "no-services"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file or merged set; `file` is its members as given, joined with `+`."""

    file: str
    recipe: str | None
    status: FileStatus
    line: int | None = None
    message: str = ""
    variant: bool = False


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service of one file or set, with what Swarm will apply (or, live, has applied)."""

    recipe: str | None
    file: str
    policy: Effective
    update_status: str | None = None
    variant: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a service, or a whole set, meets; `source` is the member `line` is in.

    `observed` says whether recorded runs show that it came true, None where none were given.
    """

    rule: str
    severity: Severity
    recipe: str | None
    service: str | None
    file: str
    source: str
    line: int | None
    message: str
    hint: str
    variant: bool = False
    observed: bool | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What recorded runs say of a recipe: upgrades seen, how many rolled back, when last.

    `signs` are the verdicts and causes that its services ended with: (service, word).
    """

    recipe: str
    upgrades: int
    rolled_back: int
    last: str | None
    services: tuple[str, ...] = ()
    signs: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Sweep:
    """The whole result; `ignored` holds the findings that a comment in the file answers."""

    files: tuple[FileRow, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    observed: tuple[Observed, ...] | None = None
    notes: tuple[str, ...] = field(default=())

    def count(self, severity: Severity) -> int:
        """Return how many findings are this bad."""
        return sum(finding.severity is severity for finding in self.findings)


def verdict(sweep: Sweep, fail_on: str) -> Verdict:
    """Return `findings` for findings at or above `fail_on` (error, warning, never).

    A sweep that met no service and no fault judged nothing, which is `unable` and no pass.
    """
    limit = Severity(fail_on).rank if fail_on != "never" else -1
    if any(finding.severity.rank <= limit for finding in sweep.findings):
        return Verdict.FINDINGS
    return Verdict.CONVERGED if sweep.services else Verdict.UNABLE


def counts(sweep: Sweep) -> str:
    """Return the sentence at the end: how many of what."""
    recipes = {row.recipe or row.file for row in sweep.files}
    parts = [
        _many(len(recipes), "recipe" if any(row.recipe for row in sweep.files) else "file"),
        _many(len({(row.recipe, row.policy.name, row.file) for row in sweep.services}), "service"),
        *(_many(sweep.count(severity), severity.value) for severity in Severity),
    ]
    if sweep.ignored:
        parts.append(f"{len(sweep.ignored)} ignored by a comment")
    return ", ".join(parts)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def document(sweep: Sweep, ended: Verdict) -> dict[str, Any]:
    """Return the sweep as the one JSON object that `--json` prints."""
    return {
        "schema": SCHEMA,
        "command": "sweep rollback-policy",
        "verdict": ended.value,
        "exit_code": ended.exit_code,
        "summary": counts(sweep),
        "files": [
            {
                "file": row.file,
                "recipe": row.recipe,
                "status": row.status.value,
                "line": row.line,
                "message": row.message,
            }
            for row in sweep.files
        ],
        "services": [_service(row) for row in sweep.services],
        "findings": _findings(sweep.findings),
        "ignored": _findings(sweep.ignored),
        "observed": None
        if sweep.observed is None
        else [
            {
                "recipe": each.recipe,
                "upgrades": each.upgrades,
                "rolled_back": each.rolled_back,
                "last": each.last,
                "services": list(each.services),
            }
            for each in sweep.observed
        ],
        "notes": list(sweep.notes),
    }


def _service(row: ServiceRow) -> dict[str, Any]:
    policy = row.policy
    return {
        "recipe": row.recipe,
        "file": row.file,
        "service": policy.name,
        "mode": policy.mode.value,
        "replicas": policy.replicas,
        "update": {"declared": policy.update_declared, **_update(policy.update)},
        "rollback": {"declared": policy.rollback_declared, **_update(policy.rollback)},
        "healthcheck": policy.health.value,
        "start_period": policy.start_period,
        "volumes": list(policy.volumes),
        "host_ports": list(policy.host_ports),
        "image": policy.image,
        "restart": {
            "condition": policy.restart.condition,
            "delay": policy.restart.delay,
            "max_attempts": policy.restart.max_attempts,
            "window": policy.restart.window,
        },
        "stop_grace_period": policy.stop_grace,
        "memory_limit": policy.memory_limit or None,
        "memory_reservation": policy.memory_reservation or None,
        "update_status": row.update_status,
    }


def _update(policy: UpdatePolicy) -> dict[str, Any]:
    return {
        "failure_action": policy.failure_action,
        "order": policy.order,
        "monitor": policy.monitor,
        "max_failure_ratio": policy.max_failure_ratio,
        "parallelism": policy.parallelism,
        "delay": policy.delay,
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "rule": finding.rule,
            "severity": finding.severity.value,
            "recipe": finding.recipe,
            "service": finding.service,
            "file": finding.file,
            "source": finding.source,
            "line": finding.line,
            "message": finding.message,
            "hint": finding.hint,
            "observed": finding.observed,
        }
        for finding in findings
    ]
