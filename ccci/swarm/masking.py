"""Secrets in the Engine's JSON, and the JSON without them. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ccci.masking import SHORTEST, sounds_secret

_FLAG = re.compile(r"^(--?[\w-]+)=(.+)$", re.DOTALL)
_IN_URL = re.compile(r"(?<=://)[^/\s:@]*:([^/\s@]+)@")

Hide = Callable[[str], str]


def secrets_in(environment: Iterable[str]) -> frozenset[str]:
    """Return the values in `NAME=value` entries that are secret, by name or as part of a URL."""
    found = set()
    for entry in environment:
        name, _, value = entry.partition("=")
        if sounds_secret(name):
            found.add(value)
        found.update(_IN_URL.findall(value))
    return frozenset(value for value in found if len(value) >= SHORTEST)


def _hidden(text: str, secrets: Iterable[str], hide: Hide) -> str:
    for value in secrets:
        if value in text:
            text = text.replace(value, hide(value))
    return text


def without_secrets(raw: object, secrets: Iterable[str], hide: Hide) -> Any:  # noqa: ANN401 -- JSON
    """Return the Engine's JSON with every environment value and every secret hidden.

    Values of labels and flags whose name sounds secret go as well. Equal values are hidden alike,
    if `hide` does so, so that equal specs stay equal.
    """
    known = sorted((each for each in secrets if len(each) >= SHORTEST), key=len, reverse=True)

    def clean(value: object) -> object:
        if isinstance(value, str):
            return _hidden(value, known, hide)
        if isinstance(value, (list, tuple)):
            return [clean(each) for each in value]
        if isinstance(value, Mapping):
            return {key: special(key, each) for key, each in value.items()}
        return value

    def special(key: str, value: object) -> object:
        match key, value:
            case "Env", list():
                return [_hidden_entry(each, hide) for each in value]
            case (("Labels" | "Options"), Mapping()):
                return {
                    name: hide(str(each)) if sounds_secret(name) and each else clean(each)
                    for name, each in value.items()
                }
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
