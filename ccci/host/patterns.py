"""Patterns that take long to compile, and that most starts have no use for. Pure."""

import re
from collections.abc import Callable
from functools import cache, partial


def late(text: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """Return what gives a pattern, compiled at its first use."""
    return cache(partial(re.compile, text, flags))
