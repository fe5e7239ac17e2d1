"""The only reader of YAML: the bytes of a file in, a tree with lines out.

It reads ruamel.yaml's events, by the C parser where that is installed (libyaml, of which go-yaml
is a port), and builds the tree itself, since the docker CLI's rules are go-yaml's: a duplicate key
is an error, an anchor may be defined again, a document that is mostly aliases is refused, and what
follows the first document is not read (`behind` tells how far it is looked at).
"""

import re
from bisect import bisect_right
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

from ccci.compose import behind
from ccci.compose.building import MERGE, Found, Frame, Tagged, mapping, sequence
from ccci.compose.dialect import BYTE_ORDER_MARK, blank_tabs, hide_marks, line_of_bad_byte
from ccci.compose.scalars import ONCE_BOOLEAN, resolve
from ccci.compose.tree import ComposeError, Map, Older

try:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError:  # the C extension is an extra: slower, never wrong
    CParser = None

DEEPEST = 200
_MOST_REPEATED = 10
_TAG_PREFIX = "tag:yaml.org,2002:"
# The libyaml that ruamel.yaml.clib bundles is older than go-yaml's: it stops at `[data:/data]`,
# which go-yaml and ruamel's own parser read, and it knows the escape `\\/`, which go-yaml does not.
_OLD_LIBYAML = "found unexpected ':'"
_TAB = "that cannot start any token"
# Each pass over a file that tabs between its comments ask for costs its length once more.
_MOST_BYTES = 8 * 1024 * 1024
_QUOTES = "'\""
_SLASH = b"\\/"
_BAD_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def parse(content: bytes, *, fast: bool = True) -> Map:
    """Return the first document of a file, as `read` does, and nothing else."""
    return read(content, fast=fast)[0]


def read(content: bytes, *, fast: bool = True) -> tuple[Map, tuple[Older, ...]]:
    """Return the first document of a file, which has to be a mapping with text keys.

    What docker CLIs before 28.0 read in another way is told beside it: they are built with go-yaml
    v2 (docker/cli 58bf0f1846, cli/compose/loader/loader.go).

    Raise ComposeError with docker's complaint and its line, and with what could be read of a
    document whose only fault is a key that is there twice or is no text.
    """
    builder = _build(content, fast=fast)
    document, found = builder.document, builder.found
    if found.repeated:
        kept = document if isinstance(document, Map) else None
        raise ComposeError(
            "yaml: unmarshal errors: "
            + "; ".join(
                f'line {line}: mapping key "{key}" already defined at line {first}'
                for key, line, first in found.repeated[:_MOST_REPEATED]
            ),
            found.repeated[0][1],
            kept,
        )
    if not isinstance(document, Map) or document is found.odd_map:
        raise ComposeError("top-level object must be a mapping", 1)
    if found.odd_map is not None:
        raise ComposeError(
            "json: unsupported type: map[interface {}]interface {}: a key is no text",
            found.odd_line,
            document,
        )
    if found.infinite:
        raise ComposeError("json: unsupported value: no finite number", found.infinite, document)
    return document, tuple(found.older)


def value_at(text: str, line: int, key: str) -> tuple[int, int] | None:
    """Return where, in characters, the scalar begins and ends that a key on a line has."""
    waiting = False
    try:
        next_event = _events(text.encode(), fast=False)
        while not isinstance(event := next_event(), (DocumentEndEvent, StreamEndEvent)):
            scalar = isinstance(event, ScalarEvent)
            if waiting:
                word = scalar and event.style not in {"|", ">"}
                return (event.start_mark.index, event.end_mark.index) if word else None
            waiting = scalar and event.value == key and event.start_mark.line + 1 == line
    except YAMLError:
        return None
    return None


class Texts:
    """Where the texts of a file stand, in which a `#` begins no comment."""

    def __init__(self, content: bytes) -> None:
        self._begins: list[tuple[int, int]] = []
        self._ends: list[tuple[int, int]] = []
        try:
            next_event = _events(content, fast=True)
            while not isinstance(event := next_event(), (DocumentEndEvent, StreamEndEvent)):
                if isinstance(event, ScalarEvent) and event.style:
                    begin, end = event.start_mark, event.end_mark
                    self._begins.append((begin.line + 1, begin.column + 1))
                    self._ends.append((end.line + 1, end.column + 1))
        except YAMLError:
            return  # what comes after the error is read by nobody

    def hold(self, line: int, column: int) -> bool:
        """Say whether a place, both counted from 1, lies inside of a quoted or block text."""
        # They come in their order, and none lies in another.
        last = bisect_right(self._begins, (line, column)) - 1
        return last >= 0 and (line, column) < self._ends[last]


