"""A report as the story people read. Pure: a report in, text out."""

from ccci.report import Report, ServiceReport

_INDENT = "    "


def tell(report: Report) -> str:
    """Return the report in words: verdict first, then each service, identity and next step."""
    lines = [f"{report.verdict.value.upper()}: {report.summary}"]
    for service in report.services:
        lines += _service(service)
    identity = report.identity
    if identity is not None:
        lines.append(f"  declared  {identity.declared or '-'}")
        lines.append(f"  previous  {identity.previous or '-'}")
        lines += [
            f"  running   {each.service} {each.task[:12]} {each.commit or 'unknown commit'}"
            for each in identity.running
        ]
    lines += [f"  note: {note}" for note in report.notes]
    if report.hint:
        lines.append(f"Next: {report.hint}")
    return "\n".join(lines)


def _service(service: ServiceReport) -> list[str]:
    lines = [f"  {service.name}: {service.verdict.value}. {service.detail}".rstrip()]
    if service.rolled_back is not None:
        back = service.rolled_back
        lines.append(f"{_INDENT}rolled back from {back.source} to {back.target}")
    cause = service.cause
    if cause is not None:
        lines.append(f"{_INDENT}cause: {cause.code.value}: {cause.detail}")
        lines += [f"{_INDENT}probe| {line}" for line in cause.health]
        lines += [f"{_INDENT}log| {line}" for line in cause.logs]
        lines.append(f"{_INDENT}next: {cause.hint}")
    return lines
