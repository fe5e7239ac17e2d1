"""Durations as people type them: `90s`, `20m`, `1h30m`, or plain seconds. Pure."""

import re

from ccci.errors import UsageError

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str | None, option: str) -> float | None:
    """Return a duration in seconds, None for None. Raise UsageError naming the option."""
    if text is None:
        return None
    compact = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        return float(compact)
    parts = _PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise UsageError(
            f"{option} {text!r} is no duration", "write it like 90s, 20m or 1h30m, or in seconds"
        )
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
