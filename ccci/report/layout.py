"""Rows of a story, laid out for the width at hand. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ccci.exits import Verdict
from ccci.host.sanitizer import line as one_line

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


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1


def shortened(text: str, most: int) -> str:
    """Return a text in at most so many columns; what is left out is a `…`."""
    if columns(text) <= most:
        return text
    return _head(text, most - 1).rstrip() + "…"


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


def _head(text: str, most: int) -> str:
    """Return as much of the beginning of a text as fits into so many columns."""
    if text.isascii():
        return text[:most]
    taken, at = 0, 0
    for at, character in enumerate(text):
        taken += _columns(character)
        if taken > most:
            return text[:at]
    return text


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
    first, rest = _filled(text, room)
    yield Line(lead, first, row.tone, row.loud)
    room = max(width - row.hang, _NARROWEST)
    while rest:
        first, rest = _filled(rest, room)
        yield Line(" " * row.hang, first, row.tone if row.loud else Tone.PLAIN, row.loud)


def _filled(text: str, room: int) -> tuple[str, str]:
    """Return what of a text fills one line, and the rest; a word that is too long is cut."""
    if columns(text) <= room:
        return text, ""
    head = _head(text, room + 1)
    at = head.rfind(" ")
    if at > 0:
        return text[:at].rstrip(), text[at:].lstrip()
    head = _head(text, room)
    return head, text[len(head) :]


def widest(lines: Sequence[Line]) -> int:
    """Return the columns of the widest line."""
    return max((columns(str(line)) for line in lines), default=0)
