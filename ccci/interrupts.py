"""The signal that ended the run, for the rare case that its exception was lost.

Python drops an exception that a signal handler raises inside a `__del__` or a callback of the
garbage collector ("Exception ignored in"): `check` raises it again at the next step.
"""

import sys

from ccci.errors import Interrupted

_noted: list[int] = []


def hide_lost() -> None:
    """Keep Python from printing a traceback of the exception that it drops; `check` has it."""
    print_it = sys.unraisablehook

    def hook(lost: "sys.UnraisableHookArgs") -> None:
        if not isinstance(lost.exc_value, Interrupted):
            print_it(lost)

    sys.unraisablehook = hook


def note(signal_number: int) -> None:
    """Remember the signal; its handler raises Interrupted right after."""
    _noted.append(signal_number)


def check() -> None:
    """Raise Interrupted when a signal came in; for steps that none may be followed by."""
    if _noted:
        raise Interrupted(_noted[0])
