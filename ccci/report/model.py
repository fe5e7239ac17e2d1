"""What a command found, as values, and as the JSON that scripts read (schema `ccci.report/1`).

Keys may be added; a key never changes its meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ccci.exits import Verdict, exit_code
from ccci.host.json_values import APART, FLAT, KEY, PLACES, RARE, from_json, to_json
from ccci.report.parts import (
    Check,
    Deploy,
    Difference,
    DryRun,
    EngineOf,
    Followed,
    Leftovers,
    Memory,
    RunFolder,
    SandboxState,
    Teardown,
    Upgrade,
)
from ccci.report.timeline import Timeline
from ccci.swarm.identity import IdentityReport
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
    seconds: float = field(metadata={PLACES: 3})
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

    source: Identity | None = field(metadata={KEY: "from"})
    target: Identity | None = field(metadata={KEY: "to"})
    at: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """One service's verdict and everything that backs it."""

    name: str
    id: str
    verdict: Verdict
    detail: str = ""
    swarm: str | None = None
    runs: str = ""
    soak: float | None = None
    tasks_wanted: int | None = None
    """How many tasks are expected; None where nothing was seen of the service."""
    tasks_up_to_date: int | None = None
    """How many of them run the spec that was asked for."""
    tasks_old: int | None = None
    """How many tasks of an older spec run."""
    cause: Cause | None = None
    changed: tuple[Difference, ...] = ()
    """What the spec that failed changed, the most telling first."""
    memory: Memory | None = None
    """What its tasks held, where that was sampled."""
    rolled_back: RolledBack | None = None
    transitions: tuple[Transition, ...] = ()
    tasks: tuple[TaskReport, ...] = ()


@dataclass(frozen=True, slots=True)
class RepeatedRun:
    """One run of several; `run` is its id, None where it was not recorded."""

    run: str | None
    verdict: Verdict
    exit_code: int
    summary: str
    services: tuple[ServiceReport, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """What became of the same run several times over."""

    runs: tuple[RepeatedRun, ...]
    failures: int
    share: float
    confidence_95: tuple[float, float]
    """The interval in which the true share of failures lies with 95 % confidence."""
    causes: Mapping[str, int]
    """How many runs failed of what."""


@dataclass(frozen=True, slots=True)
class Report:
    """One command's result: what every command says, then the parts that only some have."""

    command: str
    verdict: Verdict
    summary: str
    target: str | None = None
    stack: str | None = None
    deployer: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    duration_seconds: float | None = field(default=None, metadata={PLACES: 3})
    services: tuple[ServiceReport, ...] = ()
    identity: IdentityReport | None = None
    steps: tuple[Step, ...] = ()
    hint: str = ""
    notes: tuple[str, ...] = ()
    signal: int | None = None
    """The number of the signal that ended the run; 15 makes the exit code 143."""
    ccci: str | None = None
    """The version of ccci that judged."""
    engine: EngineOf | None = None
    """The Engine that was asked."""
    host: str | None = None
    """The machine that ccci ran on."""
    rollout: Followed | None = field(default=None, metadata={FLAT: True})
    run: RunFolder | None = field(default=None, metadata={FLAT: True})
    upgrade: Upgrade | None = field(default=None, metadata={FLAT: True})
    deploy: Deploy | None = field(default=None, metadata={FLAT: True})
    dry_run: tuple[DryRun, ...] | None = field(default=None, metadata={RARE: True})
    repeat: Repeat | None = field(default=None, metadata={RARE: True})
    checks: tuple[Check, ...] | None = field(default=None, metadata={RARE: True})
    sandbox: SandboxState | None = field(default=None, metadata={FLAT: True})
    teardown: Teardown | None = field(default=None, metadata={FLAT: True})
    leftovers: Leftovers | None = field(default=None, metadata={FLAT: True})
    timeline: Timeline = field(default_factory=Timeline, metadata={APART: True})
    """What happened when; a trace tells it again, so that no document has to."""

    @property
    def exit_code(self) -> int:
        """Return the exit code of the run."""
        return exit_code(self.verdict, self.signal)

    @property
    def outcome(self) -> Verdict:
        """Return the verdict; `interrupted` where it is a good one, but a signal cut the run short.

        What was known by then to be bad stays what it is.
        """
        cut_short = self.signal is not None and self.verdict.exit_code == 0
        return Verdict.INTERRUPTED if cut_short else self.verdict

    def noting(self, *notes: str) -> "Report":
        """Return it with these notes after its own."""
        return replace(self, notes=(*self.notes, *notes))

    def spoilt(self, verdict: Verdict, what: str, hint: str) -> "Report":
        """Return it as what does not stand, since `what` went wrong after all that it tells."""
        return replace(self, verdict=verdict, summary=f"{self.summary}; but {what}", hint=hint)


def document(report: Report) -> dict[str, Any]:
    """Return the report as the one JSON object that `--json` prints."""
    return {
        "schema": SCHEMA,
        "command": report.command,
        "verdict": report.verdict.value,
        "exit_code": report.exit_code,
        **to_json(report),
    }


def read(document: object) -> Report:
    """Return the report that a JSON object holds. Raise ValueError where it holds none."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"this is no {SCHEMA}")
    return from_json(Report, document)
