"""The `.env` of an app and the exports of `abra.sh`: read as Docker reads them, edited by line.

Docker's rules (compose-go, package dotenv): single quotes are literal, double quotes know
escapes and variables, a comment begins at a `#` after white space, a quoted value may span lines,
a variable stands for a key above it. abra puts meaning into comments (`# length=32`), so an edit
keeps every one of them.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ccci.errors import DeployRefused

_ASSIGNMENT = re.compile(
    r"\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)\s*=(?P<rest>.*)", re.DOTALL
)
_BARE_KEY = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*(#.*)?")
_DISABLED = re.compile(r"\s*#+\s*(?P<key>[A-Z_][A-Z0-9_]*)=(?P<rest>.*)")
_COMMENT = re.compile(r"(?:^|\s)#(.*)$")
_VARIABLE = re.compile(
    r"\\(?P<escaped>\$)|\$(?P<dollar>\$)|\$(?P<plain>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<operator>:?[-+?])(?P<word>[^}]*))?\}"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_EXPORT = re.compile(r"export\s+(?P<words>[A-Za-z_].*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment: its value, the comment behind it, and its first and last line (from 0)."""

    key: str
    value: str
    comment: str
    first: int
    last: int


def read(text: str, name: str = ".env") -> tuple[Entry, ...]:
    """Return every assignment of an env file, variables expanded, in order.

    Raise DeployRefused with the line for what Docker would refuse too.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    entries: list[Entry] = []
    known: dict[str, str] = {}
    number = 0
    while number < len(lines):
        line = lines[number]
        found = _ASSIGNMENT.fullmatch(line)
        if found is None:
            if line.strip() and not line.lstrip().startswith("#") and not _BARE_KEY.fullmatch(line):
                raise DeployRefused(
                    f"{name} line {number + 1} is no assignment: {line.strip()[:40]!r}",
                    "write KEY=value, or begin the line with #",
                )
            number += 1
            continue
        value, comment, last = _value(lines, number, found["rest"].lstrip(), known, name)
        entries.append(Entry(found["key"], value, comment, number, last))
        known[found["key"]] = value
        number = last + 1
    return tuple(entries)


def values(entries: tuple[Entry, ...]) -> dict[str, str]:
    """Return what each key stands for: its last assignment wins."""
    return {entry.key: entry.value for entry in entries}


def assign(text: str, changes: Mapping[str, str], name: str = ".env") -> str:
    """Return the text with these keys set, every other line and every comment kept.

    A key is changed where it stands; one that is only there commented out is switched on in its
    place, with the comment behind it; any other is added at the end.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    entries = {entry.key: entry for entry in read(text, name)}
    replaced: dict[int, tuple[int, str]] = {}
    added: list[str] = []
    for key, value in changes.items():
        entry = entries.get(key) or _disabled(lines, key)
        if entry is None:
            added.append(f"{key}={quote(value)}")
            continue
        comment = f" #{entry.comment}" if entry.comment else ""
        replaced[entry.first] = (entry.last, f"{key}={quote(value)}{comment}")
    result: list[str] = []
    number = 0
    while number < len(lines):
        last, line = replaced.get(number, (number, lines[number]))
        result.append(line)
        number = last + 1
    return "".join(f"{line}\n" for line in (*result, *added))


def quote(value: str) -> str:
    """Return a value as an env file has to hold it, so that reading it gives it back."""
    if _PLAIN_VALUE.fullmatch(value):
        return value
    if "'" not in value and "\n" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + escaped.replace("\n", "\\n") + '"'


def exports(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what `abra.sh` exports, without running it, and notes on what was passed over.

    Only lines that begin with `export` count, as for abra: an indented one is inside a function.
    What only a shell could work out is not guessed.
    """
    found: dict[str, str] = {}
    notes: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _EXPORT.match(line)
        if match is None:
            continue
        try:
            words = shlex.split(match["words"], comments=True)
        except ValueError:
            notes.append(f"abra.sh line {number}: an export over several lines was passed over")
            continue
        for word in words:
            key, separator, value = word.partition("=")
            if not separator or not key.isidentifier():
                continue
            if "$(" in value or "`" in value:
                notes.append(f"abra.sh line {number}: {key} is worked out by a command: not read")
                continue
            found[key] = expand(value, found)
    return found, tuple(notes)


def expand(text: str, known: Mapping[str, str]) -> str:
    """Return a text with `$KEY`, `${KEY}`, `${KEY:-word}` and their like replaced."""

    def replacement(found: re.Match[str]) -> str:
        if found["escaped"] or found["dollar"]:
            return "$"
        key = found["plain"] or found["braced"]
        operator, word = found["operator"] or "", found["word"] or ""
        value = known.get(key)
        absent = value is None or (operator.startswith(":") and not value)
        if operator.endswith("+"):
            return "" if absent else word
        if absent and operator.endswith("-"):
            return expand(word, known)
        return value or ""

    return _VARIABLE.sub(replacement, text)


def _disabled(lines: list[str], key: str) -> Entry | None:
    for number, line in enumerate(lines):
        found = _DISABLED.fullmatch(line)
        if found is not None and found["key"] == key:
            comment = _COMMENT.search(found["rest"])
            return Entry(key, "", comment[1] if comment else "", number, number)
    return None


def _value(
    lines: list[str], number: int, rest: str, known: Mapping[str, str], name: str
) -> tuple[str, str, int]:
    """Return the value that begins here, its comment, and the line it ends on."""
    mark = rest[:1]
    if mark not in {"'", '"'}:
        comment = _COMMENT.search(rest)
        plain = rest[: comment.start()] if comment else rest
        return expand(plain.strip(), known), comment[1] if comment else "", number
    body, last = rest[1:], number
    while (end := _closing(body, mark)) is None:
        last += 1
        if last >= len(lines):
            raise DeployRefused(
                f"{name} line {number + 1}: the quote {mark} is never closed",
                "close it, or escape it with a backslash",
            )
        body += "\n" + lines[last]
    after = body[end + 1 :].strip()
    if after and not after.startswith("#"):
        raise DeployRefused(
            f"{name} line {last + 1}: there is more behind the closing quote: {after[:40]!r}",
            "quote the whole value",
        )
    inner = body[:end]
    if mark == '"':
        inner = _double_quoted(inner, known)
    return inner, after[1:], last


def _closing(body: str, mark: str) -> int | None:
    position = 0
    while (position := body.find(mark, position)) >= 0:
        backslashes = len(body[:position]) - len(body[:position].rstrip("\\"))
        if mark == "'" or backslashes % 2 == 0:
            return position
        position += 1
    return None


def _double_quoted(inner: str, known: Mapping[str, str]) -> str:
    # An escaped backslash must not shield a `$` behind it, so both are read in one pass.
    parts = re.split(r"(\\.)", inner, flags=re.DOTALL)
    held = [
        (_ESCAPES.get(part[1], "$" if part == "\\$" else part), True)
        if re.fullmatch(r"\\.", part, re.DOTALL)
        else (part, False)
        for part in parts
    ]
    return "".join(text if literal else expand(text, known) for text, literal in held)
