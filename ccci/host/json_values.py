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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache, partial
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


@cache
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
    cls: type = type(value)
    for member in _members_of(cls):
        each = getattr(value, member.name)
        if member.flat:
            yield from () if each is None else _members(each)
        elif each is not None or not member.rare:
            places = member.places
            yield (
                member.key,
                to_json(each if places is None or each is None else round(each, places)),
            )


@dataclass(frozen=True, slots=True)
class _Member:
    """What is asked of a field for each value of its class."""

    name: str
    key: str
    flat: bool
    rare: bool
    must: bool
    places: int | None


@cache
def _members_of(cls: type) -> tuple[_Member, ...]:
    return tuple(
        _Member(
            each.name,
            key_of(each),
            flat=bool(each.metadata.get(FLAT)),
            rare=bool(each.metadata.get(RARE)),
            must=each.default is MISSING and each.default_factory is MISSING,
            places=each.metadata.get(PLACES),
        )
        for each in fields_of(cls)
    )


def from_json(cls: type[_Value], document: object) -> _Value:
    """Return the value that `to_json` made this document of; keys that are not known are ignored.

    What is missing takes the field's default. Raise ValueError where the document holds none.
    """
    value: _Value = _read(cls, document, cls.__name__)
    return value


_Reader = Callable[[Any, str], Any]
"""Makes a value of JSON, whose place in the document it says where it cannot."""


@cache
def _reader(kind: Any) -> _Reader:  # noqa: ANN401, PLR0911 -- a kind each
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        either = partial(_read, present(kind))
        return partial(_read_unless_null, either) if type(None) in inner else either
    if is_dataclass(kind) and isinstance(kind, type):
        return partial(_read_members, kind)
    if origin is tuple and inner[-1] is not Ellipsis:
        return partial(_read_parts, inner)
    if origin in {tuple, list, frozenset}:
        return partial(_read_many, origin, inner[0])
    if origin is not None and issubclass(origin, Mapping):
        return partial(_read_mapping, inner[1])
    if kind is Any:
        return lambda found, _: found
    if isinstance(kind, type) and issubclass(kind, Enum):
        return partial(_made, kind)
    # JSON knows one kind of number; Python counts a boolean as another.
    return _read_number if kind is float else partial(_of, kind)


def _read(kind: Any, found: Any, where: str) -> Any:  # noqa: ANN401
    return _reader(kind)(found, where)


def _read_unless_null(read: _Reader, found: Any, where: str) -> Any:  # noqa: ANN401
    return None if found is None else read(found, where)


def _read_members(cls: type, found: Any, where: str) -> Any:  # noqa: ANN401
    document = _of(dict, found, where)
    given: dict[str, Any] = {}
    kinds = types_of(cls)
    for member in _members_of(cls):
        if member.flat:
            if _holds(document, present(kinds[member.name])):
                given[member.name] = _read(kinds[member.name], document, where)
        elif member.key in document:
            below = f"{where}.{member.key}"
            given[member.name] = _read(kinds[member.name], document[member.key], below)
        elif member.must:
            raise ValueError(f"{where} has no {member.key}")
    return cls(**given)


def _holds(document: Mapping[str, Any], cls: type) -> bool:
    """Say whether the keys of a part stand in the document: all that must, and any at all."""
    every = _members_of(cls)
    must = {each.key for each in every if each.must}
    return must <= document.keys() and any(each.key in document for each in every)


def _read_mapping(inner: Any, found: Any, where: str) -> Any:  # noqa: ANN401
    read = _reader(inner)
    pairs = _of(dict, found, where).items()
    return {key: read(each, f"{where}.{key[:_LONGEST_KEY]}") for key, each in pairs}


def _read_parts(kinds: tuple[Any, ...], found: Any, where: str) -> Any:  # noqa: ANN401
    items = _of(list, found, where)
    if len(items) != len(kinds):
        raise ValueError(f"{where} has not {len(kinds)} parts")
    return tuple(_read(kind, item, where) for kind, item in zip(kinds, items, strict=True))


def _read_many(origin: Any, inner: Any, found: Any, where: str) -> Any:  # noqa: ANN401
    read = _reader(inner)
    items = enumerate(_of(list, found, where))
    return origin(read(each, f"{where}[{number}]") for number, each in items)


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


def _read_number(found: Any, where: str) -> float:  # noqa: ANN401
    try:
        number = float(_of((int, float), found, where))
    except OverflowError:
        number = inf
    if not isfinite(number):
        raise ValueError(f"{where} is no number that can be counted to")
    return number
