"""What must never be printed, and texts without it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

_SECRET_KEY = re.compile(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|APIKEY|(^|[_.-])(KEY|PASS|PWD|SALT)$",
    re.IGNORECASE,
)
# `SECRET_X_VERSION` holds `v1`, `X_PASSWORD_FILE` a path: neither is a secret.
_HARMLESS = re.compile(r"_(VERSION|FILE)$", re.IGNORECASE)
SHORTEST = 6
"""Shorter values are words: hiding them would hide the sense, not a secret."""

_Value = TypeVar("_Value")


def sounds_secret(key: str) -> bool:
    """Say whether a variable, label or flag of this name usually holds a secret."""
    return bool(_SECRET_KEY.search(key)) and not _HARMLESS.search(key)


def secret_values(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values whose keys say that they are secret."""
    return tuple(value for key, value in values.items() if sounds_secret(key) and value)


def masked(text: str, masks: Iterable[str]) -> str:
    """Return the text with each of these values replaced by `***`, the longest first."""
    for value in sorted(masks, key=len, reverse=True):
        if len(value) >= SHORTEST:
            text = text.replace(value, "***")
    return text


def mask(value: _Value, masks: Iterable[str]) -> _Value:
    """Return a value (a report) with every text in it masked."""
    hidden = tuple(masks)
    return value if not hidden else _mask(value, hidden)


def _mask(value: Any, masks: tuple[str, ...]) -> Any:  # noqa: ANN401 -- whatever a report holds
    if isinstance(value, str):
        return value if isinstance(value, Enum) else masked(value, masks)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {each.name: _mask(getattr(value, each.name), masks) for each in fields(value)}
        return replace(value, **changed)
    if isinstance(value, (tuple, list)):
        return type(value)(_mask(each, masks) for each in value)
    if isinstance(value, dict):
        return {key: _mask(each, masks) for key, each in value.items()}
    return value
