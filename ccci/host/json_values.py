"""Values to JSON and back: one way for every document, made from the dataclasses themselves.

A field's key is its name. Metadata of the field says where that is not so:

`KEY`    another key (`from`, which Python keeps for itself)
`PLACES` digits after the point of a number of seconds
`FLAT`   the keys of the field's own value stand beside the others; where it is None there are none
`RARE`   the key is left out where the value is None
`APART`  no key at all: the value travels with the others, but is no part of the document

Pure.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from math import inf, isfinite
from reprlib import Repr
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

KEY = "key"
PLACES = "places"
FLAT = "flat"
RARE = "rare"
APART = "apart"

# What is quoted in a complaint has no end but this.
_LONGEST_KEY = 80
_SHOWN = Repr()
_SHOWN.maxstring = _SHOWN.maxother = _SHOWN.maxlong = 80

_Value = TypeVar("_Value")


def key_of(field: Field[Any]) -> str:
    """Return the JSON key of a field."""
    return str(field.metadata.get(KEY, field.name))


def fields_of(cls: Any) -> tuple[Field[Any], ...]:  # noqa: ANN401 -- a dataclass
    """Return the fields of a dataclass that are part of its document."""
    return tuple(each for each in fields(cls) if not each.metadata.get(APART))


@cache
def types_of(cls: type) -> Mapping[str, Any]:
    """Return the type of each field of a dataclass."""
    return get_type_hints(cls)


def present(kind: Any) -> Any:  # noqa: ANN401 -- a type, or a union of types
    """Return a type without the None that it may be."""
    if get_origin(kind) in {Union, types.UnionType}:
        rest = [each for each in get_args(kind) if each is not type(None)]
        return rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007 -- made at run time
    return kind


def object_in(value: object) -> Mapping[str, Any]:
    """Return a value that may be an object, an empty one where it is none."""
    return value if isinstance(value, Mapping) else {}


def objects_in(value: object) -> list[Mapping[str, Any]]:
    """Return what may be a list of objects, an empty one where it is none."""
    return [object_in(each) for each in value] if isinstance(value, (list, tuple)) else []


def texts_in(value: object) -> list[str]:
    """Return what may be a list of texts, an empty one where it is none."""
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else []


def to_json(value: Any) -> Any:  # noqa: ANN401 -- any value, any JSON, a kind each
    """Return a value as JSON has it. Raise TypeError for what JSON cannot have."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return dict(_members(value))
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(to_json(each) for each in value)
    if isinstance(value, (tuple, list)):
        return [to_json(each) for each in value]
    raise TypeError(f"{type(value).__name__} is no JSON")


def _members(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    for field in fields_of(value):
        each = getattr(value, field.name)
        if field.metadata.get(FLAT):
            yield from () if each is None else _members(each)
        elif each is not None or not field.metadata.get(RARE):
            places = field.metadata.get(PLACES)
            yield (
                key_of(field),
                to_json(each if places is None or each is None else round(each, places)),
            )


def from_json(cls: type[_Value], document: object) -> _Value:
    """Return the value that `to_json` made this document of; keys that are not known are ignored.

    What is missing takes the field's default. Raise ValueError where the document holds none.
    """
    value: _Value = _read(cls, document, cls.__name__)
    return value


def _read(kind: Any, found: Any, where: str) -> Any:  # noqa: ANN401, PLR0911 -- a kind each
    if get_origin(kind) in {Union, types.UnionType}:
        if found is None and type(None) in get_args(kind):
            return None
        return _read(present(kind), found, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_members(kind, found, where)
    origin = get_origin(kind)
    if origin in {tuple, list, frozenset}:
        return _read_many(kind, found, where)
    if origin is not None and issubclass(origin, Mapping):
        inner = get_args(kind)[1]
        pairs = _of(dict, found, where).items()
        return {key: _read(inner, each, f"{where}.{key[:_LONGEST_KEY]}") for key, each in pairs}
    if kind is Any:
        return found
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _made(kind, found, where)
    if kind is float:
        # JSON knows one kind of number; Python counts a boolean as another.
        return _finite(_of((int, float), found, where), where)
    return _of(kind, found, where)


def _read_members(cls: type, found: Any, where: str) -> Any:  # noqa: ANN401
    document = _of(dict, found, where)
    given: dict[str, Any] = {}
    for field in fields_of(cls):
        kind = types_of(cls)[field.name]
        if field.metadata.get(FLAT):
            inner = present(kind)
            if _holds(document, inner):
                given[field.name] = _read(inner, document, where)
        elif key_of(field) in document:
            given[field.name] = _read(kind, document[key_of(field)], f"{where}.{key_of(field)}")
        elif _must(field):
            raise ValueError(f"{where} has no {key_of(field)}")
    return cls(**given)


def _holds(document: Mapping[str, Any], cls: type) -> bool:
    """Say whether the keys of a part stand in the document: all that must, and any at all."""
    every = fields_of(cls)
    must = {key_of(each) for each in every if _must(each)}
    return must <= document.keys() and any(key_of(each) in document for each in every)


def _must(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _read_many(kind: Any, found: Any, where: str) -> Any:  # noqa: ANN401
    inner = get_args(kind)
    items = _of(list, found, where)
    if get_origin(kind) is tuple and inner[-1] is not Ellipsis:
        if len(items) != len(inner):
            raise ValueError(f"{where} has not {len(inner)} parts")
        pairs = zip(inner, items, strict=True)
        return tuple(_read(each, item, where) for each, item in pairs)
    made = (_read(inner[0], each, f"{where}[{number}]") for number, each in enumerate(items))
    return get_origin(kind)(made)


def _made(kind: Any, found: Any, where: str) -> Any:  # noqa: ANN401
    try:
        return kind(found)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: {_SHOWN.repr(found)} is no {kind.__name__}") from None


def _of(kind: Any, found: Any, where: str) -> Any:  # noqa: ANN401
    wanted = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(found, wanted) or (isinstance(found, bool) and bool not in wanted):
        raise ValueError(f"{where}: {_SHOWN.repr(found)} is no {wanted[0].__name__}")
    return found


def _finite(found: float, where: str) -> float:
    try:
        number = float(found)
    except OverflowError:
        number = inf
    if not isfinite(number):
        raise ValueError(f"{where} is no number that can be counted to")
    return number
