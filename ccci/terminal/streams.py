"""Standard output and error that nobody has to read: a lost reader, or a full disk, raises nothing.

Who writes below this never learns of the loss, and goes on judging; `cli` asks at the end.
"""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from ccci.terminal import escapes

_STANDARD = (0, 1, 2)


@dataclass(slots=True)
class Streams:
    """What became of the streams."""

    lost: set[int] = field(default_factory=set)
    """The descriptors that could not be written to any more."""

    def say(self, line: str) -> None:
        """Write a line to standard error past every buffer: this much a signal's handler may do.

        On a terminal it takes the place of a line that is redrawn there.
        """
        redrawn = os.isatty(2) and escapes.are_taken(os.environ)
        try:
            os.write(2, f"{escapes.ERASE if redrawn else ''}{line}\n".encode())
        except OSError:
            self.lost.add(2)


class _Tolerant(io.TextIOWrapper):
    """A stream whose writing never fails: what cannot be written goes nowhere from then on.

    What really writes is C, so that no signal's exception comes between a line and the note that
    it is written, which would have it written again.
    """

    def __init__(self, descriptor: int, streams: Streams, **like: Any) -> None:  # noqa: ANN401
        super().__init__(open(descriptor, "wb", closefd=False), **like)  # noqa: SIM115
        self._descriptor = descriptor
        self._streams = streams

    def write(self, text: str, /) -> int:
        """Write, or drop."""
        with _losing(super().flush, self._descriptor, self._streams):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is left, or drop it."""
        with _losing(super().flush, self._descriptor, self._streams):
            super().flush()


@contextmanager
def _losing(flush: Callable[[], None], descriptor: int, streams: Streams) -> Iterator[None]:
    """Let what the block writes be lost, and what is written to this descriptor from then on."""
    try:
        yield
    except BlockingIOError:  # somebody who shares the terminal made it so
        os.set_blocking(descriptor, True)
        flush()
    except OSError:
        streams.lost.add(descriptor)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
        flush()  # what is left goes there at once: Python would try it again at its end


@contextmanager
def tolerant() -> Iterator[Streams]:
    """Let standard output and error be ones that may be lost, for the block.

    A stream that was closed from the start is nobody's: it goes nowhere, and is not lost. Its
    number is taken, lest a file that is opened later becomes somebody's standard output.
    """
    streams = Streams()
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    before = (sys.stdout, sys.stderr)
    sys.stdout = _over(sys.stdout, 1, streams)
    sys.stderr = _over(sys.stderr, 2, streams)
    try:
        yield streams
    finally:
        for stream, old in ((sys.stdout, before[0]), (sys.stderr, before[1])):
            if stream is not old:
                stream.flush()
        sys.stdout, sys.stderr = before


def _over(stream: TextIO | None, descriptor: int, streams: Streams) -> TextIO:
    """Return a tolerant stream in place of one; a test's own, which is no descriptor, as it is."""
    if stream is not None:
        number = None
        with suppress(OSError, ValueError, AttributeError):
            number = stream.fileno()
        if number != descriptor or not isinstance(stream, io.TextIOWrapper):
            return stream
        with _losing(stream.flush, descriptor, streams):
            stream.flush()
    ours = stream if isinstance(stream, io.TextIOWrapper) else None
    return _Tolerant(
        descriptor,
        streams,
        encoding=ours.encoding if ours else "utf-8",
        # A file's name may hold what the terminal's encoding has not.
        errors="backslashreplace",
        line_buffering=descriptor == 2 or bool(ours and ours.isatty()),  # noqa: PLR2004
        write_through=bool(ours and ours.write_through),
    )
