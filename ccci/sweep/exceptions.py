"""The file of exceptions: findings that are known and accepted, until a day, for a reason.

[[exception]]
rule = "CCCI003"
recipe = "wordpress"          # optional, as are service and file
until = 2027-03-31
reason = "uploads only; both versions add files and change none"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ccci.errors import UsageError
from ccci.host import clock
from ccci.plain_file import read_plain
from ccci.sweep.model import Finding, Sweep

_KEYS = {"rule", "recipe", "service", "file", "until", "reason"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """One exception; what is None of recipe, service and file holds for every one."""

    rule: str
    until: date
    reason: str
    recipe: str | None = None
    service: str | None = None
    file: str | None = None

    def answers(self, finding: Finding) -> bool:
        """Say whether a finding is what was accepted."""
        return (
            finding.rule == self.rule
            and self.recipe in {None, finding.recipe}
            and self.service in {None, finding.service}
            and (self.file is None or f"/{finding.source}".endswith(f"/{self.file}"))
        )


def read(path: Path) -> tuple[Accepted, ...]:
    """Return the exceptions of a file. Raise UsageError where it is none, or tells no reason."""
    try:
        found = tomllib.loads(read_plain(path).decode())
    except (OSError, ValueError) as error:
        raise UsageError(f"--exceptions {path} cannot be read: {error}") from None
    entries = found.get("exception", [])
    if not isinstance(entries, list) or found.keys() - {"exception"}:
        raise UsageError(f"--exceptions {path}: only [[exception]] tables are known")
    return tuple(_accepted(entry, path) for entry in entries)


def _accepted(entry: Any, path: Path) -> Accepted:  # noqa: ANN401 -- any TOML
    known = entry if isinstance(entry, Mapping) else {}
    unknown = sorted(known.keys() - _KEYS)
    until = known.get("until")
    texts = {key: value for key, value in known.items() if key != "until"}
    what = f"--exceptions {path}: an exception"
    if unknown:
        raise UsageError(f"{what} has no `{unknown[0]}`", f"known are {', '.join(sorted(_KEYS))}")
    if not all(isinstance(value, str) and value.strip() for value in texts.values()):
        raise UsageError(f"{what} has a key that is no text, or empty")
    if not isinstance(until, date) or isinstance(until, datetime):
        raise UsageError(f"{what} has no day", "write `until = 2027-03-31`")
    if not {"rule", "reason"} <= texts.keys():
        raise UsageError(f"{what} wants a rule and a reason", 'write `reason = "why"`')
    return Accepted(**{**texts, "rule": texts["rule"].upper(), "until": until})


def refined(found: Sweep, path: Path, *_: object) -> Sweep:
    """Return a sweep with what the file accepts today among the ignored. Raise UsageError."""
    return applied(found, read(path), clock.today())


def applied(sweep: Sweep, exceptions: tuple[Accepted, ...], today: date) -> Sweep:
    """Return the sweep with what is accepted among the ignored, and notes on what is not in use."""
    findings: list[Finding] = []
    ignored = list(sweep.ignored)
    used: set[Accepted] = set()
    late: set[Accepted] = set()
    for finding in sweep.findings:
        meant = [each for each in exceptions if each.answers(finding)]
        valid = [each for each in meant if each.until >= today]
        used.update(valid)
        late.update(each for each in meant if each.until < today)
        if valid:
            ignored.append(replace(finding, excepted=True))
        else:
            findings.append(finding)
    notes = [
        f"the exception for {_named(each)} ended on {each.until}: {each.reason}"
        for each in exceptions
        if each in late
    ]
    notes += [
        f"the exception for {_named(each)} answers nothing any more: take it out"
        for each in exceptions
        if each not in used | late
    ]
    return replace(
        sweep,
        findings=tuple(findings),
        ignored=tuple(ignored),
        notes=(*sweep.notes, *notes),
    )


def _named(each: Accepted) -> str:
    return " ".join(part for part in (each.rule, each.recipe, each.service, each.file) if part)
