"""What a compose file says, as plain values that remember the line they stand on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ccci.errors import CcciError


class Map(dict[str, Any]):
    """A mapping; `line` is where it begins, `lines` where each key stands (from 1).

    `dollar` says that a text below holds a `$`, so that the rest need not be looked at.
    """

    __slots__ = ("dollar", "line", "lines")

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}
        self.dollar = False

    def line_of(self, key: str) -> int:
        """Return the line of a key, or of the mapping where the key is absent."""
        return self.lines.get(key, self.line)


class Seq(list[Any]):
    """A list; `line` is where it begins, `lines` where each entry stands (from 1)."""

    __slots__ = ("dollar", "line", "lines")

    def __init__(self, line: int = 0) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []
        self.dollar = False

    def located(self) -> Iterator[tuple[Any, int]]:
        """Yield each entry with its line."""
        return zip(self, self.lines, strict=True)


def tree_of(value: Any) -> Any:  # noqa: ANN401
    """Return plain mappings and lists as a tree, which stands on no line."""
    if isinstance(value, dict):
        result = Map()
        result.update({key: tree_of(each) for key, each in value.items()})
        result.lines = dict.fromkeys(value, 0)
        return result
    if isinstance(value, list):
        found = Seq()
        found.extend(tree_of(each) for each in value)
        found.lines = [0] * len(found)
        return found
    return value


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A plain scalar that YAML takes for a date: JSON sees a text, Go's text fields refuse it."""

    text: str

    def __str__(self) -> str:
        """Return it as written."""
        return self.text


@dataclass(frozen=True, slots=True)
class Older:
    """What an older docker CLI reads in another way, and at which line."""

    line: int
    what: str


class ComposeError(CcciError):
    """docker refuses the file: `message` is what it complains of, `line` where (0: nowhere).

    `kept` is what could be read in spite of it, or None.
    """

    def __init__(self, message: str, line: int = 0, kept: "Map | None" = None) -> None:
        super().__init__(message, "correct the file: docker refuses it as it is")
        self.line = line
        self.kept = kept


class TooMuchError(ComposeError):
    """More than is read here, whatever docker may make of it."""


def text_of(value: object) -> str:
    """Return a scalar as Go prints it (`fmt.Sprint`), which labels and variables become."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:  # noqa: PLR2004
        return str(int(value))
    return str(value)
