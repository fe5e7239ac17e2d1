"""A request to the recording Engine, read so that nobody else would read another one out of it.

What is not clear, too large or too slow raises ValueError (or TimeoutError, by the socket): COMMAND
may send what it likes, and what is left of such a request is never taken for the next one.
"""

import re
from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase
from urllib.parse import unquote

from ccci.host import clock

LARGEST = 8 * 2**20
"""Bytes of a body; Swarm takes a config of one."""

WITHIN = 60.0
"""Seconds that a body may take, and that a connection may say nothing."""

_LINE = 1024
_CHUNK = 65536
_VERSION = re.compile(r"/v\d+\.\d+(?=/)")
# One slash at a time, and no character that another reader leaves out or takes for something else.
_PLAIN = re.compile(r"(?:/[^/\\\x00-\x20\x7f#?%]+)+/?|/")
_DOTS = re.compile(r"/\.\.?(?:/|$)")
_DECIMAL, _HEXADECIMAL = re.compile(r"[0-9]{1,12}"), re.compile(r"[0-9A-Fa-f]{1,12}")


def path_of(target: str) -> tuple[str, str]:
    """Return the path that a request asks for, decoded and without its version, and its query."""
    raw, _, query = target.partition("?")
    path = unquote(raw, errors="replace")
    if not _PLAIN.fullmatch(path) or _DOTS.search(path):
        raise ValueError("its address is no plain path")
    found = _VERSION.match(path)
    return (path[found.end() :] if found else path).rstrip("/") or "/", query


def version_of(target: str) -> str:
    """Return the API version that a request names, such as 1.41, or nothing."""
    found = _VERSION.match(unquote(target, errors="replace"))
    return found[0].removeprefix("/v") if found else ""


def body(stream: BufferedIOBase, headers: Message) -> bytes:
    """Return the body that the headers announce."""
    lengths = headers.get_all("Content-Length") or []
    encodings = [each.lower() for each in headers.get_all("Transfer-Encoding") or []]
    until = clock.monotonic() + WITHIN
    if encodings == ["chunked"] and not lengths:
        return b"".join(_chunks(stream, until))
    if encodings or len(lengths) > 1:
        raise ValueError("its length is told in two ways")
    return _exactly(stream, _number(lengths[0]) if lengths else 0, until)


def _chunks(stream: BufferedIOBase, until: float) -> Iterator[bytes]:
    taken = 0
    while size := _number(_line(stream).split(b";")[0].strip().decode(), _HEXADECIMAL):
        taken += size
        if taken > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes")
        yield _exactly(stream, size, until)
        if _line(stream):
            raise ValueError("a part of it is longer than it says")
    while _line(stream):  # trailers
        if clock.monotonic() > until:
            raise ValueError("it comes too slowly")


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(_LINE)
    if not line.endswith(b"\n"):
        raise ValueError("it ends in the middle")
    return line.strip()


def _exactly(stream: BufferedIOBase, size: int, until: float) -> bytes:
    if size > LARGEST:
        raise ValueError(f"it has more than {LARGEST} bytes")
    found = bytearray()
    while len(found) < size:
        chunk = stream.read1(min(size - len(found), _CHUNK))
        if not chunk:
            raise ValueError("it ends in the middle")
        if clock.monotonic() > until:
            raise ValueError("it comes too slowly")
        found += chunk
    return bytes(found)


def _number(text: str, digits: re.Pattern[str] = _DECIMAL) -> int:
    """Return a number of digits alone: no sign, no blank, no underscore."""
    if not digits.fullmatch(text):
        raise ValueError("it does not say how long it is")
    return int(text, 10 if digits is _DECIMAL else 16)
