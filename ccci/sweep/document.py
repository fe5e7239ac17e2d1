"""A sweep as the JSON that scripts read (schema `ccci.sweep/1`). Pure.

Keys may be added; a key never changes its meaning.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ccci.exits import Verdict
from ccci.host.json_values import FLAT, PLACES, to_json
from ccci.report.share import share
from ccci.swarm.policies import RestartPolicy, UpdatePolicy
from ccci.swarm.states import Mode
from ccci.sweep.forms import Told
from ccci.sweep.model import (
    Commits,
    FileStatus,
    Finding,
    Fix,
    Observed,
    ServiceRow,
    Sweep,
    counts,
    fix_of,
)
from ccci.sweep.policy import CheckSource
from ccci.sweep.rules import Confidence, Severity

SCHEMA = "ccci.sweep/1"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file or merged set that was looked at."""

    file: str
    recipe: str | None
    status: FileStatus
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class InputEntry:
    """What a file wants to be given: variables taken as empty, and what it cannot do without."""

    file: str
    unset: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UpdateEntry:
    """An update or rollback policy as Swarm applies it, and whether the file declares one."""

    declared: bool
    policy: UpdatePolicy = field(metadata={FLAT: True})


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service of a file or set, with what Swarm applies."""

    recipe: str | None
    file: str
    service: str
    mode: Mode
    replicas: int | None
    update: UpdateEntry
    rollback: UpdateEntry
    healthcheck: CheckSource
    start_period: float | None
    volumes: tuple[str, ...]
    host_ports: tuple[int, ...]
    image: str
    restart: RestartPolicy
    stop_grace_period: float
    memory_limit: int | None
    memory_reservation: int | None
    update_status: str | None


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """What a rule found."""

    rule: str
    severity: Severity
    confidence: Confidence
    fix: Fix | None
    recipe: str | None
    service: str | None
    file: str
    source: str
    line: int | None
    message: str
    hint: str
    observed: bool | None


@dataclass(frozen=True, slots=True)
class ObservedEntry:
    """What recorded runs say of a recipe."""

    recipe: str
    upgrades: int
    rolled_back: int
    last: str | None
    services: tuple[str, ...]
    share: float | None = field(default=None, metadata={PLACES: 4})
    """The share of upgrades that were rolled back; None where there were none."""
    confidence_95: tuple[float, float] | None = None
    """Where the true share lies with 95 % confidence, by Wilson's score interval."""


@dataclass(frozen=True, slots=True)
class CommitEntry:
    """One of two commits that were compared: as it was asked for, and in full."""

    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class SweepDocument:
    """The result of a sweep."""

    command: str
    verdict: Verdict
    exit_code: int
    summary: str
    files: tuple[FileEntry, ...]
    inputs: tuple[InputEntry, ...]
    services: tuple[ServiceEntry, ...]
    findings: tuple[FindingEntry, ...]
    ignored: tuple[FindingEntry, ...]
    observed: tuple[ObservedEntry, ...] | None
    notes: tuple[str, ...]
    before: CommitEntry | None
    after: CommitEntry | None


def form(told: Told) -> dict[str, Any]:
    """Return a sweep as a form."""
    return document(told.sweep, told.ended, told.commits)


def document(sweep: Sweep, ended: Verdict, commits: Commits | None = None) -> dict[str, Any]:
    """Return the sweep as the one JSON object that `--json` prints; of `commits` where compared."""
    return {"schema": SCHEMA, **to_json(made(sweep, ended, commits))}


def made(sweep: Sweep, ended: Verdict, commits: Commits | None = None) -> SweepDocument:
    """Return the sweep as its document."""
    before, after = (CommitEntry(*each) for each in commits) if commits else (None, None)
    return SweepDocument(
        command="sweep upgrade" if commits else "sweep rollback-policy",
        verdict=ended,
        exit_code=ended.exit_code,
        summary=counts(sweep),
        files=tuple(
            FileEntry(row.file, row.recipe, row.status, row.line, row.message)
            for row in sweep.files
        ),
        inputs=tuple(
            InputEntry(row.file, row.unset, row.needs)
            for row in sweep.files
            if row.unset or row.needs
        ),
        services=tuple(map(_service, sweep.services)),
        findings=_findings(sweep.findings),
        ignored=_findings(sweep.ignored),
        observed=None
        if sweep.observed is None
        else tuple(_observed(each) for each in sweep.observed),
        notes=sweep.notes,
        before=before,
        after=after,
    )


def _observed(row: Observed) -> ObservedEntry:
    alone = (row.recipe, row.upgrades, row.rolled_back, row.last, row.services)
    if not row.upgrades:
        return ObservedEntry(*alone)
    found = share(row.rolled_back, row.upgrades)
    return ObservedEntry(*alone, row.rolled_back / row.upgrades, found.interval)


def _service(row: ServiceRow) -> ServiceEntry:
    policy = row.policy
    return ServiceEntry(
        recipe=row.recipe,
        file=row.file,
        service=policy.name,
        mode=policy.mode,
        replicas=policy.replicas,
        update=UpdateEntry(policy.update_declared, policy.update),
        rollback=UpdateEntry(policy.rollback_declared, policy.rollback),
        healthcheck=policy.health,
        start_period=policy.start_period,
        volumes=policy.volumes,
        host_ports=policy.host_ports,
        image=policy.image,
        restart=policy.restart,
        stop_grace_period=policy.stop_grace,
        memory_limit=policy.memory_limit or None,
        memory_reservation=policy.memory_reservation or None,
        update_status=row.update_status,
    )


def _findings(findings: Iterable[Finding]) -> tuple[FindingEntry, ...]:
    return tuple(
        FindingEntry(
            each.rule,
            each.severity,
            each.confidence,
            fix_of(each),
            each.recipe,
            each.service,
            each.file,
            each.source,
            each.line,
            each.message,
            each.hint,
            each.observed,
        )
        for each in findings
    )
