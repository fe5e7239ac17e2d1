"""The signals that end a run: the first one raises Interrupted, those after it are answered.

INT, TERM, HUP (a closed terminal, a dropped ssh session) and QUIT go through the same cleanup.
Python drops an exception that a signal handler raises inside a `__del__` or a callback of the
garbage collector ("Exception ignored in"): `check` raises it again at the next step.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ccci.errors import INTERRUPTIONS, Interrupted
from ccci.host import clock

EXIT_CODES = frozenset(128 + number for number in INTERRUPTIONS)

_noted: list[int] = []
_hurried: list[int] = []
_PLAIN = "ending what runs, and removing what was made for it"
_leads_to: list[tuple[str, bool]] = [(_PLAIN, False)]
_LEFT = "it for `ccci sweep leftovers`"
_TWICE_AT_ONCE = 1.0


@contextmanager
def leading_to(words: str, *, removes: bool = False) -> Iterator[None]:
    """Let a signal be answered with these words for the block: what it leads to, how long at most.

    Where that `removes` something, a second Ctrl-C at a terminal, after it was read what that does,
    makes `hurried` true.
    """
    _leads_to.append((words, removes))
    try:
        yield
    finally:
        _leads_to.pop()


def hurried() -> bool:
    """Say whether a second Ctrl-C asked to leave what is still to be removed."""
    return bool(_hurried)


def _can_hurry(first: int) -> bool:
    """Say whether somebody who sits there stopped a run that removes what it made.

    A CI that is in a hurry sends a second signal, too, and would find what was left at the next
    run; nobody reads what it does.
    """
    return first == signal.SIGINT and _leads_to[-1][1] and _is_terminal()


def _is_terminal() -> bool:
    try:
        return os.isatty(0) and os.isatty(2)
    except OSError:
        return False


def _is_later(stopped_at: float) -> bool:
    return clock.monotonic() - stopped_at >= _TWICE_AT_ONCE


@contextmanager
def heard(say: Callable[[str], None]) -> Iterator[None]:
    """Let these signals raise Interrupted for the block, the first one that comes.

    `say` writes a line, from within a handler. A signal that was to be passed over from the start
    (nohup) is. After the block none ends the process any more: it is about to exit by itself.
    """
    ours = [number for number in INTERRUPTIONS if signal.getsignal(number) is not signal.SIG_IGN]

    stopped = [0.0]

    def first(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        # A second signal must not cut the cleanup short that the first one began. Not SIG_IGN:
        # what the cleanup starts would inherit that, and could not be ended.
        for each in ours:
            signal.signal(each, later)
        stopped[0] = clock.monotonic()
        again = f"; ^C again leaves {_LEFT}" if _can_hurry(number) else ""
        say(f"{INTERRUPTIONS[number]}, stopping: {_leads_to[-1][0]}{again}")
        note(number)
        raise Interrupted(number)

    def later(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        # Who presses twice at once did not read what the second one does.
        if number == signal.SIGINT and _can_hurry(_noted[0]) and _is_later(stopped[0]):
            _hurried.append(number)
            say(f"leaving {_LEFT}")
        else:
            say(
                "ccci is ending already, and removes what it made before it goes; "
                f"kill -9 {os.getpid()} ends it at once, and leaves {_LEFT}"
            )

    for each in ours:
        signal.signal(each, first)
    hide_lost()
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, _pass_over)


def _pass_over(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


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


def behind(error: BaseException) -> Interrupted | None:
    """Return the signal that an exception hides, or None.

    Python may wrap what is raised while a class is made, so while a module is imported
    (`RuntimeError: Error calling __set_name__`, up to 3.11).
    """
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, Interrupted):
        seen = seen.__cause__ or seen.__context__
    return seen if isinstance(seen, Interrupted) else None
