"""Entries in, mappings and lists out: merge keys, and what go-yaml makes of odd keys."""

from typing import Any

from ccci.compose.tree import ComposeError, Map, Older, Seq

_NO_MERGE = "yaml: map merge requires map or sequence of maps as the value"
MERGE = object()
"""Stands for a plain `<<`."""


class Tagged(str):
    """A key with a tag of its own, which for go-yaml makes it no text (decode.go, isStringMap)."""

    __slots__ = ()


class Frame:
    """A mapping or list that is still open.

    `size` counts its nodes and `depth` its levels below, aliases followed.
    """

    __slots__ = ("anchor", "depth", "entries", "line", "mapping", "size")

    def __init__(self, line: int, anchor: str | None, *, mapping: bool) -> None:
        self.line = line
        self.anchor = anchor
        self.mapping = mapping
        self.size = 1
        self.depth = 1
        self.entries: list[tuple[Any, int, Any]] = []


class Found:
    """What a document holds that docker refuses once all of it is read.

    `repeated` has each key that is there again, its line and the first one's; `odd_map` is the
    first mapping with a key that is no text, `infinite` the line of a number JSON does not have.
    `older` is no fault: what docker CLIs with go-yaml v2, thus before 28.0, read in another way.
    """

    __slots__ = ("infinite", "odd_line", "odd_map", "older", "repeated")

    def __init__(self) -> None:
        self.older: list[Older] = []
        self.repeated: list[tuple[str, int, int]] = []
        self.odd_map: Map | None = None
        self.odd_line = 0
        self.infinite = 0


def mapping(frame: Frame, found: Found) -> Map:  # noqa: C901 -- the hot loop of the reader
    """Return a mapping that is complete; `found` takes what is odd in it."""
    result = Map(frame.line)
    lines = result.lines
    seen: dict[Any, int] = {}
    merges: Any = None
    entries = iter(frame.entries)
    for (key, line, mark), (value, _, source) in zip(entries, entries, strict=False):
        if mark in seen:
            found.repeated.append((mark if isinstance(mark, str) else "", line, seen[mark]))
        else:
            seen[mark] = line
        if key is MERGE:
            # decode.go, merge: a list is merged where it is written, never by its alias.
            if isinstance(value, Seq) and source[0] == "alias":
                raise ComposeError(_NO_MERGE, line)
            merges = (value, line, found, set(result))
            continue
        if type(key) is not str:
            if isinstance(key, (Map, Seq)):
                raise ComposeError("yaml: invalid map key: a mapping or a list", line)
            if found.odd_map is None:
                found.odd_map, found.odd_line = result, line
            key = str(key)  # noqa: PLW2901
        value = "<<" if value is MERGE else value  # noqa: PLW2901
        result[key] = value
        lines[key] = line
        if type(value) is str:
            if "$" in value:
                result.dollar = True
        elif isinstance(value, (Map, Seq)) and value.dollar:
            result.dollar = True
    if merges is not None:
        _merge(result, *merges)
    return result


def sequence(frame: Frame) -> Seq:
    """Return a list that is complete."""
    result = Seq(frame.line)
    for value, line, _ in frame.entries:
        result.append("<<" if value is MERGE else value)
        result.lines.append(line)
        if type(value) is str:
            if "$" in value:
                result.dollar = True
        elif isinstance(value, (Map, Seq)) and value.dollar:
            result.dollar = True
    return result


def _merge(target: Map, value: Any, line: int, found: Found, above: set[str]) -> None:  # noqa: ANN401
    """Add the keys of `<<` that the mapping has not; of a list of mappings the first wins.

    `above` are the keys that stand before `<<`: go-yaml v2 merged in the order of the lines
    (decode.go, mapping), so that older docker CLIs let `<<` have its way with them.
    """
    sources = value if isinstance(value, Seq) else [value]
    for source in sources:
        if not isinstance(source, Map):
            raise ComposeError(_NO_MERGE, line)
        for key, inherited in source.items():
            if key in above and target[key] != inherited:
                above.remove(key)
                found.older.append(Older(line, f"lets `<<` override the `{key}` above it"))
            if key not in target:
                target[key] = inherited
                target.lines[key] = source.lines[key]
        target.dollar = target.dollar or source.dollar
