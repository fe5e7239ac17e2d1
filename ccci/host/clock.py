"""The only reader of the clock; everything else is told what time it is."""

import time
from datetime import UTC, date, datetime


def monotonic() -> float:
    """Return seconds on a clock that never steps back; only differences mean anything."""
    return time.monotonic()


def now() -> str:
    """Return the wall clock as RFC 3339 in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix() -> float:
    """Return the wall clock in seconds of Unix."""
    return time.time()


def today() -> date:
    """Return the day, in UTC."""
    return datetime.now(UTC).date()


def sleep(seconds: float) -> None:
    """Sleep; never used in place of a condition, only between two looks at one."""
    time.sleep(max(0.0, seconds))
