"""One service's lane: a bar for each task, old and new apart, and what Swarm said when. Pure."""

from collections.abc import Iterable, Sequence

from ccci.report.page import memory_chart
from ccci.report.page.axis import Axis, clock, scale
from ccci.report.page.markup import Markup, tag
from ccci.report.parts import Memory
from ccci.report.services_text import STATES
from ccci.report.timeline import Bar, Lane, Mark, Side
from ccci.swarm.model import TaskState

ROWS = 8
"""Rows of bars that a lane has of each side at most."""

_HEIGHT = 14
_APART = 0.4
"""Percent between two bars in one row, at least."""

_LABEL = 34.0
"""Percent that a cause's name takes at most, on a phone."""

_DISC = 7.5
_MARKS = 12


def small(told: Lane, axis: Axis) -> Markup:
    """Return the bars of a lane alone."""
    bars = _bars(told, axis)
    return tag("div", *bars, class_="lane", role="img", aria_label=in_words(told))


def whole(told: Lane, axis: Axis, held: Memory | None) -> Markup:
    """Return the picture of a lane: what Swarm said, the bars, the memory, the times."""
    marks = _marks(told)
    parts = _bars(told, axis)
    if marks:
        who = "Swarm" if told.marks else "ccci"
        parts = [tag("span", who), _strip_of_marks(marks, axis), *parts]
    lines = tag("div", *parts, class_="lane", role="img", aria_label=in_words(told))
    memory = memory_chart.chart(told, held, axis) if held is not None else None
    return tag(
        "figure",
        lines,
        memory,
        tag("div", tag("span"), scale(axis), class_="lane"),
        _list(marks),
        memory_chart.legend(told) if memory is not None else None,
    )


def _bars(told: Lane, axis: Axis) -> list[Markup]:
    parts: list[Markup] = []
    both = bool(told.of(Side.OLD))
    for side in (Side.OLD, Side.NEW):
        if bars := told.of(side):
            parts += [tag("span", side.value if both else "tasks"), _strip(bars, axis)]
    return parts


def in_words(told: Lane) -> str:
    """Return what a lane shows as a text, for those who do not see it."""
    parts = []
    for side in (Side.OLD, Side.NEW):
        bars = told.of(side)
        if bars:
            died = sum(bar.died for bar in bars)
            left = sum(bar.until is None for bar in bars)
            tasks = f"{len(bars)} {side.value} task{'s' if len(bars) != 1 else ''}"
            parts.append(f"{tasks}: {died} died, {left} still there at the end")
    parts += [f"{clock(mark.at)} {_said(mark)}" for mark in told.marks]
    if told.verdict is not None:
        parts.append(f"judged {told.verdict.value} at {clock(told.judged_at)}")
    return f"{told.service}. {'; '.join(parts)}."


def _said(mark: Mark) -> str:
    return STATES.get(mark.state, mark.state)


def _marks(told: Lane) -> list[tuple[str, str]]:
    """Return each mark's time and words, the judgement as the last one."""
    found = [
        (mark.at, f"{clock(mark.at)} {_said(mark)}{'' if mark.exact else ' (as seen)'}")
        for mark in told.marks[:_MARKS]
    ]
    if told.verdict is not None and told.judged_at is not None:
        found.append((told.judged_at, f"{clock(told.judged_at)} judged {told.verdict.value}"))
    return found


def _strip_of_marks(marks: Sequence[tuple[str, str]], axis: Axis) -> Markup:
    """Return lines with numbers; a number moves aside where another stands already."""
    places = [axis.place(at) for at, _ in marks]
    shown = _spread(places, _DISC)
    parts = []
    for number, (x, aside) in enumerate(zip(places, shown, strict=True), 1):
        parts += [
            tag("line", x1=f"{x:.2f}%", x2=f"{aside:.2f}%", y1=22, y2=15, class_="mark"),
            tag("circle", cx=f"{aside:.2f}%", cy=8, r=7, class_="disc"),
            tag(
                "text", f"{number}", x=f"{aside:.2f}%", y=11.5, text_anchor="middle", class_="digit"
            ),
        ]
    return tag("svg", *parts, width="100%", height=22)


def _spread(places: Iterable[float], apart: float) -> list[float]:
    """Return places that are so far apart, as near to where they were as from left to right."""
    found: list[float] = []
    for x in places:
        found.append(max(x, found[-1] + apart) if found else x)
    limit = 100.0
    for number in range(len(found) - 1, -1, -1):
        found[number] = max(min(found[number], limit), 0.0)
        limit = found[number] - apart
    return found


def _list(marks: Sequence[tuple[str, str]]) -> Markup | None:
    if not marks:
        return None
    items = (tag("li", f"{number} {said}") for number, (_, said) in enumerate(marks, 1))
    return tag("ol", *items, class_="marks")


def _strip(bars: Sequence[Bar], axis: Axis) -> Markup:
    rows: list[list[Bar]] = []
    for bar in bars:
        begin = axis.place(bar.since)
        row = next((each for each in rows if _end(each[-1], axis) + _APART <= begin), None)
        if row is not None:
            row.append(bar)
        elif len(rows) < ROWS:
            rows.append([bar])
    parts: list[Markup] = []
    for number, row in enumerate(rows):
        for bar, following in zip(row, [*row[1:], None], strict=True):
            parts += _bar(bar, axis, number * _HEIGHT)
            free = axis.place(following.since) if following is not None else 100.0
            if bar.died:
                named = free - _end(bar, axis) >= _LABEL
                parts += _death(bar, _end(bar, axis), number * _HEIGHT, named=named)
    return tag("svg", *parts, width="100%", height=_HEIGHT * max(len(rows), 1))


def _end(bar: Bar, axis: Axis) -> float:
    return axis.place(bar.until) if bar.until is not None else 100.0


def _bar(bar: Bar, axis: Axis, top: int) -> list[Markup]:
    """Return the part in which a task did not run yet, and the part in which it did."""
    begin, end = axis.place(bar.since), _end(bar, axis)
    ran = next((each.at for each in bar.states if each.state == TaskState.RUNNING), None)
    ran_from = axis.place(ran) if ran is not None else end
    spans = (("wait", begin, min(ran_from, end)), ("run", ran_from if ran else end, end))
    about = tag("title", _about(bar))
    return [
        tag(
            "rect",
            about,
            x=f"{left:.2f}%",
            width=f"{max(right - left, 0.3):.2f}%",
            y=top + 2,
            height=_HEIGHT - 5,
            rx=1.5,
            class_=f"{kind}-{bar.side.value}",
        )
        for kind, left, right in spans
        if right > left or (kind == "run" and ran is not None)
    ]


def _death(bar: Bar, x: float, top: int, *, named: bool) -> list[Markup]:
    cross = tag("text", "✕", x=f"{x:.2f}%", y=top + 12, text_anchor="middle", class_="death")
    if not named or bar.cause is None:
        return [cross]
    name = tag("text", bar.cause.value, x=f"{x:.2f}%", dx=9, y=top + 11, class_="cause")
    return [cross, name]


def _about(bar: Bar) -> str:
    where = f" on {bar.node}" if bar.node else ""
    until = f" to {clock(bar.until)}" if bar.until else " to the end"
    words = f": {bar.words}" if bar.words else ""
    return f"{bar.side.value} task {bar.task[:12]}{where}, {clock(bar.since)}{until}{words}"
