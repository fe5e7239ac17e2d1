"""What a program printed on a terminal, as a person would read it off the screen; pure."""

import re

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def plain(line: str) -> str:
    """Return a line without escapes, and without text that was written over."""
    return _ESCAPE.sub("", line).rstrip("\r\n").rsplit("\r", 1)[-1].rstrip()
