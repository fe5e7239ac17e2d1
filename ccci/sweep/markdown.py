"""A sweep as Markdown, short enough for the comment on a pull request. Pure."""

from ccci.rules import Severity
from ccci.story import plain
from ccci.sweep.model import Finding, Sweep, counts

_ICONS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.NOTE: "🔵"}
_MOST = 100


def markdown(sweep: Sweep) -> str:
    """Return the findings as a table, the worst first, and the counts."""
    unique: dict[tuple[object, ...], Finding] = {}
    for finding in sweep.findings:
        key = (finding.rule, finding.source, finding.line, finding.service, finding.message)
        unique.setdefault(key, finding)
    findings = sorted(
        unique.values(), key=lambda each: (each.severity.rank, each.source, each.line or 0)
    )
    lines = [f"### Rollback policy: {counts(sweep)}", ""]
    if findings:
        lines += ["| | where | service | finding | next |", "| --- | --- | --- | --- | --- |"]
    for finding in findings[:_MOST]:
        where = f"`{_cell(finding.source)}{f':{finding.line}' if finding.line else ''}`"
        lines.append(
            f"| {_ICONS[finding.severity]} {finding.rule} | {where} | "
            f"{_cell(finding.service or '')} | {_cell(finding.message)} | {_cell(finding.hint)} |"
        )
    if len(findings) > _MOST:
        lines += ["", f"… and {len(findings) - _MOST} more."]
    if not findings:
        lines.append("Nothing found.")
    return "\n".join(lines)


_HARMLESS = str.maketrans({"\\": "\\\\", "|": "\\|", "<": "&#60;", "@": "&#64;", "`": "&#96;"})


def _cell(text: str) -> str:
    """Return a text that cannot break out of its cell: what a file says is not trusted."""
    return plain(" ".join(text.split())).translate(_HARMLESS)
