"""The only reader of YAML: the bytes of a file in, a tree with lines out.

It reads ruamel.yaml's events, by the C parser where that is installed (libyaml, of which go-yaml
is a port), and builds the tree itself, since the docker CLI's rules are go-yaml's: a duplicate key
is an error, an anchor may be defined again, a document that is mostly aliases is refused, and what
follows the first document is never looked at.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.scanner import ScannerError

from ccci.compose.scalars import resolve
from ccci.compose.tree import ComposeError, Map, Seq

try:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError:  # the C extension is an extra: slower, never wrong
    CParser = None

DEEPEST = 200
_TAG_PREFIX = "tag:yaml.org,2002:"
_MERGE = object()
# The libyaml that ruamel.yaml.clib bundles is older than go-yaml's: it stops at `[data:/data]`,
# which go-yaml and ruamel's own parser read, and it knows the escape `\\/`, which go-yaml does not.
_OLD_LIBYAML = "found unexpected ':'"
_SLASH = b"\\/"
_BAD_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def parse(content: bytes, *, fast: bool = True) -> Map:
    """Return the first document of a file, which has to be a mapping with text keys.

    Raise ComposeError with docker's complaint and its line, and with what could be read of a
    document whose only fault is a key that is there twice or is no text.
    """
    builder = _build(content, fast=fast)
    document = builder.document
    if builder.repeated:
        kept = document if isinstance(document, Map) else None
        raise ComposeError(
            "yaml: unmarshal errors: "
            + "; ".join(
                f'line {line}: mapping key "{key}" already defined at line {first}'
                for key, line, first in builder.repeated
            ),
            builder.repeated[0][1],
            kept,
        )
    if not isinstance(document, Map) or document is builder.odd_map:
        raise ComposeError("top-level object must be a mapping", 1)
    if builder.odd_map is not None:
        raise ComposeError(
            "json: unsupported type: map[interface {}]interface {}: a key is no text",
            builder.odd_line,
            document,
        )
    if builder.infinite:
        raise ComposeError("json: unsupported value: no finite number", builder.infinite, document)
    return document


def value_at(text: str, line: int, key: str) -> tuple[int, int] | None:
    """Return where, in characters, the scalar begins and ends that a key on a line has."""
    waiting = False
    try:
        next_event = _events(text.encode(), fast=False)
        while not isinstance(event := next_event(), (DocumentEndEvent, StreamEndEvent)):
            scalar = isinstance(event, ScalarEvent)
            if waiting:
                return (event.start_mark.index, event.end_mark.index) if scalar else None
            waiting = scalar and event.value == key and event.start_mark.line + 1 == line
    except YAMLError:
        return None
    return None


def _build(content: bytes, *, fast: bool) -> "_Builder":
    builder = _Builder(content.decode(errors="replace") if _SLASH in content else "")
    try:
        next_event = _events(content, fast=fast)
        while not isinstance(event := next_event(), (DocumentEndEvent, StreamEndEvent)):
            builder.take(event)
    except MarkedYAMLError as error:
        if fast and CParser is not None and error.problem == _OLD_LIBYAML:
            return _build(content, fast=False)
        raise _syntax_error(error) from None
    except (YAMLError, ValueError, OverflowError) as error:
        raise ComposeError(f"yaml: {_first_line(error)}", _line_of_bad_byte(content)) from None
    return builder


def _syntax_error(error: MarkedYAMLError) -> ComposeError:
    """Return it with the line docker says: where the broken thing begins (go-yaml, yaml.go)."""
    problem = error.problem or error.context or "not readable"
    context, found = error.context_mark, error.problem_mark
    scanning = isinstance(error, ScannerError)
    if context is not None and context.line:
        line = context.line + scanning
    elif found is not None and found.line:
        line = found.line + scanning
    else:
        return ComposeError(f"yaml: {problem}", 1)
    stopped = found.line + 1 if found is not None else line
    where = "" if stopped in {line, line + 1} else f" (reading stopped at line {stopped})"
    return ComposeError(f"yaml: line {line}: {problem}{where}", line)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _line_of_bad_byte(content: bytes) -> int:
    """Return the line of the first byte that is no UTF-8, or 0."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 0


def _events(content: bytes, *, fast: bool) -> Callable[[], Any]:
    if fast and CParser is not None:
        return CParser(content).get_event  # type: ignore[no-any-return]
    _, parser = YAML(typ="safe", pure=True).get_constructor_parser(content)
    return parser.get_event  # type: ignore[no-any-return]


class _Frame:
    """A mapping or list that is still open; `size` counts its nodes, aliases followed."""

    __slots__ = ("anchor", "entries", "line", "mapping", "size")

    def __init__(self, line: int, anchor: str | None, *, mapping: bool) -> None:
        self.line = line
        self.anchor = anchor
        self.mapping = mapping
        self.size = 1
        self.entries: list[tuple[Any, int, Any]] = []


