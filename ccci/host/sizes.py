"""Amounts of memory as people read them. Pure."""

_UNITS = ((30, "GiB"), (20, "MiB"), (10, "KiB"))


def told(amount: int) -> str:
    """Return bytes as people write them: `512 MiB`."""
    for power, unit in _UNITS:
        if amount >= 2**power:
            return f"{amount / 2**power:.4g} {unit}"
    return f"{amount} B"
