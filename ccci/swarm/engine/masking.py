"""Secrets in the Engine's JSON, and the JSON without them. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ccci.host.masking import Mask, masked, masked_keys
from ccci.host.secret_values import sounds_secret, sure_secrets

_FLAG = re.compile(r"^(--?[\w-]+)=(.+)$", re.DOTALL)

Hide = Callable[[str], str]


def secrets_in(environment: Iterable[str]) -> frozenset[str]:
    """Return what is secret in `NAME=value` entries, by name, by shape, or as part of a URL."""
    found: set[str] = set()
    for entry in environment:
        name, _, value = str(entry).partition("=")
        found |= sure_secrets(name, value)
    return frozenset(found)


def without_secrets(raw: object, secrets: Iterable[Mask], hide: Hide) -> Any:  # noqa: ANN401 -- JSON
    """Return the Engine's JSON with every environment value and every secret hidden, keys included.

    Values of labels and flags whose name sounds secret go as well. Equal values are hidden alike,
    if `hide` does so, so that equal specs stay equal.
    """
    known = frozenset(secrets)

    def clean(value: object) -> object:
        if isinstance(value, str):
            return masked(value, known, hide)
        if isinstance(value, (list, tuple)):
            return [clean(each) for each in value]
        if isinstance(value, Mapping):
            return keys({key: special(key, each) for key, each in value.items()}, named=False)
        return value

    def keys(mapping: Mapping[Any, Any], *, named: bool) -> dict[Any, Any]:
        return masked_keys(mapping, lambda key: masked(key, known, hide), named=named)

    def special(key: str, value: object) -> object:
        match key, value:
            case "Env", list():
                return [_hidden_entry(each, hide) for each in value]
            case (("Labels" | "Options" | "DriverOpts" | "Sysctls"), Mapping()):
                cleaned = {
                    name: hide(str(each)) if sounds_secret(name) and each else clean(each)
                    for name, each in value.items()
                }
                return keys(cleaned, named=True)
            case (("Args" | "Command" | "Test" | "argv"), list()):
                return clean(_hidden_flags(value, hide))
        return clean(value)

    return clean(raw)


def _hidden_entry(entry: object, hide: Hide) -> object:
    name, equals, value = str(entry).partition("=")
    return f"{name}={hide(value)}" if equals and value else entry


def _hidden_flags(words: list[Any], hide: Hide) -> list[Any]:
    """Hide what follows `--password` and what stands in `--password=…`."""
    found: list[Any] = []
    secret_follows = False
    for word in words:
        text = str(word)
        flag = _FLAG.match(text)
        if secret_follows and not text.startswith("-"):
            found.append(hide(text))
        elif flag and sounds_secret(flag[1]):
            found.append(f"{flag[1]}={hide(flag[2])}")
        else:
            found.append(word)
        secret_follows = text.startswith("-") and not flag and sounds_secret(text)
    return found
