"""A rollout while it goes on: a table that is redrawn on a terminal, a line per change in a log.

The table has a line for each service and the two axes as columns: what Swarm says, what runs.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccci import clock
from ccci.output import Output
from ccci.story import plain
from ccci.swarm.axes import message_of, swarm_says, what_runs
from ccci.swarm.model import Judgement, Observation

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from ccci.swarm.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Row:
    """One service: what Swarm says (and why), what runs, how far it is (`open` until judged)."""

    name: str
    swarm: str
    runs: str
    phase: str
    message: str = ""
    open: bool = True
    passed: bool = False

    def __str__(self) -> str:
        """Return it as a line of a log."""
        why = f" ({self.message})" if self.message else ""
        return f"{self.name}: Swarm says {self.swarm}{why}; runs {self.runs}; {self.phase}"


class View(Protocol):
    """Where progress is shown. `close` ends it, also after an interrupt."""

    def show(self, rollout: "Rollout", seen: Observation) -> None:
        """Show the latest look and what it means."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def view_for(output: Output) -> View:
    """Return a table on a terminal, else a line per change."""
    return Table(output) if output.live else Lines(output)


def rows(rollout: "Rollout") -> tuple[Row, ...]:
    """Return a row for each service judged so far, in the order of the judgements."""
    found = []
    for judged in rollout.judgements:
        track = rollout.tracks.get(judged.id)
        there = track is not None and track.gone_since is None
        verdict = judged.verdict
        found.append(
            Row(
                judged.name,
                swarm_says(track.service) if track is not None and there else "gone",
                what_runs(track.slots, rolling_back=track.rolling_back)
                if track is not None and there
                else "nothing",
                _word(judged, rollout),
                message_of(track.service) if track is not None and there else "",
                open=verdict is None,
                passed=verdict is not None and verdict.passed,
            )
        )
    return tuple(found)


def _word(judged: Judgement, rollout: "Rollout") -> str:
    """Return the verdict, or the phase while a good one may still turn."""
    verdict = judged.verdict
    if verdict is None or (verdict.passed and rollout.verdict is None):
        return judged.phase
    return verdict.value


def clock_face(seconds: float) -> str:
    """Return seconds as minutes and seconds: `6:05`."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"


class Lines:
    """A line for each service that changed, and never a redraw."""

    def __init__(self, output: Output) -> None:
        """Print to `output`, from now on."""
        self._output = output
        self._shown: dict[str, str] = {}

    def show(self, rollout: "Rollout", seen: Observation) -> None:
        """Print what changed since the last look."""
        for key, text in _news(rollout, seen):
            if self._shown.get(key, "") != text:
                self._shown[key] = text
                if text:
                    elapsed = clock_face(seen.at - rollout.started_at)
                    self._output.progress(f"{elapsed:>6}  {plain(text)}")

    def close(self) -> None:
        """Do nothing: lines need no end."""


def _news(rollout: "Rollout", seen: Observation) -> list[tuple[str, str]]:
    """Return what a log should say of a look, by what it is about; empty text says nothing."""
    if seen.unreachable is not None:
        return [("/engine", f"the Engine is out of reach: {seen.unreachable}")]
    news = [("/engine", "")]
    # Before COMMAND's first change the deadline is that of what was there before.
    if seen.command is None or rollout.touched:
        news.append(("/deadline", f"deadline: {rollout.arithmetic}"))
    return news + [(row.name, str(row)) for row in rows(rollout)]


class Table:
    """A table that is redrawn; lines while COMMAND still prints to the same terminal."""

    def __init__(self, output: Output) -> None:
        """Draw on the terminal of `output`; nothing is drawn before the first look."""
        self._output = output
        self._lines = Lines(output)
        self._live: Live | None = None
        self._latest: tuple[Rollout, Observation] | None = None

    def show(self, rollout: "Rollout", seen: Observation) -> None:
        """Draw the latest look."""
        if seen.command is not None and seen.command.code is None:
            self._lines.show(rollout, seen)
            return
        self._latest = (rollout, seen)
        if self._live is None:
            self._live = self._begin()
        self._live.refresh()

    def close(self) -> None:
        """Remove the table; the story that follows says it all again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _begin(self) -> "Live":
        from rich.console import Console
        from rich.live import Live

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

    def _draw(self) -> "RenderableType":
        if self._latest is None:
            return ""
        # Between two looks only the clock moves; looks are stamped by this same clock.
        return draw(*self._latest, clock.monotonic())


_COLOURS = {True: "green", False: "red"}


def draw(rollout: "Rollout", seen: Observation, at: float) -> "RenderableType":
    """Return the table of a rollout as it stands `at` this moment of the looks' clock."""
    from rich.console import Group
    from rich.table import Table as Grid
    from rich.text import Text

    def line(text: str, style: str) -> Text:
        return Text(plain(text), style=style, no_wrap=True, overflow="ellipsis")

    allowed = rollout.deadline_at - rollout.started_at
    face = f"{clock_face(at - rollout.started_at)} of {clock_face(allowed)}"
    grid = Grid(box=None, pad_edge=False, header_style="dim", expand=False)
    for head in ("service", "Swarm says", "what runs", face):
        # Only what runs may be long; it alone gives way where the terminal is narrow.
        grid.add_column(head, no_wrap=head != "what runs")
    # What is still open stays in sight where the terminal is too low for all of it.
    found = sorted(rows(rollout), key=lambda row: (not row.open, row.passed))
    for row in found:
        style = "" if row.open else _COLOURS[row.passed]
        cells = (row.name, row.swarm, row.runs, row.phase)
        grid.add_row(*(line(cell, style) for cell in cells))
    whys = [line(f"{row.name}: {row.message}", "dim") for row in found if row.message]
    below = Text(f"deadline: {rollout.arithmetic}", style="dim")
    if seen.unreachable is not None:
        below = Text(f"the Engine is out of reach: {plain(seen.unreachable)}", style="yellow")
    return Group(grid, *whys, below)
