"""A sweep as Markdown, short enough for the comment on a pull request. Pure."""

from ccci.host.sanitizer import markdown as prose
from ccci.host.sanitizer import markdown_code as code
from ccci.sweep.forms import Told
from ccci.sweep.model import Sweep, counts
from ccci.sweep.rules import Severity

_ICONS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.NOTE: "🔵"}
_MOST = 100


def markdown(sweep: Sweep, title: str = "Rollback policy") -> str:
    """Return the findings as a table, the worst first, and the counts."""
    findings = sorted(
        sweep.unique(), key=lambda each: (each.severity.rank, each.source, each.line or 0)
    )
    lines = [f"### {prose(title)}: {counts(sweep)}", ""]
    if findings:
        lines += ["| | where | service | finding | next |", "| --- | --- | --- | --- | --- |"]
    for finding in findings[:_MOST]:
        where = code(f"{finding.source}{f':{finding.line}' if finding.line else ''}")
        lines.append(
            f"| {_ICONS[finding.severity]} {finding.rule} | {where} | "
            f"{code(finding.service or '')} | {prose(finding.message)} | {prose(finding.hint)} |"
        )
    if len(findings) > _MOST:
        lines += ["", f"… and {len(findings) - _MOST} more."]
    if not findings:
        lines.append("Nothing found.")
    return "\n".join(lines)


def form(told: Told) -> str:
    """Return a sweep as a form."""
    return markdown(told.sweep, told.title) + "\n"
