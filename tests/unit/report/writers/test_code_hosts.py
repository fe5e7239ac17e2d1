"""What code hosts read: SARIF by its schema, GitLab's Code Quality by its page."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from support.forms import ALL, rendered
from support.hostile_reports import hostile
from support.hostile_texts import TEXTS
from support.sarif_subset import SUBSET

from ccci.exits import Verdict
from ccci.report.issues import Issue, Level, of_report
from ccci.report.model import Report
from ccci.report.writers import gitlab
from ccci.report.writers.sarif import RULES, SarifRule, log

CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""docs.gitlab.com, "Code Quality report format"."""


@cache
def validators() -> tuple[Any, ...]:
    official = os.environ.get("CCCI_TEST_SARIF_SCHEMA")
    schemas = (SUBSET, *([json.loads(Path(official).read_text())] if official else []))
    return tuple(jsonschema.validators.validator_for(each)(each) for each in schemas)


def sarif(report: Report) -> Any:
    log = json.loads(rendered("sarif", report))
    for validator in validators():
        validator.validate(log)
    return log["runs"][0]


def quality(report: Report) -> Any:
    found = json.loads(rendered("gitlab", report))
    jsonschema.Draft202012Validator(CODE_QUALITY).validate(found)
    return found


@pytest.mark.parametrize("name", ALL)
def test_both_are_valid_and_say_what_the_report_says(name: str) -> None:
    report = ALL[name]()
    issues = of_report(report)
    assert bool(issues) is (report.exit_code != 0)
    assert [each["check_name"] for each in quality(report)] == [each.rule for each in issues]
    run = sarif(report)
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert len(run["results"]) + len(told) == len(issues)
    assert run["invocations"][0]["exitCode"] == report.exit_code
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


@given(TEXTS)
def test_both_are_valid_whatever_the_texts_are(text: str) -> None:
    sarif(hostile(text))
    quality(hostile(text))


@pytest.mark.parametrize("name", ["unable", "refused", "interrupted"])
def test_what_judged_nothing_is_no_result_and_yet_no_pass(name: str) -> None:
    run = sarif(ALL[name]())
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is False
    assert [each["severity"] for each in quality(ALL[name]())] == ["major"]


def test_each_entry_has_a_fingerprint_of_its_own_that_the_next_run_has_too() -> None:
    report = ALL["thirty-of-which-two-failed"]()
    marks = [each["fingerprint"] for each in quality(report)]
    assert len(set(marks)) == len(marks) == 2
    assert marks == [each["fingerprint"] for each in quality(report)]
    twice = Report("converge", Verdict.ROLLED_BACK, "x", services=report.services[:1] * 2)
    assert len({each["fingerprint"] for each in quality(twice)}) == 2
    assert len({str(each["partialFingerprints"]) for each in sarif(twice)["results"]}) == 2


@pytest.mark.parametrize("line", [None, 0, 7])
@pytest.mark.parametrize(
    ("file", "scope", "subject", "path"),
    [
        ("a b/compose.yml", "shop", "app", "a b/compose.yml"),
        (None, "shop", "app", "shop/app"),
        (None, "shop", "", "shop"),
        (None, "", "", "ccci"),
    ],
)
def test_what_has_no_line_or_no_file_is_valid_all_the_same(
    line: int | None, file: str | None, scope: str, subject: str, path: str
) -> None:
    issue = Issue("CCCI001", Level.NOTE, scope, subject, "said", "", "a" * 32, file, line)
    found = log([issue], [SarifRule("CCCI001", "title", "why", "note")], [(issue, "external")])
    for validator in validators():
        validator.validate(found)
    physical = found["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == path.replace(" ", "%20")
    assert physical.get("region") == ({"startLine": 7} if line else None)
    entries = json.loads(gitlab.document([issue]))
    jsonschema.Draft202012Validator(CODE_QUALITY).validate(entries)
    assert entries[0]["location"] == {"path": path, "lines": {"begin": line or 1}}


def test_every_end_of_a_run_has_its_rule() -> None:
    rules = {each.id for each in RULES}
    ends = [each for each in Verdict if each.exit_code]
    assert {each.value for each in ends} <= rules


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("signal", [None, 15])
def test_every_end_of_a_run_can_be_written(verdict: Verdict, signal: int | None) -> None:
    report = Report("upgrade", verdict, "x", signal=signal)
    results = sarif(report)["results"]
    assert bool(results) is (report.exit_code != 0 and report.outcome.says_something)


def test_a_pass_that_a_signal_cut_short_is_an_interrupt() -> None:
    report = Report("upgrade", Verdict.CONVERGED, "x", signal=15)
    assert [each.rule for each in of_report(report)] == ["interrupted"]
    assert of_report(Report("upgrade", Verdict.ROLLED_BACK, "x", signal=15))[0].rule == (
        "rolled-back"
    )
