"""What a program printed on a terminal, as a person would read it off the screen; pure."""

from ccci.host.sanitizer import line as one_line
from ccci.host.sanitizer import without_escapes


def plain(line: str) -> str:
    """Return a line without escapes, and without text that was written over."""
    shown = without_escapes(line).rstrip("\r\n").rsplit("\r", 1)[-1]
    return one_line(shown).rstrip()
