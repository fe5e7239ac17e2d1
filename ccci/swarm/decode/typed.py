"""One key of an Engine's JSON object, held to its type. Pure.

A key that is absent or null is told as such; one of another type is an answer that makes no sense,
and raises EngineError: whatever the Engine sends, decoding gives a value or this one error.
"""

import math
from collections.abc import Mapping
from typing import Any

from ccci.errors import NO_ENGINE, EngineError

Json = Mapping[str, Any]
"""An object of JSON that is read."""
OwnJson = dict[str, Any]
"""One that its holder may change: as it came from the Engine, or as it is put together."""
_NANOSECONDS = 1e9
_LARGEST = 2**64  # the Engine counts in 64 bits


class UnknownWord(EngineError):  # noqa: N818 -- reads as what happened
    """The Engine says a word that no Engine up to 29 says: it may be newer than this ccci."""

    def __init__(self, message: str) -> None:
        super().__init__(0, message, "this Engine may be newer than this ccci: upgrade ccci")


def nonsense(key: str, value: object, wanted: str) -> EngineError:
    """Return the error of a key that is not what it has to be."""
    return EngineError(
        0,
        f"the Engine's answer makes no sense: {key!r} is {type(value).__name__}, not {wanted}",
        NO_ENGINE,
    )


def an_object(value: object, what: str) -> Json:
    """Return a value that has to be an object."""
    if not isinstance(value, (dict, Mapping)):  # a plain dict first: the other question is slow
        raise nonsense(what, value, "an object")
    return value


def inside(raw: Json, key: str) -> Json:
    """Return the object under a key, empty where it is absent or null."""
    found = raw.get(key)
    return {} if found is None else an_object(found, key)


def text(raw: Json, key: str) -> str:
    """Return the text under a key, empty where it is absent or null."""
    found = raw.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise nonsense(key, found, "a text")
    return found


def whole(raw: Json, key: str) -> int | None:
    """Return the whole number under a key, or None where it is absent or null."""
    found = raw.get(key)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool) or abs(found) >= _LARGEST:
        raise nonsense(key, found, "a whole number")
    return found


def number(raw: Json, key: str) -> float | None:
    """Return the number under a key, or None where it is absent or null."""
    found = raw.get(key)
    if found is None:
        return None
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        raise nonsense(key, found, "a number")
    if abs(found) >= _LARGEST or not math.isfinite(found):
        raise nonsense(key, found, "a number that the Engine can count to")
    return float(found)


def required(raw: Json, key: str) -> float:
    """Return the number under a key that has to be there."""
    found = number(raw, key)
    if found is None:
        raise nonsense(key, None, "a number")
    return found


def seconds(raw: Json, key: str) -> float | None:
    """Return the nanoseconds under a key in seconds, or None where it is absent or null."""
    found = whole(raw, key)
    return None if found is None else found / _NANOSECONDS


def items(raw: Json, key: str) -> list[Any]:
    """Return the list under a key, empty where it is absent or null."""
    found = raw.get(key)
    if found is None:
        return []
    if not isinstance(found, (list, tuple)):
        raise nonsense(key, found, "a list")
    return list(found)


def objects(raw: Json, key: str) -> list[Json]:
    """Return the objects of the list under a key."""
    return [an_object(each, key) for each in items(raw, key)]


def texts(raw: Json, key: str) -> list[str]:
    """Return the texts of the list under a key."""
    found = items(raw, key)
    for each in found:
        if not isinstance(each, str):
            raise nonsense(key, each, "a text")
    return found


def labels(raw: Json, key: str = "Labels") -> dict[str, str]:
    """Return the object of texts under a key; a null is an empty text."""
    found = inside(raw, key)
    return {name: text(found, name) for name in found}


def index(raw: Json, key: str) -> int | None:
    """Return the index of a version under a key; the Engine writes 0 as an empty object."""
    found = raw.get(key)
    return None if found is None else whole(an_object(found, key), "Index") or 0
