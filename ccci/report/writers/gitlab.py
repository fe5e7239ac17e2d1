"""A report as GitLab's Code Quality report: an entry for each thing that is wrong. Pure.

What GitLab reads (docs.gitlab.com, "Code Quality report format"): description, check_name,
fingerprint, severity, and a place with a line, which it insists on.
"""

from collections.abc import Sequence
from typing import Any

from ccci.host.sanitizer import dumped
from ccci.report.issues import Issue, Level, distinct, of_report, worst_first
from ccci.report.model import Report

_SEVERITY = {Level.ERROR: "critical", Level.WARNING: "major", Level.NOTE: "info"}


def write(report: Report) -> str:
    """Return the report; an empty list of a run that passed."""
    return document(of_report(report))


def document(issues: Sequence[Issue]) -> str:
    """Return issues as one document, the worst first."""
    found = [_entry(issue, mark) for issue, mark in distinct(worst_first(issues))]
    return dumped(found)


def _entry(issue: Issue, mark: str) -> dict[str, Any]:
    words = f"{issue.subject}: {issue.message}" if issue.subject else issue.message
    return {
        "description": f"{words}. Next: {issue.hint}" if issue.hint else words,
        "check_name": issue.rule,
        "fingerprint": mark,
        "severity": _SEVERITY[issue.level],
        "location": {"path": issue.place, "lines": {"begin": issue.line or 1}},
    }
