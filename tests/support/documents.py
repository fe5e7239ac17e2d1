"""Every document that ccci writes, held against the schema that is published for it."""

from functools import cache
from typing import Any, TypeVar

from jsonschema import Draft202012Validator

from ccci.actions.schemas import SCHEMAS

_Document = TypeVar("_Document")


@cache
def _validators() -> dict[str, Draft202012Validator]:
    made = [make() for make in SCHEMAS.values()]
    return {each["title"]: Draft202012Validator(each) for each in made}


def checked(document: _Document) -> _Document:
    """Return a document, once it was held against its schema; others than ours pass."""
    name: Any = document.get("schema") if isinstance(document, dict) else None
    if name in _validators():
        _validators()[name].validate(document)
    return document