class _Builder:
    """Events in, `document` out; an entry is (value, line, what tells it from other keys)."""

    def __init__(self, escapes: str = "") -> None:
        self._escapes = escapes
        self.document: Any = None
        self.repeated: list[tuple[str, int, int]] = []
        self.odd_map: Map | None = None
        self.odd_line = 0
        self.infinite = 0
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._decoded = 0
        self._aliased = 0

    def take(self, event: Any) -> None:  # noqa: ANN401
        """Add one event of the parser."""
        kind = type(event)
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if len(self._open) >= DEEPEST:
                raise ComposeError(
                    f"nested more than {DEEPEST} levels deep", event.start_mark.line + 1
                )
            self._decoded += 1
            anchor = event.anchor
            if anchor is not None:
                self._anchors[anchor] = (_MERGE, 0)  # open: an alias to it contains itself
            self._open.append(
                _Frame(event.start_mark.line + 1, anchor, mapping=kind is MappingStartEvent)
            )
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self._close()
        elif kind is AliasEvent:
            self._alias(event)
        elif kind is DocumentStartEvent and event.version not in {None, (1, 1)}:
            raise ComposeError("yaml: found incompatible YAML document", event.start_mark.line + 1)

    def _scalar(self, event: Any) -> None:  # noqa: ANN401
        line = event.start_mark.line + 1
        text = event.value
        plain = not event.style
        if self._escapes and event.style == '"':
            written = self._escapes[event.start_mark.index : event.end_mark.index]
            if _BAD_ESCAPE.search(written):
                raise ComposeError(f"yaml: line {line}: found unknown escape character", line)
        tag = event.tag
        if tag is not None:
            tag = str(tag)
            tag = "!!" + tag[len(_TAG_PREFIX) :] if tag.startswith(_TAG_PREFIX) else tag
            tag = None if tag == "!" else tag
        if text == "<<" and ((plain and tag is None) or tag == "!!merge"):
            self._add(_MERGE, line, text, 1)
            return
        value = resolve(text, tag, line, plain=plain)
        if type(value) is float and not isfinite(value):
            self.infinite = line
        self._decoded += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, line, text, 1)

    def _alias(self, event: Any) -> None:  # noqa: ANN401
        line = event.start_mark.line + 1
        name = event.anchor
        if name not in self._anchors:
            raise ComposeError(f"yaml: unknown anchor '{name}' referenced", line)
        value, size = self._anchors[name]
        if value is _MERGE:
            raise ComposeError(f"yaml: anchor '{name}' value contains itself", line)
        self._decoded += 1 + size
        self._aliased += size
        # decode.go: up to 99 % of a small document may come from aliases, 10 % of a large one.
        if self._aliased > 100 and self._decoded > 1000:  # noqa: PLR2004
            over = min(max(self._decoded - 400_000, 0) / 3_600_000, 1)
            if self._aliased / self._decoded > 0.99 - 0.89 * over:
                raise ComposeError("yaml: document contains excessive aliasing", line)
        self._add(value, line, ("alias", name), size)

    def _add(self, value: Any, line: int, key: Any, size: int) -> None:  # noqa: ANN401
        if self._open:
            frame = self._open[-1]
            frame.entries.append((value, line, key))
            frame.size += size
        else:
            self.document = None if value is _MERGE else value

    def _close(self) -> None:
        frame = self._open.pop()
        value = self._mapping(frame) if frame.mapping else _sequence(frame)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (value, frame.size)
        self._add(value, frame.line, ("node", frame.mapping), frame.size)

    def _mapping(self, frame: _Frame) -> Map:  # noqa: C901 -- the hot loop of the reader
        result = Map(frame.line)
        lines = result.lines
        seen: dict[Any, int] = {}
        merges: Any = None
        entries = iter(frame.entries)
        for (key, line, mark), (value, _, _) in zip(entries, entries, strict=False):
            if mark in seen:
                self.repeated.append((mark if isinstance(mark, str) else "", line, seen[mark]))
            else:
                seen[mark] = line
            if key is _MERGE:
                merges = (value, line)
                continue
            if not isinstance(key, str):
                if isinstance(key, (Map, Seq)):
                    raise ComposeError("yaml: invalid map key: a mapping or a list", line)
                if self.odd_map is None:
                    self.odd_map, self.odd_line = result, line
                key = str(key)  # noqa: PLW2901
            value = None if value is _MERGE else value  # noqa: PLW2901
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


def _sequence(frame: _Frame) -> Seq:
    result = Seq(frame.line)
    for value, line, _ in frame.entries:
        result.append("<<" if value is _MERGE else value)
        result.lines.append(line)
        if type(value) is str:
            if "$" in value:
                result.dollar = True
        elif isinstance(value, (Map, Seq)) and value.dollar:
            result.dollar = True
    return result


def _merge(target: Map, value: Any, line: int) -> None:  # noqa: ANN401
    """Add the keys of `<<` that the mapping has not; of a list of mappings the first wins."""
    sources = value if isinstance(value, Seq) else [value]
    for source in sources:
        if not isinstance(source, Map):
            raise ComposeError(
                "yaml: map merge requires map or sequence of maps as the value", line
            )
        for key, inherited in source.items():
            if key not in target:
                target[key] = inherited
                target.lines[key] = source.lines[key]
        target.dollar = target.dollar or source.dollar
