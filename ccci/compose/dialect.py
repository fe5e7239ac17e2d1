"""Where go-yaml reads characters otherwise than the libyaml it was ported from: marks and tabs.

Both are mended in the bytes before libyaml sees them, without moving a single one, so that lines
and columns stay those of the file.
"""

import re

BYTE_ORDER_MARK = "\ufeff"
_MARK = BYTE_ORDER_MARK.encode()
# Private characters are as printable to libyaml as the mark is to go-yaml, and as long in UTF-8.
_STAND_INS = range(0xE000, 0xF8FF)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_TAB_LINE = re.compile(rb"[ \t]*\t[ \t]*(?:#.*)?\r?\n?")
_SCALAR_HEADER = re.compile(rb"(?:^|[\s:-])[|>][-+0-9]{0,2}[ \t]*(?:#.*)?\r?\n?$")
_LOOKS_AHEAD = 512  # go-yaml scannerc.go, yaml_parser_scan_comments


def hide_marks(content: bytes) -> tuple[bytes, str]:
    """Return the bytes with every byte order mark but the first replaced, and what stands for it.

    libyaml skips the mark at the start of each line; go-yaml's `is_bom` looks at the first bytes
    of its buffer alone, so that elsewhere the mark is a character like any other. The stand-in is
    empty where nothing was replaced.
    """
    if _MARK not in content or content.startswith(_UTF_16):
        return content, ""
    start = 0
    while content.startswith(_MARK, start):
        start += len(_MARK)
    if _MARK not in content[start:]:
        return content, ""
    stand_in = next(
        (chr(code) for code in _STAND_INS if chr(code).encode() not in content), BYTE_ORDER_MARK
    )
    return content[:start] + content[start:].replace(_MARK, stand_in.encode()), stand_in


def blank_tabs(
    content: bytes, line: int, *, passed: bool = False, quoted_to: int = -1
) -> bytes | None:
    """Return the bytes with the tabs around comments blanked from a line on, which was refused.

    After a line that is all comment, go-yaml looks for the next comment across white space of any
    kind (scannerc.go, yaml_parser_scan_comments), tabs included. `line` counts from 0; `passed`
    says that libyaml took it, and only ruamel's own parser does not; `quoted_to` is the line that
    the last text in quotes ends on, which holds no comments. Return None where the line is none
    that go-yaml would pass over.
    """
    lines = content.splitlines(keepends=True)  # of bytes: at CR, LF and both
    if line >= len(lines) or not _TAB_LINE.fullmatch(lines[line]):
        return None
    if passed:
        lines[line] = _blanked(lines[line])
        return b"".join(lines)
    comment, gap = _comment_before(lines, line)
    if comment <= quoted_to:
        return None
    changed = False
    blanks: list[int] = []
    for at in range(line, len(lines)):
        text = lines[at]
        bare = text.strip()
        if bare.startswith(b"#"):
            if gap + text.index(b"#") >= _LOOKS_AHEAD:
                break
            # Only now is it known that a comment follows the lines of white space.
            for each in (*blanks, at):
                changed = changed or b"\t" in lines[each][: lines[each].find(b"#")]
                lines[each] = _blanked(lines[each])
            gap, blanks = 1, []
        elif not bare:
            gap += len(text)
            blanks.append(at)
        elif _SCALAR_HEADER.search(text):
            break  # what follows may be the text of a block scalar, where a tab is a tab
        else:
            gap, blanks = _LOOKS_AHEAD, []
    return b"".join(lines) if changed else None


def _blanked(line: bytes) -> bytes:
    rest = line.lstrip(b" \t")
    return b" " * (len(line) - len(rest)) + rest


def _comment_before(lines: list[bytes], at: int) -> tuple[int, int]:
    """Return the line of the comment right before a line, -1 for none, and the gap in bytes."""
    gap = 1
    while at > 0 and not lines[at - 1].strip():
        at -= 1
        gap += len(lines[at])
    return (at - 1 if at > 0 and lines[at - 1].lstrip().startswith(b"#") else -1), gap


def line_of_bad_byte(content: bytes) -> int:
    """Return the line of the first byte that is no UTF-8, or 0."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 0
