"""Recorded runs beside the rules: which risks are theory, and which were seen."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.host import folders
from ccci.host.json_values import from_json
from ccci.plain_file import read_plain
from ccci.report.model import SCHEMA
from ccci.swarm.causes import CauseCode
from ccci.sweep.model import Finding, Observed, Sweep

_LARGEST = 20_000
# What a rule's danger looks like in a report: the verdict of a service, or the code of its cause.
SIGNS: dict[str, frozenset[str]] = {
    "CCCI001": frozenset({Verdict.ROLLED_BACK}),
    "CCCI002": frozenset({CauseCode.PORT_IN_USE}),
    "CCCI004": frozenset({CauseCode.OOM_KILLED, CauseCode.NO_SUITABLE_NODE}),
    "CCCI005": frozenset({Verdict.UNSTABLE}),
    "CCCI006": frozenset({Verdict.PAUSED}),
    "CCCI008": frozenset({CauseCode.UNHEALTHY}),
    "CCCI011": frozenset({CauseCode.EXITED_EARLY}),
    "CCCI013": frozenset({CauseCode.OLD_TASK_NOT_STOPPING}),
}
_NOT_JUDGED: frozenset[str] = frozenset(
    {
        *(each for each in Verdict if each.is_refusal),
        *(Verdict.BASE_BROKEN, Verdict.DEPLOY_FAILED),
    }
)


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why a service failed."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class _Service:
    """What is read of a report's service; `rolled_back` is whatever stands there, or None."""

    name: str
    verdict: str = ""
    cause: _Cause | None = None
    rolled_back: Any = None

    @property
    def back(self) -> bool:
        """Say whether Swarm rolled it back."""
        return bool(self.rolled_back) or self.verdict == Verdict.ROLLED_BACK


@dataclass(frozen=True, slots=True)
class _Report:
    """What is read of a report, of this version of ccci or of any other."""

    command: str
    verdict: str = ""
    target: str | None = None
    stack: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    services: tuple[_Service, ...] = ()


@dataclass(slots=True)
class _Tally:
    upgrades: int = 0
    rolled_back: int = 0
    last: str | None = None
    services: dict[str, None] = field(default_factory=dict)
    signs: set[tuple[str, str]] = field(default_factory=set)


def observed(folder: Path, recipes: set[str]) -> tuple[Observed, ...]:
    """Return what the reports below a folder say of each of these recipes.

    A report is any JSON file of schema `ccci.report/1`; the run.json beside it names the recipe,
    else the report's target or stack does. A stack counts for the recipe whose name it begins
    with. Raise CcciError when the folder is none.
    """
    if not folder.is_dir():
        raise CcciError(f"--runs {folder} is no folder", "name the folder that holds the reports")
    tallies = {recipe: _Tally() for recipe in recipes}
    for report, recorded in _reports(folder):
        recipe = _recipe(report, recorded, recipes)
        if recipe is not None and report.verdict not in _NOT_JUDGED:
            _add(tallies[recipe], report)
    return tuple(
        Observed(
            recipe,
            each.upgrades,
            each.rolled_back,
            each.last,
            tuple(each.services),
            frozenset(each.signs),
        )
        for recipe, each in sorted(tallies.items())
    )


def _reports(folder: Path) -> Iterator[tuple[_Report, object]]:
    """Give each report, with the recipe that the record beside it names."""
    names = (path for path, _, name in folders.walk(folder) if name.endswith(".json"))
    paths = sorted(folder / name for name in names)
    for path in paths[:_LARGEST]:
        document = _read(path, folder)
        if document.get("schema") == SCHEMA:
            with suppress(ValueError):
                report = from_json(_Report, document)
                yield report, _read(path.with_name("run.json"), folder).get("recipe")


def _read(path: Path, folder: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_plain(path, folder))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _recipe(report: _Report, recorded: object, recipes: set[str]) -> str | None:
    """Return the recipe that a report of an upgrade or a rollout speaks of."""
    if report.command not in {"upgrade", "converge"}:
        return None
    if isinstance(recorded, str) and recorded in recipes:
        return recorded
    for text in (report.target, report.stack):
        if text is None:
            continue
        name = text.rstrip("/").rpartition("/")[2].removesuffix(".git")
        if name in recipes:
            return name
        begun = [each for each in recipes if text.startswith((f"{each}.", f"{each}_", f"{each}-"))]
        if begun:
            return max(begun, key=len)
    return None


def refined(found: Sweep, folder: Path, *_: object) -> Sweep:
    """Return a sweep with what the runs of a folder say of its recipes."""
    recipes = {row.recipe for row in found.files if row.recipe}
    return joined(found, observed(folder, recipes))


def joined(sweep: Sweep, rows: tuple[Observed, ...]) -> Sweep:
    """Return the sweep with what was observed, each finding marked as seen or as theory."""
    signs = {row.recipe: row.signs for row in rows}
    findings = tuple(
        replace(finding, observed=_came_true(finding, signs.get(finding.recipe or "", frozenset())))
        for finding in sweep.findings
    )
    return replace(sweep, observed=rows, findings=findings)


def _came_true(finding: Finding, signs: frozenset[tuple[str, str]]) -> bool:
    words = SIGNS.get(finding.rule, frozenset())
    return any(service == finding.service and word in words for service, word in signs)


def _add(tally: _Tally, report: _Report) -> None:
    for service in report.services:
        tally.signs.add((service.name, service.verdict))
        if service.cause is not None:
            tally.signs.add((service.name, service.cause.code))
        if service.back:
            tally.signs.add((service.name, Verdict.ROLLED_BACK.value))
    back = [service.name for service in report.services if service.back]
    tally.upgrades += 1
    if back or report.verdict == Verdict.ROLLED_BACK:
        tally.rolled_back += 1
        # RFC 3339 in UTC sorts as text.
        tally.last = max(tally.last or "", report.finished_at or report.started_at or "") or None
        tally.services.update(dict.fromkeys(back))
