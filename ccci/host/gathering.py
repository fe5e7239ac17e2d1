"""What a process prints, gathered with a bound in bytes and in time.

A child's output is as long as whoever wrote the child wants it to be: an image's own tool, or
docker quoting a stranger's file. Nothing here reads on without an end.
"""

import os
import re
import selectors
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Protocol

from ccci.host.clock import monotonic
from ccci.host.masking import Mask
from ccci.host.secret_values import SHORTEST_WORD, forms

LONGEST_LINE = 16 * 1024
"""Bytes after which a line is handed on although it has not ended."""

_CHUNK = 65536

_ONLY_THAT_IT_FAILED = re.compile(
    r"(?:g?make(?:\[\d+\])?: \*\*\* |error: recipe |task: failed to run task |exit status \d+$)",
    re.IGNORECASE,
)

Take = Callable[[str], None]
Masks = Callable[[], Iterable[Mask]]
"""Returns what is not to be shown, as far as it is known by then."""


class Printing(Protocol):
    """A process whose two streams are pipes of ours."""

    stdout: IO[bytes] | None
    stderr: IO[bytes] | None


def gather(process: Printing, *, until: float, most: int) -> tuple[bytes, bytes]:
    """Return what a process prints until it closes both streams.

    Raise TimeoutError when the clock (`monotonic`) says `until`, OverflowError when both together
    are more than `most` bytes.
    """
    said = (bytearray(), bytearray())
    with selectors.DefaultSelector() as selector:
        for stream, kept in zip((process.stdout, process.stderr), said, strict=True):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, kept)
        while selector.get_map():
            left = until - monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.extend(chunk)
                if sum(map(len, said)) > most:
                    raise OverflowError
    return bytes(said[0]), bytes(said[1])


def last_words(lines: Iterable[str]) -> str:
    """Return the last line that says something, or nothing.

    That of a tool which only says of the program it ran that it failed (make, just, go-task, Go's
    os/exec) is no reason where there is another line.
    """
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if not _ONLY_THAT_IT_FAILED.match(line)]
    return (["", *said, *telling])[-1]


def pump(source: int, lines: Take, masks: Masks = tuple) -> None:
    """Hand on each line until the other side is closed; a last one may lack its newline.

    A line that is too long is handed on in pieces, none of which ends within one of the values
    that `masks` returns: of a half, nobody would know that it is to be hidden.
    """
    for line in _lines(source, masks):
        lines(line.decode(errors="replace").rstrip("\r"))
    os.close(source)


def _lines(source: int, masks: Masks) -> Iterator[bytes]:
    rest = b""
    while True:
        try:
            chunk = os.read(source, _CHUNK)
        except OSError:  # Linux answers EIO once nobody holds the terminal's other side
            chunk = b""
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            pieces, last = _cut(line, _whole(line, masks), ended=True)
            yield from (*pieces, last)
        pieces, rest = _cut(rest, _whole(rest, masks), ended=not chunk)
        yield from pieces
        if not chunk:
            if rest:
                yield rest
            return


def _whole(line: bytes, masks: Masks) -> list[bytes]:
    """Return what must not be cut in a line, which is nothing where none is long."""
    if len(line) <= LONGEST_LINE:
        return []
    found = {form for each in tuple(masks()) if isinstance(each, str) for form in forms(each)}
    return [
        each.encode(errors="surrogatepass") for each in sorted(found) if len(each) >= SHORTEST_WORD
    ]


def _cut(line: bytes, whole: list[bytes], *, ended: bool) -> tuple[list[bytes], bytes]:
    """Return the pieces of a line, and its last, to which more may come unless it has `ended`."""
    pieces = []
    room = LONGEST_LINE if ended else LONGEST_LINE + max(map(len, whole), default=0)
    while len(line) > room:
        at = _place(line, whole)
        pieces.append(line[:at])
        line = line[at:]
    return pieces, line


def _place(line: bytes, whole: list[bytes]) -> int:
    """Return where to cut a line that is too long: at the last place that is within no value."""
    at = LONGEST_LINE
    while at > 0:
        around = (
            (line.find(each, max(0, at - len(each) + 1), at + len(each) - 1)) for each in whole
        )
        begin = min((each for each in around if each >= 0), default=at)
        if begin == at:
            return at
        at = begin
    return LONGEST_LINE
