"""The only printer: results on standard output, everything else on standard error.

With `--json`, standard output holds exactly one document. Colour follows NO_COLOR and the
terminal; without a terminal there is one line per change and never a redraw.
"""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO

from ccci.errors import CcciError, Interrupted
from ccci.report import Report, document
from ccci.story import tell


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's words go; made once by `cli` from the global options."""

    json: bool = False
    verbosity: int = 0

    @property
    def live(self) -> bool:
        """Say whether progress may be redrawn: a terminal, and not asked to be quiet."""
        return sys.stderr.isatty() and self.verbosity >= 0 and os.environ.get("TERM") != "dumb"

    @property
    def progress_stream(self) -> TextIO:
        """Return where progress goes."""
        return sys.stderr

    def progress(self, line: str) -> None:
        """Print one line about what is going on, on standard error, unless quiet."""
        if self.verbosity >= 0:
            print(line, file=sys.stderr, flush=True)

    def detail(self, line: str) -> None:
        """Print a line that only `-v` shows, on standard error."""
        if self.verbosity > 0:
            print(line, file=sys.stderr, flush=True)

    def warn(self, line: str) -> None:
        """Print a warning on standard error, quiet or not."""
        print(f"Warning: {line}", file=sys.stderr, flush=True)

    def command_line(self, line: str) -> None:
        """Pass on a line that COMMAND printed: on standard error under `--json`."""
        print(line, file=sys.stderr if self.json else sys.stdout, flush=True)

    def command_error(self, line: str) -> None:
        """Pass on a line that COMMAND printed on standard error."""
        print(line, file=sys.stderr, flush=True)

    def text(self, text: str) -> None:
        """Print a result for people on standard output; nothing under `--json`."""
        if not self.json:
            print(text, flush=True)

    def result(self, text: str) -> None:
        """Print a result that is already in its final form on standard output, `--json` or not."""
        print(text, flush=True)

    def document(self, value: dict[str, Any]) -> None:
        """Print the one JSON document on standard output; nothing without `--json`."""
        if self.json:
            print(json.dumps(value, indent=2), flush=True)

    def report(self, report: Report) -> int:
        """Print a report, as JSON or as its story, and return its exit code."""
        self.document(document(report))
        self.text(tell(report))
        return report.exit_code

    def error(self, error: CcciError | Interrupted, command: str) -> int:
        """Print why ccci could not do its job and the next step, and return the exit code."""
        print(f"Error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"Next: {error.hint}", file=sys.stderr, flush=True)
        self.document(
            {
                **document(Report(command, error.verdict, error.message, hint=error.hint)),
                "exit_code": error.exit_code,
            }
        )
        return error.exit_code
