"""What the Engine is asked and answers: JSON of the type that is due, or one error. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccci.errors import NO_ENGINE, EngineError, EngineUnavailable
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.labels import STACK_LABEL

WRITTEN_AGAINST = (1, 51)
OLDEST, OLDEST_ENGINE = (1, 41), "20.10"
"""The oldest API that ccci speaks, and whose it is: the oldest that the tests have run against."""

HEAVIEST = 32 * 2**20
"""Bytes of memory that an answer may take, its text and its values together."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_WIDE = re.compile(rb"[\xc4-\xff]|\\u(?!00)")
_WIDEST = re.compile(rb"[\xf0-\xff]|\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the Engine's own time of it as its `Date` header says (whole seconds).

    `empty` says that there was nothing in it, not even a null.
    """

    value: Any
    date: str | None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """An answer as it came, for whoever hands it on."""

    status: int
    content: bytes
    headers: Mapping[str, str]


def api_version(said: object) -> str:
    """Return the highest API version both sides know; engine 29 refuses those below 1.44."""
    version = said if isinstance(said, dict) else {}
    newest, oldest = (numbers(version.get(key)) for key in ("ApiVersion", "MinAPIVersion"))
    if newest < OLDEST:
        raise EngineUnavailable(
            f"the Engine speaks API {version.get('ApiVersion')}, ccci needs {written(OLDEST)} "
            f"(Engine {OLDEST_ENGINE})",
            "upgrade the Docker Engine",
        )
    return written(max(min(newest, WRITTEN_AGAINST), oldest))


def written(version: tuple[int, ...]) -> str:
    """Return an API version as it is written."""
    return ".".join(map(str, version))


def numbers(version: object) -> tuple[int, ...]:
    """Return an API version as numbers that can be compared; what is none is older than all."""
    try:
        return tuple(int(part) for part in str(version or "").split("."))
    except ValueError:
        return (0,)


def decoded(status: int, body: bytes) -> Any:  # noqa: ANN401 -- JSON
    """Return the JSON of an answer. Raise EngineError when it is none, or would take the memory."""
    if weight(body) > HEAVIEST:
        raise EngineError(
            status,
            f"the Engine's answer of {len(body)} bytes would take too much memory",
            NO_ENGINE,
        )
    try:
        value = json.loads(body)
        # Half of a character is a text that can be written nowhere.
        return _whole_characters(value) if _SURROGATE.search(body) else value
    except (ValueError, RecursionError) as error:
        raise EngineError(status, f"the Engine's answer is no JSON: {error}") from None


def weight(body: bytes) -> int:
    """Return about how many bytes of memory it takes to decode an answer, by its signs alone.

    What Python makes of `[[],[],[]]` takes more than twenty times its length: each object, list and
    text has a head of its own, and one wide character widens all those beside it (PEP 393).
    """
    width = 4 if _WIDEST.search(body) else 2 if _WIDE.search(body) else 1
    texts = len(body) * (1 + 2 * width)
    heads = 160 * body.count(b"{") + 96 * body.count(b"[") + 44 * body.count(b",")
    values = heads + 28 * body.count(b'"')
    return texts + values * (2 if _SURROGATE.search(body) else 1)


def _whole_characters(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_characters(each) for each in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(each) for key, each in value.items()}
    return value


def an_object(path: str, value: object) -> OwnJson:
    """Return an answer that has to be an object. Raise EngineError when it is none."""
    if not isinstance(value, dict):
        raise senseless(path, value)
    return value


def objects(path: str, value: object) -> list[OwnJson]:
    """Return a listing; null is an empty one, as Go writes it."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise senseless(path, value)
    return [identified(path, each) for each in value]


def volumes(value: object) -> list[OwnJson]:
    """Return the listing of volumes, which stands in an object of its own."""
    return objects("/volumes", an_object("/volumes", value).get("Volumes"))


def made(path: str, value: object) -> str:
    """Return the id of what was made at `path`. Raise EngineError where the answer has none."""
    found = an_object(path, value).get("ID")
    if not isinstance(found, str) or not found:
        raise senseless(path, found)
    return found


# What the Engine never leaves out, and everybody takes for granted: which one it is, and whose.
_IDENTIFIER = {"/networks": "Id", "/containers": "Id", "/volumes": "Name"}
_SPECIFIED = {"/services", "/configs", "/secrets"}


def identified(path: str, value: object) -> OwnJson:
    """Return an object of the listing at `path`; its labels are texts, an empty one where null.

    Raise EngineError for one that nobody could tell from another.
    """
    found = an_object(path, value)
    holder = found
    if path in _SPECIFIED:
        holder = an_object(path, found.get("Spec"))
    names = [found.get(_IDENTIFIER.get(path, "ID"))]
    if path in _SPECIFIED or path == "/networks":
        names.append(holder.get("Name"))
    for each in names:
        if not isinstance(each, str) or not each:
            raise senseless(path, each)
    labels = holder.get("Labels")
    for key, each in (an_object(path, labels) if labels is not None else {}).items():
        if each is None:
            holder["Labels"] = {**holder["Labels"], key: ""}
        elif not isinstance(each, str):
            raise senseless(path, each)
    return found


def senseless(path: str, value: object) -> EngineError:
    """Return the error of an answer of another type."""
    return EngineError(
        0,
        f"the Engine's answer to {path} makes no sense: it holds {type(value).__name__}",
        NO_ENGINE,
    )


def filters(stack: str | None, wanted: Mapping[str, list[str]] | None) -> dict[str, list[str]]:
    """Return the filters of a listing, with the label of a stack, if there is one."""
    found = {key: list(values) for key, values in (wanted or {}).items()}
    if stack is not None:
        found["label"] = [*found.get("label", []), f"{STACK_LABEL}={stack}"]
    return found
