"""A report on its way to people and scripts: its story, its document, the copies asked for."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from ccci.errors import CcciError, Interrupted
from ccci.report.issues import is_refusal
from ccci.report.layout import Line, Row, Tone, laid_out
from ccci.report.model import Report, document
from ccci.report.rendering import render
from ccci.report.settled import settled
from ccci.report.text import story
from ccci.terminal import escapes
from ccci.terminal.output import Output
from ccci.terminal.screen import width_of

_TINTS = {Tone.GOOD: "32", Tone.BAD: "31", Tone.ODD: "33", Tone.QUIET: "2"}
"""Colours of a terminal (ECMA-48 SGR): green, red, yellow, faint."""


def tell(report: Report, output: Output, *, asked_for: bool = False) -> int:
    """Print a report as its story, and as JSON where that is wanted; return its exit code.

    Under `--json` people's words go to standard error, unless quiet. A refusal goes there always,
    for it is no result; one that was `asked_for` is.
    """
    return _told(report, output, refusal=is_refusal(report) and not asked_for)


def tell_error(error: CcciError | Interrupted, output: Output, command: str) -> int:
    """Report why ccci could not do its job and the next step, and return the exit code."""
    number = error.signal_number if isinstance(error, Interrupted) else None
    report = Report(command, error.verdict, error.message, hint=error.hint, signal=number)
    return _told(report, output, refusal=True)


def tell_rows(rows: Iterable[Row], output: Output) -> None:
    """Print a result of toned rows where a result goes, laid out for it; not under `--json`."""
    if not output.json:
        _write(output, output.beside, laid_out(rows, width_of(output.beside)))


def _told(report: Report, output: Output, *, refusal: bool) -> int:
    told = settled(report, output.secrets)
    output.hand_on(lambda name: render(name, told))
    output.document(document(told))
    if refusal or not output.json or output.verbosity >= 0:
        stream = sys.stderr if refusal else output.beside
        _write(output, stream, story(told, width_of(stream), verbose=output.verbosity > 0))
    return report.exit_code


def _write(output: Output, stream: TextIO, lines: Iterable[Line]) -> None:
    tinted = _tinted(stream)
    text = "".join(f"{_painted(output.shown(str(each)), each, tinted)}\n" for each in lines)
    output.screen.say(stream, text)


def _painted(whole: str, line: Line, tinted: bool) -> str:
    """Return a line as it is printed; its lead is what is left of it once it is harmless."""
    tint = _TINTS.get(line.tone)
    if not tinted or tint is None or not whole:
        return whole
    lead = whole if line.loud else whole[: len(line.lead.rstrip())]
    return f"{escapes.tinted(lead, tint)}{whole[len(lead) :]}"


def _tinted(stream: TextIO) -> bool:
    """Say whether to use colour (no-color.org, force-color.org); nothing is told by it alone."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
