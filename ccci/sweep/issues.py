"""Findings as code hosts take them. Pure."""

from ccci.report.issues import Issue, Level
from ccci.sweep.model import Finding, Sweep


def of_sweep(sweep: Sweep) -> list[Issue]:
    """Return what a sweep found, what variants of a recipe share once."""
    return [of_finding(each) for each in sweep.unique()]


def of_finding(finding: Finding) -> Issue:
    """Return a finding as an issue at its line."""
    return Issue(
        finding.rule,
        Level(finding.severity.value),
        finding.recipe or "",
        finding.service or "",
        finding.message,
        finding.hint,
        finding.fingerprint,
        finding.source,
        finding.line,
    )
