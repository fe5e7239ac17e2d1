"""What is asked of an Engine and what it answers, whichever library speaks HTTP with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its body is sent as JSON, and its head is answered within `timeout` seconds.

    The names in `path` are quoted already; it may hold its query.
    """

    method: str
    path: str
    timeout: float
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Reply(Protocol):
    """An answer of which the head has come."""

    status: int
    headers: Mapping[str, str]

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def read1(self, most: int, /) -> bytes:
        """Return the next piece of the body, nothing at its end."""

    def unlimited(self) -> None:
        """Let the pieces take any time to come."""

    def shutdown(self) -> None:
        """End what is read, also for a thread that is waiting in it."""


class Client(Protocol):
    """What makes requests of one Engine."""

    def close(self) -> None:
        """Close its connections."""

    def ask(self, request: Request) -> Reply:
        """Return an answer, of which the head has come. Raise OSError or HTTPException."""
