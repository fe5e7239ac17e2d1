"""A sweep on its way to people and scripts: the progress while it runs, the result at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from ccci.exits import Verdict
from ccci.sweep.model import Sweep, verdict
from ccci.sweep.rules import UPGRADE_RULES
from ccci.sweep.table import slips, statistics, table
from ccci.terminal.output import Output

if TYPE_CHECKING:
    from ccci.sweep.document import Commits

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
    _hand_on(output, sweep, ended)
    if output.json or output_format == "json":
        from ccci.sweep.document import document

        output.json_result(document(sweep, ended))
    elif output_format == "sarif":
        from ccci.sweep.sarif import sarif

        output.json_result(sarif(sweep))
    elif output_format == "markdown":
        from ccci.sweep.markdown import markdown

        output.text(*markdown(sweep).split("\n"))
    elif counted:
        output.text(*statistics(sweep).split("\n"))
    else:
        output.text(*table(sweep).split("\n"))
    if ended is Verdict.UNABLE:
        output.warn("no service was found: nothing was judged")
    return ended.exit_code


def show_upgrade(
    sweep: Sweep, output: Output, output_format: str, fail_on: str, commits: "Commits"
) -> int:
    """Print what was found between two commits in a format and return its exit code."""
    ended = verdict(sweep, fail_on)
    before, after = commits
    title = f"{before.name} to {after.name}"
    _hand_on(output, sweep, ended, title, commits)
    if output.json or output_format == "json":
        from ccci.sweep.document import document

        output.json_result(document(sweep, ended, commits))
    elif output_format == "sarif":
        from ccci.sweep.sarif import sarif

        output.json_result(sarif(sweep, UPGRADE_RULES))
    elif output_format == "markdown":
        from ccci.sweep.markdown import markdown

        output.text(*markdown(sweep, title).split("\n"))
    else:
        output.text(*slips(sweep, title))
    return ended.exit_code


def _hand_on(
    output: Output,
    sweep: Sweep,
    ended: Verdict,
    title: str = "Rollback policy",
    commits: "Commits | None" = None,
) -> None:
    """Write the copies that were asked for; without one nothing of them is imported."""
    if output.copies.left:
        from ccci.sweep.forms import render

        output.hand_on(lambda name: render(name, sweep, ended, title, commits))
