"""Findings as code hosts take them. Pure."""

from ccci.report.issues import Issue, Level
from ccci.report.writers import gitlab
from ccci.report.writers.github import annotations
from ccci.sweep.forms import Told
from ccci.sweep.model import Finding, Sweep


def as_annotations(told: Told) -> str:
    """Return a sweep as workflow commands of GitHub."""
    verb = "upgrade" if told.commits else "rollback-policy"
    return "".join(f"{each}\n" for each in annotations(of_sweep(told.sweep), f"ccci sweep {verb}"))


def as_code_quality(told: Told) -> str:
    """Return a sweep as GitLab's Code Quality report."""
    return gitlab.document(of_sweep(told.sweep))


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
