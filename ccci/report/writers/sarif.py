"""Issues as SARIF 2.1.0, which code hosts and editors show at the line. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccci import __version__
from ccci.exits import MEANINGS
from ccci.host.sanitizer import dumped
from ccci.report.issues import Issue, distinct, of_report
from ccci.report.model import Report
from ccci.swarm.judge.hints import HINTS
from ccci.swarm.judge.hints import MEANINGS as CAUSES
from ccci.swarm.model import CauseCode

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/")


@dataclass(frozen=True, slots=True)
class SarifRule:
    """A rule as SARIF tells it."""

    id: str
    title: str
    why: str
    level: str
    properties: Mapping[str, str] = field(default_factory=dict)


RULES = (
    *(SarifRule(code.value, CAUSES[code], HINTS[code], "error") for code in CauseCode),
    *(
        SarifRule(verdict.value, meaning.sentence, "see what the report says", "error")
        for verdict, meaning in MEANINGS.items()
        if verdict.exit_code
    ),
)
"""The rules of runs: every cause, and every verdict of a run without one."""


def write(report: Report) -> str:
    """Return a run's log: a result for each service that failed.

    What says nothing about them (an Engine out of reach, an interrupt) is no result, but a
    notification of the tool: whoever reads the results alone would take it for a fault of theirs.
    """
    issues = of_report(report)
    told = [each for each in issues if not report.outcome.says_something and not each.subject]
    used = {each.rule for each in issues}
    rules = [each for each in RULES if each.id in used]
    found = log([each for each in issues if each not in told], rules)
    found["runs"][0]["invocations"] = [
        {
            "executionSuccessful": report.outcome.says_something,
            "exitCode": report.exit_code,
            "toolExecutionNotifications": [
                {
                    "level": "error",
                    "message": {"text": _message(each)},
                    "descriptor": {"id": each.rule},
                }
                for each in told
            ],
        }
    ]
    return dumped(found)


def log(
    issues: Sequence[Issue],
    rules: Sequence[SarifRule],
    suppressed: Sequence[tuple[Issue, str]] = (),
) -> dict[str, Any]:
    """Return issues as a log with one run; `suppressed` are those that are answered, and how."""
    index = {rule.id: number for number, rule in enumerate(rules)}
    results = [_result(issue, index, mark) for issue, mark in distinct(issues)]
    for issue, kind in suppressed:
        answered = _result(issue, index, issue.fingerprint)
        results.append({**answered, "suppressions": [{"kind": kind}]})
    driver = {
        "name": "ccci",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: SarifRule) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": rule.level},
    }
    return {**told, "properties": dict(rule.properties)} if rule.properties else told


def _result(issue: Issue, index: Mapping[str, int], mark: str) -> dict[str, Any]:
    # GitHub takes nothing of a log in which one result has no file ("expected a physical location",
    # github/codeql-action issue 1738), while a line may be left out.
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(issue.place)}}
    if issue.line:
        physical["region"] = {"startLine": issue.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if issue.subject:
        name = ".".join(each for each in (issue.scope, issue.subject) if each)
        location["logicalLocations"] = [
            {"name": issue.subject, "fullyQualifiedName": name, "kind": "object"}
        ]
    return {
        "ruleId": issue.rule,
        "ruleIndex": index[issue.rule],
        "level": issue.level.value,
        "message": {"text": _message(issue)},
        "locations": [location],
        # Lines move; who follows an alert from one log to the next goes by this.
        "partialFingerprints": {"ccci/v1": mark},
    }


def _message(issue: Issue) -> str:
    subject = f"{issue.subject}: " if issue.subject else ""
    return f"{subject}{issue.message}." + (f" Next: {issue.hint}." if issue.hint else "")


def _uri(name: str) -> str:
    # A name may hold bytes that are no text, which Python keeps as halves of pairs.
    octets = b"".join(
        bytes([ord(each) - 0xDC00])
        if "\udc80" <= each <= "\udcff"
        else each.encode("utf-8", "replace")
        for each in name
    )
    path = "".join(chr(each) if each in _PLAIN else f"%{each:02X}" for each in octets)
    return f"file://{path}" if name.startswith("/") else path
