"""How long a repository's own file of settings may have a run wait. Pure.

Nobody vouches for it: a stranger's pull request holds no runner for days.
"""

from ccci.errors import UsageError
from ccci.host.durations import LONGEST_UNASKED, seconds

DURATIONS = ("soak", "timeout")
"""The settings that are one."""


def refusal(name: str, text: str) -> str:
    """Return what is wrong with a setting's length, nothing where it has none or it is bearable."""
    if name not in DURATIONS:
        return ""
    try:
        length = seconds(text, name)
    except UsageError as error:
        return f"says {error.message}"
    if length is None or 0 <= length <= LONGEST_UNASKED:
        return ""
    return f"asks for {name} {text[:60]}: {LONGEST_UNASKED:g} s at most"
