"""Where a moment stands in a picture, and the hours that are written below it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ccci.report.page.markup import Markup, tag
from ccci.report.timeline import Timeline

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
_TICKS = 5
_LABEL = 21.0
"""Percent that a time takes on a phone."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that a picture shows, in seconds since 1970."""

    begin: float
    end: float

    def place(self, at: str | None) -> float:
        """Return how far from the left a moment is, in percent; what lies outside is at an end."""
        seconds = moment(at)
        if seconds is None or self.end <= self.begin:
            return 0.0
        return min(max((seconds - self.begin) / (self.end - self.begin) * 100, 0.0), 100.0)


def moment(at: str | None) -> float | None:
    """Return a time as seconds since 1970, None where it is none."""
    try:
        found = datetime.fromisoformat(at or "")
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).timestamp()


def axis_of(timeline: Timeline) -> Axis | None:
    """Return the axis of a whole rollout, None where nothing has a time."""
    begin, end = moment(timeline.begun), moment(timeline.ended)
    if begin is None or end is None:
        return None
    return Axis(begin, max(end, begin + 1.0))


def clock(at: str | None) -> str:
    """Return the time of day of a moment, in UTC."""
    seconds = moment(at)
    return _day(seconds) if seconds is not None else ""


def _day(seconds: float) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%H:%M:%S")


def ticks(axis: Axis) -> Iterable[float]:
    """Return round moments of an axis, about four."""
    span = axis.end - axis.begin
    step = next((each for each in _STEPS if span / each <= _TICKS), _STEPS[-1])
    at = axis.begin - axis.begin % step + step
    while at <= axis.end and span / step <= 2 * _TICKS:
        yield at
        at += step


def scale(axis: Axis) -> Markup:
    """Return the row of times that stands below a picture; on a phone none is upon another."""
    marks = []
    taken = -1.0
    for at in ticks(axis):
        x = (at - axis.begin) / (axis.end - axis.begin) * 100
        marks.append(tag("line", x1=f"{x:.2f}%", x2=f"{x:.2f}%", y1=0, y2=4, class_="grid"))
        anchor, left = "middle", x - _LABEL / 2
        if left < 0:
            anchor, left = "start", x
        elif x + _LABEL / 2 > 100:  # noqa: PLR2004 -- percent
            anchor, left = "end", x - _LABEL
        if left >= taken:
            taken = left + _LABEL
            marks.append(tag("text", _day(at), x=f"{x:.2f}%", y=15, text_anchor=anchor))
    return tag("svg", *marks, width="100%", height=18, aria_hidden="true")
