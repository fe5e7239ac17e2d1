"""What is told of an identity: what was expected, what is declared, what runs. Pure."""

from ccci.report.layout import Row, Tone
from ccci.report.model import Report
from ccci.report.services_text import SHORT, fact
from ccci.swarm.identity import IdentityReport


def told(report: Report) -> list[Row]:
    """Return a row for each part of an identity; none where the services have told it all."""
    identity = report.identity
    if identity is None or not _tells_more(report, identity):
        return []
    reason = f"identity  {identity.reason.replace('-', ' ')}" if identity.reason else "identity"
    rows = [Row(reason, "", Tone.BAD if identity.reason else Tone.GOOD)]
    if identity.expected:
        rows.append(fact("expected", identity.expected))
    rows.append(fact("declared", str(identity.declared or "nothing")))
    if identity.previous:
        rows.append(fact("previous", str(identity.previous)))
    alike: dict[tuple[str, str | None], list[str]] = {}
    for each in identity.running:
        where = f"{each.task[:SHORT]}{f' on {each.node}' if each.node else ''}"
        alike.setdefault((each.service, each.commit), []).append(where)
    for (service, commit), tasks in alike.items():
        text = f"{service}: {commit or 'commit unknown'} ({', '.join(tasks)})"
        rows.append(fact("running", text))
    return rows if identity.running else [*rows, fact("running", "nothing")]


def _tells_more(report: Report, identity: IdentityReport) -> bool:
    return not report.services or (
        identity.reason is not None and all(each.rolled_back is None for each in report.services)
    )
