"""The sweep: which recipes can be rolled back behind your back, and what to change.

It offers to other programs: `find` compose files, `sweep` them, also with rules of one's own.
"""

from typing import TYPE_CHECKING

from ccci.lazily import offering

if TYPE_CHECKING:
    from ccci.sweep.inventory import ComposeSet, find, merged
    from ccci.sweep.model import Finding, Sweep
    from ccci.sweep.rules import RULES, Choice, Hit, Rule, Severity, Subject
    from ccci.sweep.static import Settings, sweep
else:
    __getattr__, __dir__ = offering(
        __name__,
        {
            "ccci.sweep.inventory": ("ComposeSet", "find", "merged"),
            "ccci.sweep.model": ("Finding", "Sweep"),
            "ccci.sweep.rules": ("RULES", "Choice", "Hit", "Rule", "Severity", "Subject"),
            "ccci.sweep.static": ("Settings", "sweep"),
        },
    )

__all__ = [
    "RULES",
    "Choice",
    "ComposeSet",
    "Finding",
    "Hit",
    "Rule",
    "Settings",
    "Severity",
    "Subject",
    "Sweep",
    "find",
    "merged",
    "sweep",
]
