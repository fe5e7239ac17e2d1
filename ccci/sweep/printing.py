"""A sweep on its way to people and scripts: the progress while it runs, the result at the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from ccci.exits import Verdict
from ccci.sweep.forms import Told, made, render
from ccci.sweep.model import Commits, Sweep, verdict
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


def show(
    sweep: Sweep, output: Output, output_format: str, fail_on: str, *, counted: bool = False
) -> int:
    """Print the sweep in a format and return its exit code; `--json` stands above `--format`.

    With `counted` the table is one of how often each rule found something.
    """
    ended = verdict(sweep, fail_on)
    lines = (statistics if counted else table)(sweep).split("\n")
    _show(output, output_format, Told(sweep, ended), lines)
    if ended is Verdict.UNABLE:
        output.warn("no service was found: nothing was judged")
    return ended.exit_code


def show_upgrade(
    sweep: Sweep, output: Output, output_format: str, fail_on: str, commits: Commits
) -> int:
    """Print what was found between two commits in a format and return its exit code."""
    before, after = commits
    title = f"{before.name} to {after.name}"
    told = Told(sweep, verdict(sweep, fail_on), title, commits)
    _show(output, output_format, told, slips(sweep, title))
    return told.ended.exit_code


def _show(output: Output, output_format: str, told: Told, lines: Sequence[str]) -> None:
    """Write the copies that were asked for, and print it: in a format, else these `lines`."""
    output.hand_on(lambda name: render(name, told))
    name = "json" if output.json else output_format
    found = None if name == "table" else made(name, told)
    if isinstance(found, dict):
        output.json_result(found)
    else:
        output.text(*(lines if found is None else found.rstrip("\n").split("\n")))
