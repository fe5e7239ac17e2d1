"""What is said of a bug of ccci's own."""

import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata

from ccci.exits import Verdict
from ccci.report.model import Report
from ccci.report.rendering import render
from ccci.report.settled import settled
from ccci.terminal.output import Output


def tell(trace: str, output: Output, command: str) -> None:
    """Print what is to be reported of a bug, on standard error; write the copies all the same.

    What went wrong may go wrong again while they are written.
    """
    output.say(sys.stderr, *trace.rstrip("\n").split("\n"))
    number, address = _released()
    output.say(
        sys.stderr,
        f"ccci {number} met a bug. Please report it with the lines above: {address}",
        "Next: if a run was recorded, `ccci runs bundle` makes one masked archive of it",
    )
    with suppress(Exception):
        words = trace.rstrip("\n").rpartition("\n")[2]
        told = settled(Report(command, Verdict.BUG, f"ccci met a bug: {words}"), output.secrets)
        output.hand_on(lambda name: render(name, told))


def _released() -> tuple[str, str]:
    """Return the version, and where to report, as the installed package says."""
    try:
        about = metadata("ccci")
    except PackageNotFoundError:
        return "(not installed)", "to whom you have it from"
    urls = dict(each.split(", ", 1) for each in about.get_all("Project-URL") or ())
    return str(about["Version"]), urls.get("Issues") or "to whom you have it from"
