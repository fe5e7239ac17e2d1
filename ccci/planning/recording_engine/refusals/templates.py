"""What Swarm cannot expand in a service's environment, host name and mounts. Pure.

Swarm tries its templates at each write (swarmkit manager/controlapi/service.go
validateContainerSpec, template/expand.go), with Go's text/template. Only what fails there for sure
is told: a field that Swarm does not have, a function that nobody knows, an action without an end.
"""

import re
from collections.abc import Iterator
from typing import Any

from ccci.swarm.decode.typed import Json, inside, labels, objects, text, texts

_TEXT = "string"
_LABELS = "labels"
_CONTEXT: dict[str, Any] = {
    "Service": {"ID": _TEXT, "Name": _TEXT, "Labels": _LABELS},
    "Node": {
        "ID": _TEXT,
        "Hostname": _TEXT,
        "Platform": {"Architecture": _TEXT, "OS": _TEXT},
    },
    "Task": {"ID": _TEXT, "Name": _TEXT, "Slot": _TEXT},
}
"""swarmkit template/context.go: what a template may name."""

_WORDS = frozenset(
    # Go's text/template: its functions, its keywords, its constants; and swarmkit's own.
    {"and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf"}
    | {"println", "urlquery", "eq", "ge", "gt", "le", "lt", "ne", "join"}
    | {"if", "else", "end", "range", "define", "template", "block", "with", "break", "continue"}
    | {"true", "false", "nil"}
)
_PART = re.compile(r"""\{\{|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|\}\}""")
_FIELDS = re.compile(r"(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def fault(container: Json) -> str:
    """Return the Engine's words for a template of a container that fails, without any value."""
    for place, words in _places(container):
        said = _fails(words)
        if said:
            return f"expanding {place}: template: expansion:1: {said}"
    return ""


def _places(container: Json) -> Iterator[tuple[str, str]]:
    """Yield what is expanded, in Swarm's order, with where it stands."""
    for each in texts(container, "Env"):
        name, _, value = each.partition("=")
        yield f'env failed: expanding env "{name}"', value
    for mount in objects(container, "Mounts"):
        target = text(mount, "Target")
        yield "mounts failed: expanding mount source", text(mount, "Source")
        yield f'mounts failed: expanding mount target "{target}"', target
        options = inside(mount, "VolumeOptions")
        for value in labels(options).values():
            yield "mounts failed: expanding volume labels", value
        for value in labels(inside(options, "DriverConfig"), "Options").values():
            yield "mounts failed: expanding volume driver config", value
    yield "hostname failed", text(container, "Hostname")


def _fails(words: str) -> str:
    if "{{" not in words:
        return ""
    said = (_wrong(each, words) for each in _actions(words))
    return next((each for each in said if each), "")


def _actions(words: str) -> Iterator[str | None]:
    """Yield what stands between the braces of each action, None for one without an end."""
    at = words.find("{{")
    while at >= 0:
        comment = re.match(r"\{\{(?:- )?/\*", words[at:])
        end = words.find("*/", at) if comment else _end(words, at + 2)
        if end < 0:
            yield None
            return
        if not comment:
            yield words[at + 2 : end]
        at = words.find("{{", end)


def _end(words: str, start: int) -> int:
    """Return where an action ends, -1 where it does not; what is quoted ends none."""
    ends = (each.start() for each in _PART.finditer(words, start) if each.group() == "}}")
    return next(ends, -1)


def _wrong(action: str | None, words: str) -> str:
    if action is None:
        return "unclosed action"
    body = action.removeprefix("- ").removesuffix(" -").strip()
    if not body:
        return "missing value for command"
    if any(each in body for each in "\"'`()$"):
        return ""  # more than can be told from outside
    said = (_wrong_command(each.strip(), words) for each in body.split("|"))
    return next((each for each in said if each), "")


def _wrong_command(command: str, words: str) -> str:
    parts = command.split()
    first = parts[0] if parts else ""
    if _WORD.fullmatch(first) and first not in _WORDS:
        return f'function "{first}" not defined'
    # Inside of `with` and `range` the dot is another one.
    if len(parts) != 1 or not _FIELDS.fullmatch(first) or re.search(r"\b(?:with|range)\b", words):
        return ""
    return _unknown_field(first)


def _unknown_field(path: str) -> str:
    known: Any = _CONTEXT
    for name in path[1:].split("."):
        if known == _LABELS:
            # Swarm tries it without labels, and a map has to have its key.
            return f'executing "expansion" at <{path}>: map has no entry for key "{name}"'
        if not isinstance(known, dict) or name not in known:
            return f'executing "expansion" at <{path}>: can\'t evaluate field {name}'
        known = known[name]
    return ""
