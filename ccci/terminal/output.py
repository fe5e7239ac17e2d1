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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TextIO

from ccci.host import clock, sanitizer
from ccci.host.masking import Mask, mask, masked
from ccci.terminal import escapes
from ccci.terminal.copies import Copies
from ccci.terminal.screen import Screen, width_of


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
            self.say(sys.stderr, f"{_time_of_day()}{line}")

    def tick(self, line: str) -> None:
        """Redraw one line at the end of a terminal, an empty one for none; nothing elsewhere."""
        if self.live:
            self.screen.tell(self.shown(line))

    def detail(self, line: str) -> None:
        """Print a line that only `-v` shows, on standard error."""
        if self.verbosity > 0:
            self.say(sys.stderr, f"{_time_of_day()}{line}")

    def warn(self, line: str) -> None:
        """Print a warning on standard error, quiet or not."""
        self.say(sys.stderr, f"Warning: {line}")

    def command_line(self, line: str) -> None:
        """Pass on a line that COMMAND printed: on standard error under `--json`."""
        self.say(self.beside, line)

    def command_error(self, line: str) -> None:
        """Pass on a line that COMMAND printed on standard error."""
        self.say(sys.stderr, line)

    def text(self, *lines: str) -> None:
        """Print a result for people on standard output, each text one line; not under `--json`."""
        if not self.json:
            self.say(self.beside, *lines)

    @property
    def beside(self) -> TextIO:
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

    def hand_on(self, render: Callable[[str], str]) -> None:
        """Write the copies that were asked for, each rendered by its form's name.

        What the first end was stays so, whatever comes after it. A copy that cannot be written is
        a warning: what was found out stands.
        """
        for complaint in self.copies.written(render):
            self.warn(complaint)

    def explain(self, lines: Iterable[str]) -> None:
        """Print help on standard error, before what made it necessary."""
        self.say(sys.stderr, *lines, "")

    def say(self, stream: TextIO, *lines: str) -> None:
        """Print lines in one piece, so that no other writer comes between them."""
        self.screen.say(stream, "".join(f"{self.shown(line)}\n" for line in lines))


def _time_of_day() -> str:
    """Return the time of day (UTC) for a line of a CI's log; every CI sets `CI`."""
    if os.environ.get("CI", "false").lower() in {"", "0", "false"} or sys.stderr.isatty():
        return ""
    return f"{clock.now()[11:19]}Z "
