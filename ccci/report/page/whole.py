"""The report as one HTML page: no network, no script, light and dark, from a phone to paper. Pure.

What failed comes first, each fact once; evidence unfolds. Every picture has its text beside it, and
nothing is told by colour alone.
"""

from collections.abc import Iterable, Sequence

from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.report import afterwards, identity_text, memory, services_text
from ccci.report.layout import Row, tone
from ccci.report.model import Report, ServiceReport, Status
from ccci.report.page import evidence, lane
from ccci.report.page.axis import Axis, axis_of, scale
from ccci.report.page.markup import Markup, cut, joined, prose, tag
from ccci.report.page.style import CSS
from ccci.report.text import in_short, tell
from ccci.report.timeline import Lane, Timeline

MOST_TOLD = 40
"""Services that are told of one by one; of more that failed, the names follow."""

MOST_LANES = 120
_STORY = 60_000
"""Characters of the story as plain text."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SIGNS = {"good": "✓", "bad": "✕", "odd": "!"}


def page(report: Report) -> str:
    """Return the whole page, its pictures drawn from the report's time line."""
    timeline = report.timeline
    title = f"{report.verdict.value}: {report.stack or report.target or report.command}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{title} (ccci)"),
        tag("style", Markup(CSS)),
    )
    axis = axis_of(timeline)
    failed = services_text.undone(report.services)
    body = tag(
        "body",
        _head(report, failed),
        tag(
            "main",
            _failed(report, failed, timeline, axis),
            _others(report, timeline, axis),
            _rest(report),
            _story(report),
        ),
        _foot(report),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def badge(verdict: Verdict, outcome: Verdict | None = None) -> Markup:
    """Return a verdict with its sign: that of `outcome`, where it is another."""
    kind = tone(outcome or verdict)
    return tag("span", f"{_SIGNS[kind]} {verdict.value}", class_=f"verdict {kind}")


def _head(report: Report, failed: Sequence[ServiceReport]) -> Markup:
    hint = report.hint or next((each.cause.hint for each in failed if each.cause), "")
    going_on = afterwards.told(report)
    bad = len(services_text.failing(failed))
    facts = [
        ("services", f"{bad} of {len(report.services)} failed" if bad else ""),
        ("command", f"ccci {report.command}"),
        ("target", report.target or ""),
        ("stack", (report.stack or "") if report.stack != report.target else ""),
        ("time", _times(report)),
        ("exit code", f"{report.exit_code}"),
    ]
    return tag(
        "header",
        badge(report.verdict, report.outcome),
        tag("h1", in_short(report.summary, failed[0] if failed else None)),
        tag("p", tag("b", "Next"), prose(hint), class_="next") if hint else None,
        tag("p", tag("b", "At the end"), prose(going_on), class_="next") if going_on else None,
        facts_of(facts),
    )


def facts_of(facts: Iterable[tuple[str, str | Markup]]) -> Markup | None:
    """Return facts by their names; those without a word are left out."""
    told = [each for name, said in facts if said for each in (tag("dt", name), tag("dd", said))]
    return tag("dl", *told) if told else None


def _times(report: Report) -> str:
    begun, over = (each or "" for each in (report.started_at, report.finished_at))
    if not begun:
        return ""
    day, _, hour = begun.partition("T")
    until = f" to {over.partition('T')[2][:8]}" if over else ""
    seconds = report.duration_seconds
    long = f", {seconds:.0f} s" if seconds is not None else ""
    return f"{day} {hour[:8]}{until} UTC{long}"


def _failed(
    report: Report, failed: Sequence[ServiceReport], timeline: Timeline, axis: Axis | None
) -> Markup | None:
    if not failed:
        return None
    hint = report.hint or next((each.cause.hint for each in failed if each.cause), "")
    told = [_service(each, timeline, axis, hint) for each in failed[:MOST_TOLD]]
    rest = failed[MOST_TOLD:]
    more = "more failed" if services_text.failing(rest) == list(rest) else "more"
    names = f"{len(rest)} {more}: {', '.join(cut(each.name, 80) for each in rest)}"
    heading = tag("h2", "What failed" if services_text.failing(failed) else "What is undecided")
    return joined(heading, _legend(), *told, tag("p", names) if rest else None)


def _service(service: ServiceReport, timeline: Timeline, axis: Axis | None, hint: str) -> Markup:
    first, *rows = services_text.failed(service, but=hint)
    seen = timeline.of(service.name)
    picture = None
    if seen is not None and axis is not None:
        picture = lane.whole(seen, axis, service.memory)
    # The picture has the times of Swarm's words, which a row would only repeat.
    shown = {"when"} if picture is not None and seen is not None and seen.marks else set()
    facts = [_fact(row) for row in rows if row.lead.strip() not in shown]
    if service.memory is not None and all(name != "memory" for name, _ in facts):
        facts.append(("memory", memory.in_words(service.memory)))
    return tag(
        "article",
        tag("div", badge(service.verdict), " ", tag("h3", service.name), class_="named"),
        tag("p", first.text) if first.text else None,
        facts_of(facts),
        picture,
        evidence.of(service),
        class_="failed",
    )


def _fact(row: Row) -> tuple[str, str | Markup]:
    key = row.lead.strip()
    return key, prose(row.text) if key == "next" else row.text


def _legend() -> Markup:
    kinds = (
        ("run-new", "a task of the spec that was asked for runs"),
        ("run-old", "of an older spec"),
        ("wait-new", "is prepared and started"),
    )
    items = [
        tag(
            "li",
            tag(
                "svg",
                tag("rect", x=1, y=2, width=24, height=9, rx=1.5, class_=kind),
                width=26,
                height=13,
                aria_hidden="true",
            ),
            said,
        )
        for kind, said in kinds
    ]
    cross = tag(
        "svg", tag("text", "✕", x=1, y=11, class_="death"), width=14, height=13, aria_hidden="true"
    )
    return tag("ul", *items, tag("li", cross, "died"), class_="legend")


def _others(report: Report, timeline: Timeline, axis: Axis | None) -> Markup | None:
    passed = [each for each in report.services if each.verdict.passed]
    known = {each.name for each in report.services}
    unjudged = [each for each in timeline.lanes if each.service not in known]
    if not passed and not unjudged:
        return None
    rows = [_passed(each, timeline, axis) for each in passed[:MOST_LANES]]
    left = len(passed) - len(rows)
    if axis is not None:
        rows += [_unjudged(each, axis, report) for each in unjudged[:10]]
        below = tag("div", tag("span"), scale(axis), class_="lane")
        rows.append(tag("div", tag("div", class_="name"), below, class_="row scale"))
    count = f"{counted(len(passed), 'service')} passed"
    return joined(
        tag("h2", count if passed else "Also seen"),
        _legend() if len(passed) == len(report.services) and axis is not None else None,
        *rows,
        tag("p", f"{left} more passed.") if left else None,
    )


def _passed(service: ServiceReport, timeline: Timeline, axis: Axis | None) -> Markup:
    seen = timeline.of(service.name)
    said = "" if services_text.is_steady(service.detail) else f": {service.detail}"
    name = tag(
        "div",
        tag("span", "✓ ", class_="good"),
        tag("b", service.name),
        f" {service.verdict.value}{said}",
        class_="name",
    )
    picture = lane.small(seen, axis) if seen is not None and axis is not None else None
    return tag("div", name, picture, _side_by_side(service, seen, axis), class_="row")


def _side_by_side(service: ServiceReport, seen: Lane | None, axis: Axis | None) -> Markup | None:
    """Return the memory of a service that came through, where old and new were seen together."""
    held = service.memory
    if held is None or seen is None or axis is None:
        return None
    if held.new_peak_bytes is None or held.old_peak_bytes is None:
        return None
    summary = tag("summary", f"memory: {memory.in_words(held)}")
    return tag("details", summary, lane.whole(seen, axis, held))


def _unjudged(told: Lane, axis: Axis, report: Report) -> Markup:
    # Without a single judgement, a lane alone tells nothing of what became of its service.
    gone = report.services and told.bars and all(bar.until for bar in told.bars)
    said = " is not there any more" if gone else " was not judged"
    name = tag("div", tag("b", told.service), said, class_="name")
    return tag("div", name, lane.small(told, axis), class_="row")


def _rest(report: Report) -> Markup:
    parts: list[Markup | None] = []
    if report.steps:
        rows = [
            (step.name, step.status.value, f"{step.seconds:.1f} s", step.reason)
            for step in sorted(report.steps, key=lambda each: each.status is not Status.FAILED)
        ]
        parts += [tag("h2", "Steps"), evidence.table(("step", "", "took", "why"), rows)]
    if told := identity_text.told(report):
        first, *rest = told
        parts += [tag("h2", first.lead), facts_of(_fact(row) for row in rest)]
    if report.checks:
        checks = [(each.name, each.health.value, each.found, each.hint) for each in report.checks]
        parts += [tag("h2", "Checks"), evidence.table(("check", "", "found", "next"), checks)]
    notes = [note for note in dict.fromkeys(report.notes) if note != report.summary]
    if notes:
        parts += [tag("h2", "Notes"), tag("ul", *(tag("li", note) for note in notes[:50]))]
    return joined(*parts)


def _story(report: Report) -> Markup:
    told = tag("pre", *_whole(tell(report, 100)))
    return tag("details", tag("summary", "The story as plain text"), told)


def _whole(story: str) -> Iterable[Markup | str]:
    for line in story[:_STORY].splitlines():
        yield line
        yield "\n"


def _foot(report: Report) -> Markup:
    facts = [
        ("run", report.run.run if report.run else ""),
        ("told again by", report.run.told_again if report.run else ""),
        ("files", report.run.folder if report.run else ""),
        ("deployer", report.deployer or ""),
        ("engine", f"{report.engine.version} at {report.engine.address}" if report.engine else ""),
        ("host", report.host or ""),
        ("made by", f"ccci {report.ccci}" if report.ccci else "ccci"),
    ]
    return tag("footer", facts_of(facts))
