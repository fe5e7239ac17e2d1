"""The `.env` of an app: read as Docker reads it, edited by line.

Docker's rules (compose-go, package dotenv): single quotes are literal, double quotes know
escapes and variables, a comment begins at a `#` after white space, a quoted value may span lines,
a variable stands for a key above it. abra puts meaning into comments (`# length=32`), so an edit
keeps every one of them. Its parser is a relative of Docker's (godotenv, of which compose-go's is a
fork); `abra_reading` names what the two read apart.
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ccci.errors import DeployRefused

_ASSIGNMENT = re.compile(
    r"\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)\s*[=:](?P<rest>.*)", re.DOTALL
)
BARE_KEY = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*(#.*)?")
_DISABLED = re.compile(r"\s*#+\s*(?P<key>[A-Z_][A-Z0-9_]*)=(?P<rest>.*)")
_COMMENT = re.compile(r"(?:^|\s)#(.*)$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
# A backslash at a line's end is how recipes write code over several lines (wordpress).
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "\n": "\n"}
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_BARE_VALUE = re.compile(r"[^\s\"'$#][^\s$#]*")
_NO_SIGN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_VALUE = 128 * 1024
"""Characters of a value: Linux gives a program no longer one (execve(2), MAX_ARG_STRLEN)."""

LARGEST_ENV = 1024 * 1024
"""Characters of all the values together: forty lines of `A=$A$A` would be a thousand gigabytes."""


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
    lines = lines_of(text, name)
    entries: list[Entry] = []
    known: dict[str, str] = {}
    number, left = 0, LARGEST_ENV
    while number < len(lines):
        line = lines[number]
        found = _ASSIGNMENT.fullmatch(line)
        if found is None:
            if line.strip() and not line.lstrip().startswith("#") and not BARE_KEY.fullmatch(line):
                raise DeployRefused(
                    f"{name} line {number + 1} is no assignment: {line.strip()[:40]!r}",
                    "write KEY=value, or begin the line with #",
                )
            number += 1
            continue
        value, comment, last = _value(lines, number, found["rest"].lstrip(), known, name)
        left -= len(value)
        check_length(found["key"], value, left, f"{name} line {number + 1}")
        entries.append(Entry(found["key"], value, comment, number, last))
        known[found["key"]] = value
        number = last + 1
    return tuple(entries)


def lines_of(text: str, name: str = ".env") -> list[str]:
    """Return the lines of a file of settings, as whoever else reads it parts them: at LF alone.

    Raise DeployRefused for a sign that ends a line, or is a blank, for some readers and for others
    is none: what one takes for the end of a comment would be the comment's to another.
    """
    lines = [each.removesuffix("\r") for each in text.removeprefix("\ufeff").split("\n")]
    for number, line in enumerate(lines, 1):
        found = _NO_SIGN.search(line)
        if found:
            raise DeployRefused(
                f"{name} line {number} has a control character in it: {found[0]!r}",
                "take it out; what has to be in a value is written as \\n in double quotes",
            )
    return lines[:-1] if lines[-1:] == [""] else lines


def line_of(key: str, value: str, comment: str = "") -> str:
    """Return an assignment as every reader of such files takes it, its comment behind it.

    Of a value that is not quoted abra takes all for its own up to the last ` #`.
    """
    quoted = quote(value)
    if comment and quoted == value and (not value or "#" in comment):
        quoted = f"'{value}'"
    return f"{key}={quoted}" + (f" #{comment}" if comment else "")


def values(entries: tuple[Entry, ...]) -> dict[str, str]:
    """Return what each key stands for: its last assignment wins."""
    return {entry.key: entry.value for entry in entries}


def assign(
    text: str,
    changes: Mapping[str, str],
    name: str = ".env",
    comments: Mapping[str, str] | None = None,
) -> str:
    """Return the text with these keys set, every other line and every comment kept.

    A key is changed where it stands; one that is only there commented out is switched on in its
    place, with the comment behind it; any other is added at the end, with the comment that
    `comments` has for it.
    """
    lines = lines_of(text, name)
    entries = {entry.key: entry for entry in read(text, name)}
    replaced: dict[int, tuple[int, str]] = {}
    added: list[str] = []
    disabled = _disabled(lines, changes.keys() - entries.keys())
    for key, value in changes.items():
        entry = entries.get(key) or disabled.get(key)
        if entry is None:
            comment = (comments or {}).get(key, "")
            added.append(line_of(key, value, comment))
            continue
        said = entry.comment or (comments or {}).get(key, "")
        replaced[entry.first] = (entry.last, line_of(key, value, said))
    result: list[str] = []
    number = 0
    while number < len(lines):
        last, line = replaced.get(number, (number, lines[number]))
        result.append(line)
        number = last + 1
    return "".join(f"{line}\n" for line in (*result, *added))


def comments_of(text: str, keys: AbstractSet[str], name: str = ".env") -> dict[str, str]:
    """Return the comments behind these keys, switched on or commented out; those that say any."""
    found = {entry.key: entry for entry in read(text, name) if entry.key in keys}
    lines = lines_of(text, name)
    found = {**_disabled(lines, keys - found.keys()), **found}
    return {key: entry.comment for key, entry in found.items() if entry.comment}


def quote(value: str) -> str:
    """Return a value as an env file has to hold it, so that reading it gives it back."""
    if _PLAIN_VALUE.fullmatch(value) and not value.endswith("---"):
        return value
    if not value.endswith("\\") and {"'", "\n", "\r"}.isdisjoint(value):
        return f"'{value}'"
    # Some readers take a quote behind a backslash for an escaped one, whatever escapes that.
    if _BARE_VALUE.fullmatch(value) and not value.endswith("---"):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def expand(text: str, known: Mapping[str, str]) -> str:
    """Return a text with `$KEY`, `${KEY}`, `${KEY:-word}` and their like replaced.

    It is read once from its beginning to its end, and what comes out is never much longer than
    LONGEST_VALUE.
    """
    parts: list[str] = []
    at, length = 0, 0
    closing = -1
    while (begin := text.find("$", at)) >= 0 and length <= LONGEST_VALUE:
        before = text[at:begin]
        if before.endswith("\\"):
            value, before, at = "$", before[:-1], begin + 1
        elif text.startswith("$", begin + 1):
            value, at = "$", begin + 2
        else:
            if closing < begin:
                closing = text.find("}", begin)
                closing = len(text) if closing < 0 else closing
            value, at = _variable(text, begin, closing, known)
        parts += (before, value)
        length += len(before) + len(value)
    return "".join((*parts, text[at:]))


def _variable(text: str, begin: int, closing: int, known: Mapping[str, str]) -> tuple[str, int]:
    """Return what a `$…` stands for and where it ends; `closing` is where the next `}` is."""
    braced = text.startswith("{", begin + 1)
    name = _NAME.match(text, begin + 2 if braced else begin + 1)
    if name is None:
        return "$", begin + 1
    value = known.get(name[0])
    if not braced:
        return value or "", name.end()
    found = _OPERATOR.match(text, name.end())
    if closing >= len(text) or (found is None and name.end() != closing):
        return "$", begin + 1
    operator = found[0] if found else ""
    word = text[found.end() : closing] if found else ""
    absent = value is None or (operator.startswith(":") and not value)
    if operator.endswith("+"):
        return "" if absent else word, closing + 1
    if absent and operator.endswith("-"):
        return expand(word, known), closing + 1
    return value or "", closing + 1


def check_length(key: str, value: str, left: int, where: str) -> None:
    """Raise DeployRefused for a value, or values, longer than a program can be given."""
    if len(value) > LONGEST_VALUE:
        raise DeployRefused(
            f"{where}: {key[:80]} has more than {LONGEST_VALUE} characters",
            "no program can be given such a variable: make it a file",
        )
    if left < 0:
        raise DeployRefused(
            f"{where}: its variables have more than {LARGEST_ENV} characters together",
            "what grows like this is a mistake, or meant to fill this machine's memory",
        )


def _disabled(lines: list[str], keys: Collection[str]) -> dict[str, Entry]:
    """Return the first line of each of these keys that is there commented out."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines):
        found = _DISABLED.fullmatch(line)
        if found is not None and found["key"] in keys and found["key"] not in entries:
            comment = _COMMENT.search(found["rest"])
            told = comment[1] if comment else ""
            entries[found["key"]] = Entry(found["key"], "", told, number, number)
    return entries


