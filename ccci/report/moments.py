"""Moments as reports tell them, RFC 3339 in UTC. Pure."""

from datetime import datetime


def seconds_between(begun: str | None, over: str | None) -> float | None:
    """Return the seconds between two moments, or None where one is not known."""
    if not begun or not over:
        return None
    try:
        return (_read(over) - _read(begun)).total_seconds()
    except (ValueError, TypeError):
        return None


def _read(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
