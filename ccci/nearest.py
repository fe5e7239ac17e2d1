"""Which of the words that there are may have been meant by one that there is not. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.6
"""How much two words have in common that may be taken for each other (difflib's own)."""


def nearest(word: str, words: Iterable[str], most: int = 1, alike: float = ALIKE) -> list[str]:
    """Return the words that are most alike, the nearest first; at `most` so many."""
    return get_close_matches(word, list(words), most, alike)
