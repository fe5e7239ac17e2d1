"""What a sweep found, as values."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.sweep.policy import Effective
from ccci.sweep.rules import BY_ID, Confidence, Severity


class FileStatus(StrEnum):
    """What became of a file or set; the values are JSON's words."""

    OK = "ok"
    NEEDS_INPUT = "needs-input"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    NO_SERVICES = "no-services"


class Fix(StrEnum):
    """What `--fix` costs: nothing, or at each update a moment in which nothing serves."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file or merged set; `file` is its members as given, joined with `+`.

    `bug` says that it was ccci that could not read it. `unset` names the variables taken as empty,
    `needs` what only a deployment has, and without which docker refuses the set.
    """

    file: str
    recipe: str | None
    status: FileStatus
    line: int | None = None
    message: str = ""
    variant: bool = False
    bug: bool = False
    unset: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


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

    `observed` says whether recorded runs show that it came true, None where none were given;
    `excepted` that the file of exceptions answers it.
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
    confidence: Confidence = Confidence.CERTAIN
    excepted: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """Return what it says and where: what two sets of a recipe share is one finding."""
        return (self.rule, self.recipe, self.service, self.source, self.line, self.message)

    @property
    def fingerprint(self) -> str:
        """Return what stays the same when lines move: of rule, recipe, member, service, words."""
        member = self.source.rpartition("/")[2]
        words = re.sub(r"\d+", "0", self.message)
        parts = (self.rule, self.recipe or "", member, self.service or "", words)
        return sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]


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


class Commit(NamedTuple):
    """One of two commits that are compared: as it was asked for, and in full."""

    name: str
    commit: str


Commits = tuple[Commit, Commit]
"""The two commits that are compared, the older first."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The whole result; `ignored` holds the findings that a comment or an exception answers."""

    files: tuple[FileRow, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    observed: tuple[Observed, ...] | None = None
    notes: tuple[str, ...] = field(default=())

    def unique(self) -> list[Finding]:
        """Return the findings, those that several sets of a recipe share once."""
        return list({finding.key: finding for finding in reversed(self.findings)}.values())[::-1]

    def count(self, severity: Severity) -> int:
        """Return how many different findings are this bad."""
        return sum(finding.severity is severity for finding in self.unique())


def verdict(sweep: Sweep, fail_on: str) -> Verdict:
    """Return `findings` for findings at or above `fail_on` (error, warning, never).

    A sweep that met no service and no fault judged nothing, which is `unable` and no pass; one
    that stumbled over a bug of its own says so, with everything that it found beside.
    """
    if any(row.bug for row in sweep.files):
        return Verdict.BUG
    limit = Severity(fail_on).rank if fail_on != "never" else -1
    if any(finding.severity.rank <= limit for finding in sweep.findings):
        return Verdict.FINDINGS
    return Verdict.DONE if sweep.services else Verdict.UNABLE


def counts(sweep: Sweep) -> str:
    """Return the sentence at the end: how many of what."""
    recipes = {row.recipe or row.file for row in sweep.files}
    parts = [
        counted(len(recipes), "recipe" if any(row.recipe for row in sweep.files) else "file"),
        counted(
            len({(row.recipe or row.file, row.policy.name) for row in sweep.services}), "service"
        ),
        *(counted(sweep.count(severity), severity.value) for severity in Severity),
    ]
    lacking = sum(row.status is FileStatus.NEEDS_INPUT and not row.variant for row in sweep.files)
    if lacking:
        parts.append(f"{lacking} {'needs' if lacking == 1 else 'need'} input")
    for excepted, what in ((False, "ignored by a comment"), (True, "answered by an exception")):
        number = len({each.key for each in sweep.ignored if each.excepted is excepted})
        parts += [f"{number} {what}"] if number else []
    return ", ".join(parts)


def fix_of(finding: Finding) -> Fix | None:
    """Return whether `--fix` has a remedy, and whether nothing is lost by it; None for none."""
    rule = BY_ID.get(finding.rule)
    if rule is None or not rule.fixable:
        return None
    return Fix.SAFE if rule.safe else Fix.UNSAFE
