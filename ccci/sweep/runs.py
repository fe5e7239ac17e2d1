"""Recorded runs beside the rules: which risks are theory, and which were seen."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ccci.compose.source import read_plain
from ccci.errors import CcciError
from ccci.report import SCHEMA
from ccci.sweep.model import Finding, Observed, Sweep

_LARGEST = 20_000
# What a rule's danger looks like in a report: the verdict of a service, or the code of its cause.
SIGNS: dict[str, frozenset[str]] = {
    "CCCI001": frozenset({"rolled-back"}),
    "CCCI002": frozenset({"port-in-use"}),
    "CCCI004": frozenset({"oom-killed", "no-suitable-node"}),
    "CCCI005": frozenset({"unstable"}),
    "CCCI006": frozenset({"paused"}),
    "CCCI008": frozenset({"unhealthy"}),
    "CCCI011": frozenset({"exited-early"}),
    "CCCI013": frozenset({"old-task-not-stopping"}),
}
_NOT_JUDGED = {"usage", "unable", "base-broken", "deploy-failed", "interrupted", "bug"}


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
    for report in _reports(folder):
        recipe = _recipe(report, recipes)
        if recipe is not None and report.get("verdict") not in _NOT_JUDGED:
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


def _reports(folder: Path) -> Iterator[dict[str, Any]]:
    paths = sorted(folder.rglob("*.json"))
    for path in paths[:_LARGEST]:
        document = _read(path, folder)
        if document.get("schema") == SCHEMA:
            recorded = _read(path.with_name("run.json"), folder).get("recipe")
            yield {"recipe": recorded, **document} if recorded else document


def _read(path: Path, folder: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_plain(path, folder))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _recipe(report: dict[str, Any], recipes: set[str]) -> str | None:
    """Return the recipe that a report of an upgrade or a rollout speaks of."""
    if report.get("command") not in {"upgrade", "converge"}:
        return None
    named = report.get("recipe")
    if isinstance(named, str) and named in recipes:
        return named
    for key in ("target", "stack"):
        text = report.get(key)
        if not isinstance(text, str):
            continue
        name = text.rstrip("/").rpartition("/")[2].removesuffix(".git")
        if name in recipes:
            return name
        begun = [each for each in recipes if text.startswith((f"{each}.", f"{each}_", f"{each}-"))]
        if begun:
            return max(begun, key=len)
    return None


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


def _add(tally: _Tally, report: dict[str, Any]) -> None:
    back = [
        str(service.get("name"))
        for service in _list(report.get("services"))
        if isinstance(service, dict)
        and (service.get("rolled_back") or service.get("verdict") == "rolled-back")
    ]
    for service in _list(report.get("services")):
        if isinstance(service, dict):
            name, cause = str(service.get("name")), service.get("cause")
            tally.signs.add((name, str(service.get("verdict"))))
            if isinstance(cause, dict):
                tally.signs.add((name, str(cause.get("code"))))
            if service.get("rolled_back"):
                tally.signs.add((name, "rolled-back"))
    tally.upgrades += 1
    if back or report.get("verdict") == "rolled-back":
        tally.rolled_back += 1
        finished = report.get("finished_at") or report.get("started_at")
        if isinstance(finished, str):
            # RFC 3339 in UTC sorts as text.
            tally.last = max(tally.last or "", finished)
        tally.services.update(dict.fromkeys(back))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
