"""Work that an interrupt may delay, but not prevent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def ensured(action: Callable[[], None]) -> Iterator[None]:
    """Do `action` at the end of the block, whatever ends it.

    It is begun again when an interrupt comes between the block and its end, so it has to be
    idempotent. There is no second interrupt: `cli` lets only the first one through.
    """
    done = False

    def once() -> None:
        nonlocal done
        if done:
            return
        try:
            action()
        except Exception:
            done = True
            raise
        done = True

    try:
        try:
            yield
        finally:
            once()
    finally:
        once()
