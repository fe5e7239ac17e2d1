"""What backs a service's verdict, to be unfolded: last words, what changed, its tasks. Pure."""

from collections.abc import Iterable, Sequence

from ccci.host.counting import counted
from ccci.report.model import ServiceReport
from ccci.report.page.axis import clock
from ccci.report.page.markup import Markup, joined, tag
from ccci.report.quoting import last

_LINES = 30
_SHOWN = 10
"""Lines of a log that stand open; the ones before them unfold."""

_TASKS = 40


def of(service: ServiceReport) -> Markup:
    """Return the evidence of a service that failed."""
    return joined(*_words(service), _changed(service), _tasks(service))


def _words(service: ServiceReport) -> Iterable[Markup | None]:
    cause = service.cause
    if cause is None:
        return
    for said, lines in (("Its last probes", cause.health), ("Its last words", cause.logs)):
        kept = last(lines, _LINES)
        if kept:
            before, shown = kept[:-_SHOWN], kept[-_SHOWN:]
            yield tag("p", f"{said}:", class_="quiet")
            if before:
                yield tag("details", tag("summary", f"{len(before)} earlier lines"), _pre(before))
            yield _pre(shown)
    if cause.incomplete:
        yield tag("p", f"({cause.incomplete})", class_="quiet")


def _pre(lines: Sequence[str]) -> Markup:
    parts: list[str | Markup] = []
    for each in lines:
        parts += [each, "\n"]
    return tag("pre", *parts)


def _changed(service: ServiceReport) -> Markup | None:
    if not service.changed:
        return None
    rows = [(each.field, each.before, each.after) for each in service.changed]
    count = f"{counted(len(rows), 'field')} that its spec changed"
    return tag(
        "details", tag("summary", count), table(("field", "before", "in the one that failed"), rows)
    )


def _tasks(service: ServiceReport) -> Markup | None:
    if not service.tasks:
        return None
    rows = [
        (
            "new" if each.up_to_date else "old",
            each.id[:12],
            each.slot[:12],
            each.node,
            each.state,
            f"{each.exit_code}" if each.exit_code is not None else "",
            clock(each.since),
            clock(each.until),
            each.error,
        )
        for each in service.tasks[-_TASKS:]
    ]
    head = ("spec", "task", "slot", "node", "state", "exit", "ran from", "until", "error")
    left = len(service.tasks) - len(rows)
    count = counted(len(service.tasks), "task")
    more = f", the last {len(rows)} of them" if left else ""
    return tag("details", tag("summary", count + more), table(head, rows))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table that scrolls by itself where it is wider than the page."""
    titles = tag("tr", *(tag("th", each, scope="col") for each in head))
    lines = [tag("tr", *(tag("td", each) for each in row)) for row in rows]
    whole = tag("table", tag("thead", titles), tag("tbody", *lines))
    return tag("div", whole, class_="scroll", tabindex=0, role="region", aria_label=" ".join(head))
