"""What `abra.sh` exports, without running it."""

import re
from dataclasses import dataclass

from ccci.recipe.dotenv import LARGEST_ENV, check_length, expand

_EXPORT = re.compile(r"export\s+(?P<words>[A-Za-z_].*)")
_PIECE = re.compile(
    r"""(?P<blank>\s+)|(?P<plain>[^\s'"\\]+)|\\(?P<escaped>.)|'(?P<single>[^']*)'"""
    r"""|"(?P<double>(?:[^"\\]|\\.)*)\"""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Export:
    """A variable's value, and the line that exports it."""

    value: str
    line: int


def exports(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the values of what `abra.sh` exports, and notes, as `read` does."""
    found, notes = read(text)
    return {key: each.value for key, each in found.items()}, notes


def read(text: str) -> tuple[dict[str, Export], tuple[str, ...]]:
    """Return what `abra.sh` exports, without running it, and notes on what was passed over.

    Only lines that begin with `export` count, as for abra: an indented one is inside a function.
    What only a shell could work out is not guessed.
    """
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    notes: list[str] = []
    left = LARGEST_ENV
    for number, line in enumerate(text.split("\n"), 1):
        match = _EXPORT.match(line)
        if match is None:
            continue
        try:
            words = _words(match["words"])
        except ValueError:
            notes.append(f"abra.sh line {number}: an export over several lines was passed over")
            continue
        for word in words:
            key, separator, value = word.partition("=")
            if not separator or not key.isidentifier():
                continue
            if "$(" in value or "`" in value:
                notes.append(f"abra.sh line {number}: {key} is worked out by a command: not read")
                continue
            found[key] = expand(value, found)
            left -= len(found[key])
            check_length(key, found[key], left, f"abra.sh line {number}")
            lines[key] = number
    return {key: Export(found[key], line) for key, line in lines.items()}, tuple(notes)


def _words(text: str) -> list[str]:
    """Return a line of shell as words, quotes and comment gone. Raise ValueError for half a quote.

    `shlex` would do, but for the time that it takes over a long word: the square of its length.
    """
    words: list[list[str]] = [[]]
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise ValueError("no closing quotation")
        at = found.end()
        if found["blank"]:
            words.append([])
        elif found["plain"] and found["plain"].startswith("#") and not words[-1]:
            break
        elif found["double"] is not None:
            words[-1].append(re.sub(r'\\(["\\])', r"\1", found["double"]))
        else:
            words[-1].append(found["plain"] or found["single"] or found["escaped"] or "")
    return ["".join(word) for word in words if word]