def _build(content: bytes, *, fast: bool) -> "_Builder":
    """Return what the first document holds. Raise ComposeError."""
    content, mark = hide_marks(content)
    left, passed = _MOST_BYTES, 0
    while True:
        builder = _Builder(content.decode(errors="replace") if _SLASH in content else "", mark)
        try:
            next_event = _events(content, fast=fast)
            while not isinstance(event := next_event(), (DocumentEndEvent, StreamEndEvent)):
                builder.take(event)
        except MarkedYAMLError as error:
            at = error.problem_mark.line if error.problem_mark else 0
            if fast and CParser is not None and error.problem == _OLD_LIBYAML:
                fast, passed = False, at
                continue
            left -= len(content)
            mended = None
            if left > 0 and (error.problem or "").endswith(_TAB):
                mended = blank_tabs(content, at, passed=at < passed, quoted_to=builder.quoted_to)
            if mended is None:
                raise _syntax_error(error) from None
            content = mended
        except (YAMLError, ValueError, OverflowError) as error:
            raise ComposeError(f"yaml: {_first_line(error)}", line_of_bad_byte(content)) from None
        else:
            if isinstance(event, DocumentEndEvent):
                behind.check(content, event.start_mark.line, _unscanned, _TAB)
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


def _unscanned(content: bytes) -> tuple[int, str] | None:
    """Return the line, and what is wrong, where one of the first tokens cannot be scanned."""
    if CParser is None:
        return None
    try:
        scanner = CParser(content)
        for _ in range(behind.AHEAD + 1):  # the first is the stream's own beginning
            if scanner.get_token() is None:
                break
    except MarkedYAMLError as error:
        return error.problem_mark.line if error.problem_mark else 0, error.problem or "unreadable"
    except (YAMLError, ValueError):
        return None
    return None


def _events(content: bytes, *, fast: bool) -> Callable[[], Any]:
    if fast and CParser is not None:
        return CParser(content).get_event  # type: ignore[no-any-return]
    _, parser = YAML(typ="safe", pure=True).get_constructor_parser(content)
    return parser.get_event  # type: ignore[no-any-return]


class _Builder:
    """Events in, `document` out; an entry is (value, line, what tells it from other keys)."""

    def __init__(self, escapes: str = "", mark: str = "") -> None:
        self._escapes = escapes
        self._mark = mark
        self.quoted_to = -1  # where the last text in quotes ended: a line, from 0
        self.document: Any = None
        self.found = Found()
        self._open: list[Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
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
                self._anchors[anchor] = (MERGE, 0, 0)  # open: an alias to it contains itself
            self._open.append(
                Frame(event.start_mark.line + 1, anchor, mapping=kind is MappingStartEvent)
            )
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self._close()
        elif kind is AliasEvent:
            self._alias(event)
        elif kind is DocumentStartEvent and event.version not in {None, (1, 1)}:
            raise ComposeError("yaml: found incompatible YAML document", event.start_mark.line + 1)

    def _scalar(self, event: Any) -> None:  # noqa: ANN401, C901 -- the hot loop of the reader
        line = event.start_mark.line + 1
        text = event.value
        if self._mark:
            text = text.replace(self._mark, BYTE_ORDER_MARK)
        plain = not event.style
        if not plain and event.style in _QUOTES:
            self.quoted_to = event.end_mark.line
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
            self._add(MERGE, line, text)
            return
        value = resolve(text, tag, line, plain=plain)
        if plain and tag is None and text in ONCE_BOOLEAN:
            self.found.older.append(Older(line, f"reads `{text}` as {ONCE_BOOLEAN[text]}"))
        if tag not in {None, "!!str"} and type(value) is str and self._at_key():
            value = Tagged(value)
        if type(value) is float and not isfinite(value):
            self.found.infinite = line
        self._decoded += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1, 0)
        self._add(value, line, text)

    def _at_key(self) -> bool:
        frame = self._open[-1] if self._open else None
        return frame is not None and frame.mapping and len(frame.entries) % 2 == 0

    def _alias(self, event: Any) -> None:  # noqa: ANN401
        line = event.start_mark.line + 1
        name = event.anchor
        if name not in self._anchors:
            raise ComposeError(f"yaml: unknown anchor '{name}' referenced", line)
        value, size, depth = self._anchors[name]
        if value is MERGE:
            raise ComposeError(f"yaml: anchor '{name}' value contains itself", line)
        self._decoded += 1 + size
        self._aliased += size
        # decode.go: up to 99 % of a small document may come from aliases, 10 % of a large one.
        if self._aliased > 100 and self._decoded > 1000:  # noqa: PLR2004
            over = min(max(self._decoded - 400_000, 0) / 3_600_000, 1)
            if self._aliased / self._decoded > 0.99 - 0.89 * over:
                raise ComposeError("yaml: document contains excessive aliasing", line)
        self._add(value, line, ("alias", name), size, depth)

    def _add(self, value: Any, line: int, key: Any, size: int = 1, depth: int = 0) -> None:  # noqa: ANN401
        if not self._open:
            self.document = None if value is MERGE else value
            return
        frame = self._open[-1]
        frame.entries.append((value, line, key))
        frame.size += size
        if depth >= frame.depth:
            frame.depth = depth + 1
            # Aliases of aliases nest as deep as they like without a bracket being open.
            if depth >= DEEPEST:
                raise ComposeError(f"nested more than {DEEPEST} levels deep", line)

    def _close(self) -> None:
        frame = self._open.pop()
        value = mapping(frame, self.found) if frame.mapping else sequence(frame)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (value, frame.size, frame.depth)
        self._add(value, frame.line, ("node", frame.mapping), frame.size, frame.depth)
