"""Settings, read as godotenv does (github.com/joho/godotenv, parser.go).

abra's parser is LIKELY a fork of it: its own ends of lines, quotes and comments.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from .played import FatalError

SPACE = "\t\v\f\r \x85\xa0"  # what godotenv takes for a blank within a line


def read_env(path: Path) -> dict[str, str]:
    """Read an app's `.env`.

    CONFIRMED docs: Docker's env-file syntax, no `export`; earlier keys are expanded
    (`"$COMPOSE_FILE:compose.x.yml"` in bonfire-networks/bonfire-coop-cloud).
    """
    return godotenv(path.read_bytes().decode())


def godotenv(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    text = text.replace("---\n", "\n").replace("\r\n", "\n")
    while text := text.lstrip():
        if text[0] == "#":
            text = text.partition("\n")[2]
            continue
        text = re.sub(rf"^export[{SPACE}]+", "", text)
        found = re.match(rf"([\w.{SPACE}]*)[=:][{SPACE}]*", text)
        if not found:
            raise FatalError(f"unexpected character in variable name near {text[:20]!r}")
        value, text = value_of(text[found.end() :], values)
        values[found[1].rstrip()] = value
    return values


def value_of(text: str, values: Mapping[str, str]) -> tuple[str, str]:
    """Return the value that the text begins with, and what is behind it."""
    quote = text[:1]
    if quote in {'"', "'"}:
        found = re.compile(rf"{quote}(.*?)(?<!\\){quote}", re.DOTALL).match(text)
        if not found:
            raise FatalError("unterminated quoted value")
        value = (quote + found[1]).strip(quote)
        return unescaped(value, values) if quote == '"' else value, text[found.end() :]
    line = re.split(r"[\n\r]", text, maxsplit=1)[0]
    comments = [at.start() + 1 for at in re.finditer(rf"[{SPACE}]#", line)]
    value = line[: comments[-1]] if comments else line
    return substituted(value.strip(SPACE), values), text[len(line) :]


def unescaped(value: str, values: Mapping[str, str]) -> str:
    ends = {"n": "\n", "r": "\r"}
    value = re.sub(r"\\(.)", lambda found: ends.get(found[1], found[0]), value)
    return substituted(re.sub(r"\\([^$])", r"\1", value), values)


def substituted(value: str, values: Mapping[str, str]) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        known = {**os.environ, **values}
        return known.get(found[4], "") if found[4] else found[0]

    return re.sub(r"(\\)?(\$)(\()?\{?([A-Z0-9_]+)?\}?", one, value)
