"""The Engine's log streams as lines. Pure."""

from ccci.host import sanitizer

_HEADER = 8
_STREAMS = frozenset({0, 1, 2})


def lines(raw: bytes, *, tail: int = 30) -> tuple[str, ...]:
    """Return the last lines of a container's or task's log, of both its streams.

    Without a terminal the Engine puts a header of eight bytes before each frame, the stream and the
    length (API, "Attach to a container"); with one the bytes come as they are.
    """
    text = (_joined(raw) if _framed(raw) else raw).decode(errors="replace")
    # Clean before anybody looks for secrets in them: an escape may cut one in two.
    found = (sanitizer.line(line) for line in text.split("\n"))
    return tuple([line for line in found if line.strip()][-tail:])


def _framed(raw: bytes) -> bool:
    return len(raw) >= _HEADER and raw[0] in _STREAMS and raw[1:4] == b"\0\0\0"


def _joined(raw: bytes) -> bytes:
    whole: list[bytes] = []
    at = 0
    while at + _HEADER <= len(raw):
        end = at + _HEADER + int.from_bytes(raw[at + 4 : at + _HEADER], "big")
        whole.append(raw[at + _HEADER : end])
        at = end
    return b"".join(whole)
