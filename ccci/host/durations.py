"""Durations as people type them: `90s`, `20m`, `1h30m`, or plain seconds. Pure."""

import re
from datetime import UTC, datetime, timedelta

from ccci.errors import UsageError

LONGEST_UNASKED = 2 * 3600.0
"""Seconds that a run waits at most for what only a repository asks for: nobody vouches for it."""

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


_AGO = re.compile(r"(\d{1,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def since(text: str, now: datetime, option: str) -> datetime:
    """Return the moment that a text means: so long before `now` (`12h`, `7d`, `2w`), or a date.

    A date without a zone is one of UTC. Raise UsageError naming the option.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago:
        return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r} is no time", "write it like 12h, 7d, 2w or 2026-11-19"
        ) from None


def told(seconds: float) -> str:
    """Return a duration as people read it, rounded to whole seconds: `45s`, `15m`, `1h30m`."""
    rest, parts = max(0, round(seconds)), []
    for unit in ("h", "m", "s"):
        count, rest = divmod(rest, int(_SECONDS[unit]))
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
