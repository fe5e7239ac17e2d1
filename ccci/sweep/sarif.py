"""A sweep as SARIF 2.1.0, which code hosts and editors show at the line. Pure."""

from importlib.metadata import version
from typing import Any

from ccci.rules import BY_ID, RULES, Rule
from ccci.sweep.model import Finding, Sweep

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_INDEX = {rule.id: number for number, rule in enumerate(RULES)}


def sarif(sweep: Sweep) -> dict[str, Any]:
    """Return the sweep as a SARIF log with one run.

    What several variants of a recipe share is one result; what a comment answers is suppressed.
    """
    results: dict[tuple[object, ...], dict[str, Any]] = {}
    for finding in sweep.findings:
        results.setdefault(_key(finding), _result(finding))
    for finding in sweep.ignored:
        suppressed = {**_result(finding), "suppressions": [{"kind": "inSource"}]}
        results.setdefault(_key(finding), suppressed)
    driver = {
        "name": "ccci",
        "semanticVersion": version("ccci"),
        "rules": [_rule(rule) for rule in RULES],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": list(results.values()),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _key(finding: Finding) -> tuple[object, ...]:
    return (finding.rule, finding.source, finding.line, finding.service, finding.message)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"source": rule.source},
    }


def _result(finding: Finding) -> dict[str, Any]:
    service = f"{finding.service}: " if finding.service else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": BY_ID[finding.rule].severity.value,
        "message": {"text": f"{service}{finding.message}. Next: {finding.hint}."},
        "locations": [_location(finding)],
    }
    if finding.service:
        name = ".".join(each for each in (finding.recipe, finding.service) if each)
        result["locations"][0]["logicalLocations"] = [
            {"name": finding.service, "fullyQualifiedName": name, "kind": "object"}
        ]
    return result


def _location(finding: Finding) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.source)}}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
    return {"physicalLocation": physical}


def _uri(name: str) -> str:
    from pathlib import Path
    from urllib.parse import quote

    return Path(name).as_uri() if name.startswith("/") else quote(name)
