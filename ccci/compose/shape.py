"""What docker's schemas say of a value, in few words, and the check of a tree against it.

A value is one of five JSON kinds; a shape says which it may be and what holds for each. docker
reports the deepest fault (cli/compose/schema/schema.go), and so does `check`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccci.compose.tree import Map, Seq, Timestamp

STRING, NUMBER, INTEGER, BOOLEAN, NULL, LIST, MAPPING = (
    "string",
    "number",
    "integer",
    "boolean",
    "null",
    "list",
    "mapping",
)

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Shape:
    """The kinds a value may be of, and what holds for it.

    `fields` are the known keys; other keys have to match `keys` (and then `values`), or are an
    error unless `open` says that they are let through unseen.
    """

    kinds: tuple[str, ...]
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    keys: "re.Pattern[str] | None" = None
    values: "Shape | None" = None
    open: bool = False
    required: tuple[str, ...] = ()
    items: "Shape | None" = None
    unique: bool = False
    choices: tuple[str, ...] = ()
    accepts: Check | None = None
    complaint: str = ""
    least: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the schema refuses: the path of keys, what is wrong, the line."""

    path: str
    complaint: str
    line: int
    wrong_kind: bool = False

    @property
    def message(self) -> str:
        """Return it as docker says it."""
        return f"{self.path or '(root)'} {self.complaint}"

    @property
    def rank(self) -> tuple[int, bool]:
        """Return what docker chooses by: the deepest path, a wrong kind before the rest."""
        return (len(self.path.split(".")), self.wrong_kind)


def check(value: Map, shape: Shape) -> list[Fault]:
    """Return what does not fit, the fault that docker would report first."""
    faults: list[Fault] = []
    _check(value, shape, "", value.line, faults)
    return sorted(faults, key=lambda fault: fault.rank, reverse=True)


_KINDS: dict[type, str] = {
    str: STRING,
    bool: BOOLEAN,
    type(None): NULL,
    Map: MAPPING,
    Seq: LIST,
    Timestamp: STRING,
    int: INTEGER,
}


def _kind(value: Any) -> str:  # noqa: ANN401
    kind = _KINDS.get(type(value))
    if kind is None:
        return INTEGER if value.is_integer() else NUMBER
    return kind


def _check(value: Any, shape: Shape, path: str, line: int, faults: list[Fault]) -> None:  # noqa: ANN401
    kind = _kind(value)
    if kind not in shape.kinds and not (kind is INTEGER and NUMBER in shape.kinds):
        faults.append(Fault(path, f"must be a {_listed(shape.kinds)}", line, wrong_kind=True))
        return
    if kind is MAPPING:
        _check_mapping(value, shape, path, line, faults)
    elif kind is LIST:
        _check_list(value, shape, path, line, faults)
    elif kind is not NULL:
        if shape.choices and value not in shape.choices:
            wanted = ", ".join(f'"{choice}"' for choice in shape.choices)
            faults.append(Fault(path, f"must be one of the following: {wanted}", line))
        if shape.accepts is not None and kind is not BOOLEAN and not shape.accepts(value):
            faults.append(Fault(path, shape.complaint, line))
        if shape.least is not None and value < shape.least:
            faults.append(Fault(path, f"must be greater than or equal to {shape.least}", line))


def _check_mapping(value: Map, shape: Shape, path: str, line: int, faults: list[Fault]) -> None:
    fields = shape.fields
    prefix = f"{path}." if path else ""
    for key, entry in value.items():
        below = fields.get(key)
        if below is None:
            if shape.keys is not None and shape.keys.fullmatch(key):
                below = shape.values
            elif not shape.open and not (key.startswith("x-") and "x-" in fields):
                faults.append(
                    Fault(path, f"Additional property {key} is not allowed", value.lines[key])
                )
        if below is not None:
            _check(entry, below, prefix + key, value.lines[key], faults)
    faults.extend(
        Fault(path, f"{key} is required", line) for key in shape.required if key not in value
    )


def _check_list(value: Seq, shape: Shape, path: str, line: int, faults: list[Fault]) -> None:
    if shape.items is not None:
        for index, (entry, at) in enumerate(value.located()):
            _check(entry, shape.items, f"{path}.{index}", at, faults)
    if shape.unique and len(value) > 1:
        seen: dict[str, int] = {}
        for index, (entry, at) in enumerate(value.located()):
            # A text stands for itself: many aliases of a long one are compared by its hash.
            plain = isinstance(entry, str)
            text = entry if plain else " " + json.dumps(entry, sort_keys=True, default=str)
            if text in seen:
                complaint = f"array items[{seen[text]},{index}] must be unique"
                faults.append(Fault(path, complaint, at or line))
                break
            seen[text] = index


def _listed(kinds: tuple[str, ...]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    return f"{', '.join(kinds[:-1])} or {kinds[-1]}"
