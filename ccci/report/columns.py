"""How many columns of a terminal a text takes, and as much of it as fits into some. Pure."""

import unicodedata


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
    return text[: end_of(text, 0, most - 1)].rstrip() + "…"


def end_of(text: str, at: int, most: int) -> int:
    """Return where what fits into so many columns ends, of a text from `at` on."""
    if text.isascii():
        return min(at + most, len(text))
    taken = 0
    for end in range(at, len(text)):
        taken += _columns(text[end])
        if taken > most:
            return end
    return len(text)
