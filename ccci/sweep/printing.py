"""A sweep on its way to people and scripts: the progress while it runs, the result at the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from ccci.exits import Verdict
from ccci.names import OVERLAY
from ccci.sweep.forms import Told, made, render
from ccci.sweep.table import slips, statistics, table
from ccci.terminal.output import Output

_WORTH_A_LINE = 20
_REDRAWN = 100


@contextmanager
def progress(output: Output, total: int) -> Iterator[Callable[[], None]]:
    """Give a function to call after each set; on a terminal a line counts them meanwhile."""
    numbers = count(1)
    every = max(1, total // _REDRAWN)

    def seen() -> None:
        number = next(numbers)
        if total >= _WORTH_A_LINE and number % every == 0:
            output.tick(f"sweeping: {number} of {total}")

    try:
        yield seen
    finally:
        output.tick("")


def show(told: Told, output: Output, output_format: str, *, counted: bool = False) -> None:
    """Print the sweep in a format; `--json` stands above `--format`.

    With `counted` the table is one of how often each rule found something.
    """
    lines = (statistics if counted else table)(told.sweep).split("\n")
    _show(output, output_format, told, lines)
    if told.ended is Verdict.UNABLE:
        output.warn("no service was found: nothing was judged")


def show_upgrade(told: Told, output: Output, output_format: str) -> None:
    """Print what was found between two commits in a format."""
    _show(output, output_format, told, slips(told.sweep, told.title))


class Changed(Protocol):
    """A file that a remedy changes; `fix.Change` is one."""

    @property
    def name(self) -> str:
        """Return how people name it."""

    @property
    def path(self) -> Path:
        """Return where it lies."""

    @property
    def diff(self) -> str:
        """Return the change as a unified diff, empty where nothing changes."""

    @property
    def safe(self) -> bool:
        """Say whether the service loses nothing by it."""


def show_fix(changes: Sequence[Changed], output: Output, *, written: bool) -> None:
    """Print what `--fix` changed, or would change."""
    output.document(
        {
            "schema": "ccci.fix/1",
            "written": written,
            "files": [
                {"file": change.name, "diff": change.diff, "safe": change.safe}
                for change in changes
            ],
        }
    )
    diff = "".join(change.diff for change in changes).rstrip("\n")
    output.text(*(diff or "nothing to change").split("\n"))
    if any(not change.safe for change in changes):
        output.progress("stop-first has a price: at each update a moment in which nothing serves")
    for change in changes if written else ():
        output.progress(f"{change.name} written")
        if change.path.name == OVERLAY:
            output.progress(f"Next: add {OVERLAY} at the end of COMPOSE_FILE")


def _show(output: Output, output_format: str, told: Told, lines: Sequence[str]) -> None:
    """Write the copies that were asked for, and print it: in a format, else these `lines`."""
    output.hand_on(lambda name: render(name, told))
    name = "json" if output.json else output_format
    found = None if name == "table" else made(name, told)
    if isinstance(found, dict):
        output.json_result(found)
    else:
        output.text(*(lines if found is None else found.rstrip("\n").split("\n")))
