"""The JSON Schema of a document, made from the dataclasses that it is written from. Pure.

Draft 2020-12. Every key that is always there is `required`; keys that are not named may come with
a later version, so none is forbidden.
"""

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin

from ccci.host.json_values import FLAT, RARE, fields_of, key_of, present, types_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Any: {},
}


def schema(name: str, cls: type, fixed: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the schema of a document: the keys of `cls`, and `fixed` ones beside them.

    `name` is the document's own, such as `ccci.report/1`; `fixed` holds schemas of keys that no
    field stands for.
    """
    known: dict[str, Any] = {}
    whole = _object(cls, known)
    properties = {"schema": {"const": name}, **fixed, **whole["properties"]}
    return {
        "$schema": DIALECT,
        "title": name,
        "description": _sentence(cls),
        "type": "object",
        "properties": properties,
        "required": ["schema", *fixed, *whole["required"]],
        "$defs": dict(sorted(known.items())),
    }


def _object(cls: type, known: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for field in fields_of(cls):
        kind = types_of(cls)[field.name]
        if field.metadata.get(FLAT):
            inner = _object(present(kind), known)
            properties |= inner["properties"]
            # Where the part may be missing, its keys come together or not at all.
            required += inner["required"] if present(kind) is kind else []
            continue
        properties[key_of(field)] = _of(kind, known)
        if not field.metadata.get(RARE):
            required.append(key_of(field))
    return {"properties": properties, "required": required}


def _of(kind: Any, known: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401, PLR0911 -- a kind each
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        rest = [each for each in get_args(kind) if each is not type(None)]
        inner = _of(rest[0], known) if len(rest) == 1 else {"anyOf": [_of(e, known) for e in rest]}
        return {"anyOf": [inner, {"type": "null"}]} if type(None) in get_args(kind) else inner
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in known:
            known[kind.__name__] = {}  # named before it is made: it may hold itself
            made = {"type": "object", "description": _sentence(kind), **_object(kind, known)}
            known[kind.__name__] = made
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin in {tuple, list, frozenset}:
        inner_kinds = get_args(kind)
        if origin is tuple and inner_kinds[-1] is not Ellipsis:
            return {"type": "array", "prefixItems": [_of(each, known) for each in inner_kinds]}
        return {"type": "array", "items": _of(inner_kinds[0], known)}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(get_args(kind)[1], known)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [each.value for each in kind]}
    return _PLAIN[kind]


def _sentence(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0]
