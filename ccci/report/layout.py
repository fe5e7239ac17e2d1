"""Rows of a story, laid out for the width at hand. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ccci.exits import Verdict
from ccci.host.sanitizer import line as one_line
from ccci.report.columns import columns, end_of, shortened

_TAB = 4
_NARROWEST = 20
"""Columns that a text gets at least: on less than that nothing can be read anyway."""


class Tone(StrEnum):
    """What a colour would say; the words say it too."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    ODD = "odd"
    QUIET = "quiet"


def tone(verdict: Verdict) -> Tone:
    """Return the tone of a verdict: that of a good end, of a bad one, of one that says nothing."""
    if verdict.exit_code == 0:
        return Tone.GOOD
    return Tone.BAD if verdict.says_something else Tone.ODD


@dataclass(frozen=True, slots=True)
class Row:
    """One thing told: what leads it, and a text that hangs behind.

    `hang` is the column in which its further lines begin. A `quoted` row is cut where the line
    ends, since somebody else's output is read line by line; another is wrapped. The tone is that of
    the lead; of a `loud` row it is that of the whole.
    """

    lead: str
    text: str = ""
    tone: Tone = Tone.PLAIN
    hang: int = 0
    quoted: bool = False
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line on the screen: its lead, in its tone, and the rest, which a `loud` one tints too."""

    lead: str
    text: str
    tone: Tone = Tone.PLAIN
    loud: bool = False

    def __str__(self) -> str:
        """Return it without colour."""
        return (self.lead + self.text).rstrip()


def laid_out(rows: Iterable[Row], width: int | None) -> list[Line]:
    """Return rows as lines of at most `width` columns, or each row in one line without."""
    return [line for row in rows for line in _lines(row, width)]


def that_fit(
    rows: Iterable[Mapping[str, str]],
    heads: Sequence[str],
    given_up: Iterable[str],
    width: int | None,
    gap: int,
) -> list[str]:
    """Return the columns of a table that fit side by side, with `gap` columns between two.

    Those that are `given_up` are left out one by one, the first first; none without a `width`.
    """
    widths = {head: columns(head) for head in heads}
    for row in rows:
        widths = {head: max(most, columns(row[head])) for head, most in widths.items()}
    left = list(heads)
    for head in given_up:
        if width is None or sum(widths[each] + gap for each in left) - gap <= width:
            break
        left = [each for each in left if each != head]
    return left


def _lines(row: Row, width: int | None) -> Iterator[Line]:
    lead = one_line(row.lead).expandtabs(_TAB)
    text = one_line(row.text).expandtabs(_TAB)
    if width is None:
        yield Line(lead, text, row.tone, row.loud)
        return
    room = max(width - columns(lead), _NARROWEST)
    if row.quoted:
        yield Line(lead, shortened(text, room), row.tone)
        return
    below = max(width - row.hang, _NARROWEST)
    whole = _COMMAND.search(text) is not None
    first, *rest = (_to_paste if whole else _wrapped)(text, room, below)
    yield Line(lead, first, row.tone, row.loud)
    for each in rest:
        yield Line(" " * row.hang, each, row.tone if row.loud else Tone.PLAIN, row.loud)


_COMMAND = re.compile(r"`docker [^`]*`")
_BLANKS = re.compile(" +")
_BLANK = re.compile(r"""'[^']*'|"[^"]*"|( +)""")
_GOES_ON = " \\"
"""What tells a shell that a command goes on in the next line."""


def _to_paste(text: str, room: int, below: int) -> Iterator[str]:
    """Yield a text in lines that a command in it can be pasted from.

    It is broken between two words of a shell alone, and a word of more than a line stays whole.
    """
    line = ending = ""
    for part, end in _parts(text):
        joined = f"{line} {part}" if line else part
        if line and columns(joined + end) > room:
            yield line + ending
            joined, room = part, below
        line, ending = joined, end
    yield line


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a text, and what a line ends with that is broken after one."""
    gaps: list[tuple[tuple[int, int], str]] = []
    behind = 0
    for command in _COMMAND.finditer(text):
        begin, end = command.span()
        gaps += [(found.span(), "") for found in _BLANKS.finditer(text, behind, begin)]
        inner = [found.span(1) for found in _BLANK.finditer(text, begin, end) if found[1]]
        gaps += [(span, _GOES_ON) for span in inner]
        behind = end
    gaps += [(found.span(), "") for found in _BLANKS.finditer(text, behind)]
    at = 0
    for (begin, end), ending in gaps:
        yield text[at:begin], ending
        at = end
    yield text[at:], ""


def _wrapped(text: str, room: int, below: int) -> Iterator[str]:
    """Yield a text in lines, the first of `room` columns; a word that is too long is cut.

    Each character is looked at a few times, however long the text is: it may be a stranger's.
    """
    at = 0
    while (end := end_of(text, at, room)) < len(text):
        # A blank that stands right behind what fits ends the line as well.
        gap = text.rfind(" ", at, end_of(text, at, room + 1))
        if gap > at:
            yield text[at:gap].rstrip()
            at = _behind_blanks(text, gap)
            if at == len(text):
                return
        else:
            yield text[at:end]
            at = end
        room = below
    yield text[at:]


def _behind_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def widest(lines: Sequence[Line]) -> int:
    """Return the columns of the widest line."""
    return max((columns(str(line)) for line in lines), default=0)
