"""A rollout while it goes on, on a terminal: a table that is redrawn.

It has the totals, the clock and the deadline above, and a line for each service that is not
done, with the two axes as columns: what Swarm says, what runs.
"""

from collections.abc import Callable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import SegmentLines
from rich.table import Table as Grid
from rich.text import Text

from ccci.host import clock, sanitizer
from ccci.report.layout import that_fit
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Observation
from ccci.terminal.awaited import awaited
from ccci.terminal.log import Deaths, Lines
from ccci.terminal.output import Output
from ccci.terminal.rows import Row, clock_face, rows


class Table:
    """A table that is redrawn below the lines of COMMAND, and of the tasks that die."""

    def __init__(self, output: Output) -> None:
        """Draw on the terminal of `output`; nothing is drawn before the first look."""
        self._output = output
        self._lines = Lines(output) if output.verbosity > 0 else None
        self._deaths = Deaths()
        self._live: Live | None = None
        self._latest: tuple[Rollout, Observation] | None = None
        self._width = 0
        self._lines_drawn: list[int] = []

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Draw the latest look."""
        self._latest = (rollout, seen)
        if self._live is None:
            self._live = self._begin()
            self._output.screen.keep(self._above)
        if self._lines is not None:
            self._lines.show(rollout, seen)
        else:
            for death in self._deaths.news(rollout):
                elapsed = clock_face(seen.at - rollout.started_at)
                self._output.progress(f"{elapsed:>6}  {death}")
        self._live.refresh()

    def close(self) -> None:
        """Remove the table; the story that follows says it all again."""
        self._output.screen.leave()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _above(self, text: str) -> None:
        """Print whole lines where the table stands, and the table below them."""
        live = self._live
        if live is None:
            return
        # Its own thread redraws it meanwhile, and would find it elsewhere.
        with live._lock:  # noqa: SLF001 -- Rich prints and redraws under two locks
            if live.console.width < self._width:
                live.refresh()
            live.console.print(Text(text, end=""), soft_wrap=True)

    def _begin(self) -> Live:

        live = Live(
            console=Console(file=self._output.progress_stream),
            get_renderable=self._draw,
            refresh_per_second=2,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def _draw(self) -> RenderableType:

        if self._latest is None:
            return ""
        # Between two looks only the clock moves; looks are stamped by this same clock.
        if self._live is None:
            return draw(*self._latest, clock.monotonic(), self._output.shown)
        console = self._live.console
        width, height = console.size
        if width < self._width:
            self._wrapped(width)
        drawn = draw(*self._latest, clock.monotonic(), self._output.shown, (width, height))
        lines = console.render_lines(drawn, pad=False)
        self._width = width
        self._lines_drawn = [sum(piece.cell_length for piece in each) for each in lines]
        return SegmentLines(lines, new_lines=True)

    def _wrapped(self, width: int) -> None:
        """Let what was drawn on a wider terminal be removed whole: its lines take more rows now."""
        taken = sum(max(1, -(-length // width)) for length in self._lines_drawn)
        render: Any = getattr(self._live, "_live_render", None)
        if render is not None:
            render._shape = (width, taken)  # noqa: SLF001 -- Rich knows of no resizing


_COLOURS = {True: "green", False: "red"}
_SIZE = (80, 24)
_AROUND = 4
"""Lines of a terminal that hold no service: totals, head, deadline, and the prompt."""
_LONGEST_NAME = 30
_SHARE_OF_A_NAME = 3
_RUNS = "what runs"
_HEADS = ("service", "Swarm says", _RUNS, "phase")
_BETWEEN = 2
_GIVEN_UP = ("Swarm says", "phase")
"""What a narrow terminal does without, the first first."""


def draw(
    rollout: Rollout,
    seen: Observation,
    at: float,
    shown: Callable[[str], str] = sanitizer.line,
    size: tuple[int, int] = _SIZE,
) -> RenderableType:
    """Return the table of a rollout as it stands `at` this moment of the looks' clock.

    `shown` makes a text of others fit to be shown. What does not fit into the `size` (columns
    and lines) is counted.
    """

    def line(text: str, style: str) -> Text:
        return Text(shown(text), style=style, no_wrap=True, overflow="ellipsis")

    found = rows(rollout)
    # What is still open, or went wrong, stays in sight where the terminal is too low for all.
    left = sorted((row for row in found if not _done(row)), key=lambda row: not row.open)
    width, height = size
    longest = min(width // _SHARE_OF_A_NAME, _LONGEST_NAME)
    room = max(height - _AROUND, 1)
    whys = [line(f"{row.name}: {row.message}", "dim") for row in left if row.message]
    whys = whys[: max(room - len(left), 0)]
    told = left if len(left) <= room else left[: room - 1]
    cells = [
        dict(zip(_HEADS, (_middle(row.name, longest), row.swarm, row.runs, row.phase), strict=True))
        for row in told
    ]
    heads = that_fit(cells, _HEADS, _GIVEN_UP, width, _BETWEEN)
    grid = Grid(box=None, pad_edge=False, header_style="dim", expand=False)
    for head in heads:
        # Only what runs may be long; it alone is cut where even that does not fit.
        grid.add_column(head, no_wrap=head != _RUNS)
    for row, cell in zip(told, cells, strict=True):
        style = "" if row.open else _COLOURS[row.passed]
        grid.add_row(*(line(cell[head], style) for head in heads))
    hidden = [line(f"… and {len(left) - len(told)} more", "dim")] if len(told) < len(left) else []
    below = line(_limit(rollout, seen), "dim")
    if seen.unreachable is not None:
        below = line(f"the Engine is out of reach: {seen.unreachable}", "yellow")
    above = line(_totals(rollout, seen, found, at), "")
    return Group(above, *([grid] if told else []), *hidden, *whys, below)


def _limit(rollout: Rollout, seen: Observation) -> str:
    """Return the deadline in words; before COMMAND's first change it is that of what was there."""
    if _waits_for_command(rollout, seen):
        return "COMMAND has changed no service yet"
    return f"deadline: {rollout.arithmetic}"


def _waits_for_command(rollout: Rollout, seen: Observation) -> bool:
    running = seen.command is not None and seen.command.code is None
    return running and not rollout.touched


def _totals(rollout: Rollout, seen: Observation, found: tuple[Row, ...], at: float) -> str:
    """Return how many services are done, how many went wrong, the clock, and what is awaited."""
    done = sum(_done(row) for row in found)
    failing = sum(not row.open and not row.passed for row in found)
    allowed = rollout.deadline_at - rollout.started_at
    parts = [f"{done}/{len(found)} steady"]
    parts += [f"{failing} failing"] if failing else []
    elapsed = clock_face(at - rollout.started_at)
    parts.append(
        elapsed if _waits_for_command(rollout, seen) else f"{elapsed} of {clock_face(allowed)}"
    )
    waits = awaited(rollout, seen, at)
    parts += [f"waiting for: {waits}"] if waits else []
    return " · ".join(parts)


def _done(row: Row) -> bool:
    return row.phase == "steady" or (row.passed and row.phase in {"converged", "unchanged"})


def _middle(name: str, longest: int) -> str:
    """Return a name that is not too long: the middle gives way, since both ends tell it apart."""
    if len(name) <= longest:
        return name
    half = (longest - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
