"""A rollout while it goes on: a table that is redrawn on a terminal, lines in a log."""

from typing import Protocol

from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Observation
from ccci.terminal.log import lines_for
from ccci.terminal.output import Output


class View(Protocol):
    """Where progress is shown. `close` ends it, also after an interrupt."""

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Show the latest look and what it means."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def view_for(output: Output) -> View:
    """Return a table on a terminal, else the lines of a log: with `-v` one for each change."""
    if not output.live:
        return lines_for(output)
    from ccci.terminal.table import Table  # noqa: PLC0415 -- with Rich, which no log needs

    return Table(output)
