"""What go-yaml stops at behind the first document, of which it reads nothing. Pure.

Its scanner is ahead of its parser, for the sake of comments (scannerc.go,
yaml_parser_fetch_more_tokens): what cannot be scanned there spoils the file.
"""

from collections.abc import Callable

from ccci.compose.dialect import blank_tabs
from ccci.compose.tree import ComposeError

AHEAD = 3
"""Tokens behind the document's end that are scanned (measured with docker CLI 28.2.2)."""

_MARKS = (b"---", b"...")


def check(
    content: bytes, line: int, unscanned: Callable[[bytes], tuple[int, str] | None], tab: str
) -> None:
    """Raise ComposeError for what is no token behind the document that ends on a line, from 0.

    `unscanned` tells line and complaint of what cannot be scanned of some bytes, `tab` is the end
    of the complaint about a tab.
    """
    rest = b"".join(content.splitlines(keepends=True)[line:])
    while rest.startswith(_MARKS) and (found := unscanned(rest)) is not None:
        at, problem = found
        mended = blank_tabs(rest, at) if problem.endswith(tab) else None
        if mended is None:
            raise ComposeError(f"yaml: line {line + at + 1}: {problem}", line + at + 1)
        rest = mended
