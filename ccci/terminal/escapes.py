"""What a terminal is told beside text (ECMA-48), and which terminals take it."""

from collections.abc import Mapping

ERASE = "\r\x1b[2K"
"""The beginning of a terminal's line, and nothing on it (EL)."""

ERASE_REST = "\x1b[0K"
"""Nothing from here to the end of the line (EL)."""


def tinted(text: str, tint: str) -> str:
    """Return a text in a colour or weight (SGR), which ends with it."""
    return f"\x1b[{tint}m{text}\x1b[0m"


def are_taken(environ: Mapping[str, str]) -> bool:
    """Say whether a terminal of this environment takes escapes."""
    return environ.get("TERM") != "dumb"
