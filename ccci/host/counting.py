"""Counts and lists in words. Pure."""

from collections.abc import Sequence


def counted(count: int, one: str) -> str:
    """Return a count with its word, which takes an `s` where it is not one."""
    return f"{count} {one if count == 1 else f'{one}s'}"


def some(words: Sequence[str], most: int, joint: str = ", ") -> str:
    """Return the first of these words, and how many more there are."""
    more = [f"{len(words) - most} more"] if len(words) > most else []
    return joint.join([*words[:most], *more])
