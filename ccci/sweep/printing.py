"""A sweep on its way to people and scripts: the progress while it runs, the result at the end."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ccci.exits import Verdict
from ccci.output import Output
from ccci.sweep.fix import OVERLAY, Change
from ccci.sweep.model import Sweep, document, verdict
from ccci.sweep.table import table

_WORTH_A_BAR = 20


@contextmanager
def progress(output: Output, total: int) -> Iterator[Callable[[], None]]:
    """Give a function to call after each set; on a terminal it moves a bar."""
    if not output.live or total < _WORTH_A_BAR:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=output.progress_stream)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("sweeping", total=total)
        yield lambda: bar.advance(task)


def show_changes(changes: Sequence[Change], output: Output, *, written: bool) -> int:
    """Print what `--fix` changed, or would change, and return 0."""
    output.document(
        {
            "schema": "ccci.fix/1",
            "written": written,
            "files": [{"file": change.name, "diff": change.diff} for change in changes],
        }
    )
    output.text("".join(change.diff for change in changes).rstrip("\n") or "nothing to change")
    for change in changes if written else ():
        output.progress(f"{change.name} written")
        if change.path.name == OVERLAY:
            output.progress(f"Next: add {OVERLAY} at the end of COMPOSE_FILE")
    return 0


def show(sweep: Sweep, output: Output, output_format: str, fail_on: str) -> int:
    """Print the sweep in a format and return its exit code; `--json` stands above `--format`."""
    ended = verdict(sweep, fail_on)
    if output.json or output_format == "json":
        text = json.dumps(document(sweep, ended), indent=2)
    elif output_format == "sarif":
        from ccci.sweep.sarif import sarif

        text = json.dumps(sarif(sweep), indent=2)
    elif output_format == "markdown":
        from ccci.sweep.markdown import markdown

        text = markdown(sweep)
    else:
        text = table(sweep)
    output.result(text)
    if ended is Verdict.UNABLE:
        output.warn("no service was found: nothing was judged")
    return ended.exit_code
