"""Recorded runs joined with the sweep: what was seen, and what is theory."""

import json
from pathlib import Path
from typing import Any

import pytest

from ccci.errors import CcciError
from ccci.sweep.model import Finding, Observed, Sweep
from ccci.sweep.rules import Severity
from ccci.sweep.runs import joined, observed


def report(folder: Path, name: str, **keys: Any) -> None:
    path = folder / name / "report.json"
    path.parent.mkdir(parents=True)
    document = {
        "schema": "ccci.report/1",
        "command": "upgrade",
        "verdict": "converged",
        "target": "shop",
        "finished_at": "2026-01-01T00:00:00Z",
        "services": [],
        **keys,
    }
    path.write_text(json.dumps(document))


BACK = {"name": "app", "verdict": "rolled-back", "rolled_back": {"from": None, "to": None}}


def test_upgrades_and_rollbacks_are_counted_by_recipe(tmp_path: Path) -> None:
    report(tmp_path, "1")
    report(
        tmp_path,
        "2",
        verdict="rolled-back",
        services=[BACK],
        finished_at="2026-03-01T00:00:00Z",
    )
    report(tmp_path, "3", verdict="rolled-back", services=[BACK])
    report(tmp_path, "4", target="/src/wiki.git")
    report(tmp_path, "5", target="other")
    signs = frozenset({("app", "rolled-back")})
    assert observed(tmp_path, {"shop", "wiki", "idle"}) == (
        Observed("idle", 0, 0, None),
        Observed("shop", 3, 2, "2026-03-01T00:00:00Z", ("app",), signs),
        Observed("wiki", 1, 0, None),
    )


def test_a_finding_is_marked_as_seen_or_as_theory(tmp_path: Path) -> None:
    cause = {"code": "port-in-use"}
    report(tmp_path, "1", services=[BACK, {"name": "web", "verdict": "stalled", "cause": cause}])

    def finding(rule: str, service: str) -> Finding:
        return Finding(rule, Severity.ERROR, "shop", service, "f", "f", 1, "m", "h")

    findings = [finding(*each) for each in (("CCCI001", "app"), ("CCCI001", "web"))]
    findings += [finding(*each) for each in (("CCCI002", "web"), ("CCCI003", "web"))]
    found = joined(Sweep(findings=tuple(findings)), observed(tmp_path, {"shop"}))
    assert [each.observed for each in found.findings] == [True, False, True, False]


def test_a_run_that_tested_nothing_does_not_count(tmp_path: Path) -> None:
    for number, verdict in enumerate(("unable", "usage", "base-broken", "deploy-failed")):
        report(tmp_path, str(number), verdict=verdict)
    report(tmp_path, "identity", command="identity")
    assert observed(tmp_path, {"shop"}) == (Observed("shop", 0, 0, None),)


def test_a_stack_counts_for_the_recipe_it_is_named_after(tmp_path: Path) -> None:
    report(tmp_path, "1", command="converge", target=None, stack="shop_example_com")
    assert observed(tmp_path, {"shop", "sho"})[1].upgrades == 1


def test_the_record_beside_a_report_names_the_recipe(tmp_path: Path) -> None:
    report(tmp_path, "1", target="disc-1a2b3c.ccci.test")
    (tmp_path / "1" / "run.json").write_text(json.dumps({"recipe": "shop"}))
    assert observed(tmp_path, {"shop"})[0].upgrades == 1


def test_what_is_no_report_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[")
    (tmp_path / "b.json").write_text("[1]")
    (tmp_path / "c.json").write_text('{"schema": "other", "services": 3}')
    report(tmp_path, "odd", services="none", stack=3, target=None)
    assert observed(tmp_path, {"shop"}) == (Observed("shop", 0, 0, None),)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CcciError):
        observed(tmp_path / "none", {"shop"})
