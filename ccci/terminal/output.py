"""The only printer: results on standard output, everything else on standard error.

With `--json`, standard output holds exactly one document. Colour follows NO_COLOR and the
terminal; without a terminal nothing is ever redrawn.

Whatever is printed goes through the sanitizer here, a line at a time, and what is known to be
secret is hidden, so that no message has to think of it. A line is always taken for one of a CI's
log: a CI may well give us a terminal.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from ccci.errors import CcciError, Interrupted
from ccci.exits import Verdict
from ccci.host import clock, sanitizer
from ccci.host.masking import Mask, mask, masked
from ccci.terminal import escapes
from ccci.terminal.copies import Copies
from ccci.terminal.screen import Screen, width_of

if TYPE_CHECKING:
    from ccci.report.layout import Line, Row
    from ccci.report.model import Report


# What tells a report is imported where one is told: a sweep has none, and starts in half the time.

_TINTS = {"good": "32", "bad": "31", "odd": "33", "quiet": "2"}
"""Colours of a terminal (ECMA-48 SGR) by tone: green, red, yellow, faint."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's words go; made once by `cli` from the global options.

    `secrets` are the values that are hidden in all that is printed from now on.
    """

    json: bool = False
    verbosity: int = 0
    secrets: set[Mask] = field(default_factory=set, repr=False, compare=False)
    copies: Copies = field(default_factory=Copies, repr=False, compare=False)
    """Where else a report goes, and in which forms; `hand_on` writes them."""

    screen: Screen = field(default_factory=Screen, repr=False, compare=False)
    """What is redrawn at the lower end of a terminal while lines are printed."""

    def keep_secret(self, values: Iterable[Mask]) -> None:
        """Hide these values in whatever is printed from now on."""
        self.secrets.update(values)

    def shown(self, text: str) -> str:
        """Return a text as it may be shown: one harmless line, without secrets."""
        masks = frozenset(self.secrets)
        # Escapes may cut a secret in two, and a word for a CI may stand in the middle of one.
        return sanitizer.log(masked(sanitizer.line(masked(text, masks)), masks))

    @property
    def live(self) -> bool:
        """Say whether progress may be redrawn: a terminal, and not asked to be quiet."""
        return sys.stderr.isatty() and self.verbosity >= 0 and escapes.are_taken(os.environ)

    @property
    def width(self) -> int | None:
        """Return how many columns a result has, None where nobody says."""
        return width_of(sys.stdout)

    @property
    def progress_stream(self) -> TextIO:
        """Return where progress goes."""
        return sys.stderr

    def progress(self, line: str) -> None:
        """Print one line about what is going on, on standard error, unless quiet."""
        if self.verbosity >= 0:
            self._say(sys.stderr, f"{_time_of_day()}{line}")

    def tick(self, line: str) -> None:
        """Redraw one line at the end of a terminal, an empty one for none; nothing elsewhere."""
        if self.live:
            self.screen.tell(self.shown(line))

    def detail(self, line: str) -> None:
        """Print a line that only `-v` shows, on standard error."""
        if self.verbosity > 0:
            self._say(sys.stderr, f"{_time_of_day()}{line}")

    @contextmanager
    def section(self, title: str, *, hidden: bool) -> Iterator[None]:
        """Let a CI that can do it fold what is printed meanwhile, also where it ends by an error.

        It is `hidden` until somebody unfolds it, else it can be folded away.
        """
        from ccci.terminal import sections

        found = None
        if self.verbosity >= 0 and not sys.stderr.isatty():
            found = sections.section(os.environ, self.shown(title), clock.unix(), hidden=hidden)
        if found is not None:
            self._mark(found.begin)
        try:
            yield
        finally:
            if found is not None:
                self._mark(found.end(clock.unix()))

    def _mark(self, mark: str) -> None:
        """Print what commands a CI; nothing else goes by the sanitizer."""
        sys.stderr.write(f"{mark}\n")
        sys.stderr.flush()

    def warn(self, line: str) -> None:
        """Print a warning on standard error, quiet or not."""
        self._say(sys.stderr, f"Warning: {line}")

    def command_line(self, line: str) -> None:
        """Pass on a line that COMMAND printed: on standard error under `--json`."""
        self._say(self._beside, line)

    def command_error(self, line: str) -> None:
        """Pass on a line that COMMAND printed on standard error."""
        self._say(sys.stderr, line)

    def text(self, *lines: str) -> None:
        """Print a result for people on standard output, each text one line; not under `--json`."""
        if not self.json:
            self._say(self._beside, *lines)

    @property
    def _beside(self) -> TextIO:
        """Return where people's words go: standard output may be a document's alone."""
        return sys.stderr if self.json or self.copies.streamed else sys.stdout

    def document(self, value: dict[str, Any]) -> None:
        """Print the one JSON document on standard output; nothing without `--json`."""
        if self.json:
            self.json_result(value)

    def json_result(self, value: dict[str, Any]) -> None:
        """Print a result that is JSON by its own form on standard output, `--json` or not."""
        masks = frozenset(self.secrets)
        text = json.dumps(mask(sanitizer.document(mask(value, masks)), masks), indent=2)
        print(sanitizer.json_text(text), flush=True)

    def report(self, report: "Report", *, asked_for: bool = False) -> int:
        """Print a report as its story, and as JSON where that is wanted; return its exit code.

        Under `--json` people's words go to standard error, unless quiet. A refusal goes there
        always, for it is no result; one that was `asked_for` is.
        """
        from ccci.report.issues import is_refusal

        return self._told(report, refusal=is_refusal(report) and not asked_for)

    def _told(self, report: "Report", *, refusal: bool) -> int:
        from ccci.report.formats import render
        from ccci.report.model import document
        from ccci.report.settled import settled

        told = settled(report, self.secrets)
        self.hand_on(lambda name: render(name, told))
        self.document(document(told))
        if refusal:
            self._tell(told, sys.stderr)
        elif not self.json or self.verbosity >= 0:
            self._tell(told, self._beside)
        return report.exit_code

    def hand_on(self, render: Callable[[str], str]) -> None:
        """Write the copies that were asked for, each rendered by its form's name.

        What the first end was stays so, whatever comes after it. A copy that cannot be written is
        a warning: what was found out stands.
        """
        for complaint in self.copies.written(render):
            self.warn(complaint)

    def _tell(self, report: "Report", stream: TextIO) -> None:
        from ccci.report.text import story

        self._write(stream, story(report, width_of(stream), verbose=self.verbosity > 0))

    def rows(self, rows: "Iterable[Row]") -> None:
        """Print a result of toned rows where a result goes, laid out for it; not under `--json`."""
        if not self.json:
            from ccci.report.layout import laid_out

            self._write(self._beside, laid_out(rows, width_of(self._beside)))

    def _write(self, stream: TextIO, lines: "Iterable[Line]") -> None:
        tinted = _tinted(stream)
        text = "".join(f"{self._painted(line, tinted=tinted)}\n" for line in lines)
        self.screen.say(stream, text)

    def _painted(self, line: "Line", *, tinted: bool) -> str:
        """Return a line as it is printed; its lead is what is left of it once it is harmless."""
        whole = self.shown(str(line))
        tint = _TINTS.get(line.tone.value)
        if not tinted or tint is None or not whole:
            return whole
        lead = whole if line.loud else whole[: len(line.lead.rstrip())]
        return f"{escapes.tinted(lead, tint)}{whole[len(lead) :]}"

    def error(self, error: CcciError | Interrupted, command: str) -> int:
        """Report why ccci could not do its job and the next step, and return the exit code."""
        from ccci.report.model import Report

        number = error.signal_number if isinstance(error, Interrupted) else None
        report = Report(command, error.verdict, error.message, hint=error.hint, signal=number)
        return self._told(report, refusal=True)

    def explain(self, lines: Iterable[str]) -> None:
        """Print help on standard error, before what made it necessary."""
        self._say(sys.stderr, *lines, "")

    def bug(self, trace: str, command: str) -> None:
        """Print what is to be reported of a bug, on standard error; write the copies all the same.

        What went wrong may go wrong again while they are written.
        """
        self._say(sys.stderr, *trace.rstrip("\n").split("\n"))
        number, address = _released()
        self._say(
            sys.stderr,
            f"ccci {number} met a bug. Please report it with the lines above: {address}",
            "Next: if a run was recorded, `ccci runs bundle` makes one masked archive of it",
        )
        with suppress(Exception):
            from ccci.report.formats import render
            from ccci.report.model import Report
            from ccci.report.settled import settled

            words = trace.rstrip("\n").rpartition("\n")[2]
            told = settled(Report(command, Verdict.BUG, f"ccci met a bug: {words}"), self.secrets)
            self.hand_on(lambda name: render(name, told))

    def _say(self, stream: TextIO, *lines: str) -> None:
        """Print lines in one piece, so that no other writer comes between them."""
        self.screen.say(stream, "".join(f"{self.shown(line)}\n" for line in lines))


def _released() -> tuple[str, str]:
    """Return the version, and where to report, as the installed package says."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        about = metadata("ccci")
    except PackageNotFoundError:
        return "(not installed)", "to whom you have it from"
    urls = dict(each.split(", ", 1) for each in about.get_all("Project-URL") or ())
    return str(about["Version"]), urls.get("Issues") or "to whom you have it from"


def _time_of_day() -> str:
    """Return the time of day (UTC) for a line of a CI's log; every CI sets `CI`."""
    if os.environ.get("CI", "false").lower() in {"", "0", "false"} or sys.stderr.isatty():
        return ""
    return f"{clock.now()[11:19]}Z "


def _tinted(stream: TextIO) -> bool:
    """Say whether to use colour (no-color.org, force-color.org); nothing is told by it alone."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return stream.isatty() and escapes.are_taken(os.environ)
