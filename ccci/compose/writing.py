"""A tree written down again, so that the docker CLI reads exactly this and interpolates nothing.

JSON with the escapes of YAML: every text is quoted and in ASCII, and each `$` in a value is
doubled, which docker turns back into one. Keys keep theirs: docker never looks into them
(cli/compose/interpolation).
"""

import re
from typing import Any

from ccci.compose.tree import ComposeError, Map, Seq, Timestamp

LARGEST = 4 * 1024 * 1024
"""Characters that a file may have once its variables are replaced and its aliases followed."""

_SPECIAL = re.compile(r'[^ !#-\[\]-~]|["\\]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_KEY = 500
"""YAML wants `? ` before a key that is written with more than 1024 characters."""


def written(tree: Map, most: int = LARGEST) -> str:
    """Return the tree as text, with a newline at its end.

    Raise ComposeError where it gets longer than `most` characters, or holds half of a character
    (a lone surrogate), which no file can hold.
    """
    writer = _Writer(most)
    writer.value(tree, tree.line, "\n")
    return "".join((*writer.parts, "\n"))


class _Writer:
    """Parts of a text as they come, counted."""

    def __init__(self, most: int) -> None:
        self.parts: list[str] = []
        self._most = most
        self._left = most

    def value(self, value: Any, line: int, margin: str) -> None:  # noqa: ANN401
        """Write a value; `margin` is the line break that its block begins with."""
        if isinstance(value, Map):
            self._map(value, margin)
        elif isinstance(value, Seq):
            below = f"{margin} "
            for number, (entry, at) in enumerate(value.located()):
                self._add(f",{below}" if number else f"[{below}", at)
                self.value(entry, at, below)
            self._add("]" if value else "[]", line)
        elif isinstance(value, str):
            self._add(_quoted(value.replace("$", "$$"), line), line)
        else:
            self._add(_scalar(value), line)

    def _map(self, value: Map, margin: str) -> None:
        below = f"{margin} "
        for number, (key, entry) in enumerate(value.items()):
            line = value.line_of(key)
            mark = "? " if len(key) > _LONGEST_KEY else ""
            self._add(f"{',' if number else '{'}{below}{mark}{_quoted(key, line)}: ", line)
            self.value(entry, line, below)
        self._add("}" if value else "{}", value.line)

    def _add(self, part: str, line: int) -> None:
        self._left -= len(part)
        if self._left < 0:
            raise ComposeError(
                f"more than {self._most} characters once its variables and aliases are replaced",
                line,
            )
        self.parts.append(part)


def _scalar(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    return value.text if isinstance(value, Timestamp) else repr(value)


def _quoted(text: str, line: int) -> str:
    def escaped(found: re.Match[str]) -> str:
        number = ord(found[0])
        if 0xD800 <= number <= 0xDFFF:  # noqa: PLR2004 -- the surrogates
            raise ComposeError("a text holds half of a character (a lone surrogate)", line)
        short = f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004
        return _NAMED.get(found[0], short)

    return f'"{_SPECIAL.sub(escaped, text)}"'