def _value(
    lines: list[str], number: int, rest: str, known: Mapping[str, str], name: str
) -> tuple[str, str, int]:
    """Return the value that begins here, its comment, and the line it ends on."""
    mark = rest[:1]
    if mark not in {"'", '"'}:
        comment = _COMMENT.search(rest)
        plain = rest[: comment.start()] if comment else rest
        return expand(plain.strip(), known), comment[1] if comment else "", number
    parts: list[str] = []
    part, last = rest[1:], number
    while (end := _closing(part, mark)) is None:
        parts.append(part)
        last += 1
        if last >= len(lines):
            raise DeployRefused(
                f"{name} line {number + 1}: the quote {mark} is never closed",
                "close it, or escape it with a backslash",
            )
        part = lines[last]
    after = part[end + 1 :].strip()
    if after and not after.startswith("#"):
        raise DeployRefused(
            f"{name} line {last + 1}: there is more behind the closing quote: {after[:40]!r}",
            "quote the whole value",
        )
    inner = "\n".join((*parts, part[:end]))
    if mark == '"':
        inner = _double_quoted(inner, known)
    return inner, after[1:], last


def _closing(part: str, mark: str) -> int | None:
    """Return where the mark stands in a line's part with no backslash before it, or None."""
    position = part.find(mark)
    while position >= 0:
        before = position
        while before > 0 and part[before - 1] == "\\":
            before -= 1
        if (position - before) % 2 == 0:
            return position
        position = part.find(mark, position + 1)
    return None


def _double_quoted(inner: str, known: Mapping[str, str]) -> str:
    # An escaped backslash must not shield a `$` behind it, so both are read in one pass.
    parts: list[str] = []
    length = 0
    for part in re.split(r"(\\.)", inner, flags=re.DOTALL):
        if len(part) == 2 and part[0] == "\\":  # noqa: PLR2004 -- a backslash and what it escapes
            parts.append(_ESCAPES.get(part[1], "$" if part == "\\$" else part))
        elif length <= LONGEST_VALUE:
            parts.append(expand(part, known))
        length += len(parts[-1])
    return "".join(parts)
