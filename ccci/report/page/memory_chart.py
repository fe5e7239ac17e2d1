"""How much memory old and new tasks held over time, against their limits and the node. Pure."""

from collections.abc import Sequence

from ccci.host import sizes
from ccci.report import memory
from ccci.report.page.axis import Axis
from ccci.report.page.markup import Markup, tag
from ccci.report.parts import Memory
from ccci.report.timeline import Bar, Lane, Side

_HEIGHT = 120
_HEADROOM = 1.12
_FAR = 4.0
"""A limit that is so many times higher than all that was held is told in words alone."""

_UNIT = 1000
_LINES = 40


def chart(lane: Lane, held: Memory, axis: Axis) -> Markup:
    """Return the picture of what the tasks of a lane held."""
    bars = [bar for bar in lane.bars if bar.samples and bar.node == held.node][-_LINES:]
    sums = memory.together(bars)
    highest = max([size for _, size in sums], default=1)
    limits = _limits(held, highest)
    top = max([highest, *(size for _, size, _ in limits)]) * _HEADROOM or 1.0
    both = len({bar.side for bar in bars}) > 1
    lines = [_line(bar, axis, top) for bar in bars]
    if both:
        lines.append(_sum(sums, axis, top))
    parts = [
        *_grid(top),
        tag(
            "svg",
            *lines,
            width="100%",
            height=_HEIGHT,
            viewBox=f"0 0 {_UNIT} {_UNIT}",
            preserveAspectRatio="none",
        ),
        *(mark for said, size, side in limits for mark in _limit(said, size, side, top)),
        *(_death(bar, axis, top) for bar in bars if bar.died),
    ]
    about = f"Memory on {held.node}: {memory.in_words(held)}"
    picture = tag("svg", *parts, width="100%", height=_HEIGHT, role="img", aria_label=about)
    return tag("div", tag("span", "memory"), picture, class_="lane held")


def _limits(held: Memory, highest: int) -> list[tuple[str, int, str]]:
    known = [
        ("limit of new", held.new_limit_bytes, "limit"),
        ("limit of old", held.old_limit_bytes, "limit"),
        (f"all of {held.node}", held.node_bytes, "limit"),
    ]
    if held.new_limit_bytes == held.old_limit_bytes:
        known[:2] = [("limit", held.new_limit_bytes, "limit")]
    return [(said, size, kind) for said, size, kind in known if size and size <= _FAR * highest]


def _y(size: float, top: float) -> float:
    return (1 - size / top) * _HEIGHT


def _grid(top: float) -> list[Markup]:
    """Return lines at round amounts, two or three."""
    step = 2 ** max(int(top / 2).bit_length() - 1, 0)
    parts = []
    for size in range(0, int(top), step):
        y = _y(size, top)
        parts += [
            tag("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"),
            tag("text", sizes.told(size), x=0, y=y - 3),
        ]
    return parts


def _limit(said: str, size: int, kind: str, top: float) -> list[Markup]:
    y = _y(size, top)
    return [
        tag("line", x1="0", x2="100%", y1=y, y2=y, class_=kind),
        tag(
            "text",
            f"{said}: {sizes.told(size)}",
            x="100%",
            y=y - 4,
            text_anchor="end",
            class_="limit-text",
        ),
    ]


def _line(bar: Bar, axis: Axis, top: float) -> Markup:
    points = [(each.at, each.bytes) for each in bar.samples]
    side = "new" if bar.side is Side.NEW else "old"
    return tag("path", d=_steps(points, bar.until, axis, top), class_=f"held-{side}")


def _sum(sums: Sequence[tuple[str, int]], axis: Axis, top: float) -> Markup:
    return tag("path", d=_steps(sums, None, axis, top), class_="held-both")


def _steps(points: Sequence[tuple[str, int]], until: str | None, axis: Axis, top: float) -> str:
    """Return a path that keeps each value until the next one is known, or the task is gone."""
    words: list[str] = []
    for at, size in points:
        x, y = axis.place(at) / 100 * _UNIT, (1 - size / top) * _UNIT
        words.append(f"H{x:.1f}V{y:.1f}" if words else f"M{x:.1f} {y:.1f}")
    end = axis.place(until) if until is not None else 100.0
    return f"{''.join(words)}H{max(end, axis.place(points[-1][0])) / 100 * _UNIT:.1f}"


def _death(bar: Bar, axis: Axis, top: float) -> Markup:
    x = axis.place(bar.until) if bar.until is not None else 100.0
    y = _y(bar.samples[-1].bytes, top) + 5
    return tag("text", "✕", x=f"{x:.2f}%", y=y, text_anchor="middle", class_="death")


def legend(lane: Lane) -> Markup:
    """Return what the lines mean, those that there are."""
    bars = [bar for bar in lane.bars if bar.samples]
    sides = {bar.side for bar in bars}
    known = [
        ("held-old", "memory of an old task", Side.OLD in sides),
        ("held-new", "of a new one", Side.NEW in sides),
        ("held-both", "of all together", len(sides) > 1),
        ("limit", "a limit", any(bar.limit for bar in bars)),
    ]
    items = [
        tag(
            "li",
            tag(
                "svg",
                tag("line", x1=0, x2=28, y1=6, y2=6, class_=kind),
                width=28,
                height=12,
                aria_hidden="true",
            ),
            said,
        )
        for kind, said, shown in known
        if shown
    ]
    return tag("ul", *items, class_="legend")
