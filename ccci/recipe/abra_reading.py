"""What abra's parsers of an `.env` and of `abra.sh` read otherwise than ccci, or not at all.

abra reads both files again. Its parser of an `.env` is taken for a fork of godotenv (parser.go): a
line ends at LF or CR, a key ends at `=` or `:` and is of letters, digits, `_` and `.`; a comment
needs something before it, and begins at the last ` #` of what is not quoted; a quote closes at the
next one that has no backslash before it, be that one escaped itself; a variable is of capitals, or
one of abra's own environment, and there are no defaults; `---` at the end of a line is dropped.
"""

import re
from collections.abc import Collection

from ccci.errors import DeployRefused
from ccci.recipe.dotenv import BARE_KEY, Entry, line_of, lines_of, quote, read

_NO_KEY = re.compile(r"[^A-Za-z0-9_.\s]")
_PLAIN_LINE = re.compile(
    r"""(?:export\ +)?[A-Za-z_][A-Za-z0-9_.]*=(?:
    (?P<bare>[^\s"'\\#]+(?:\ [^\s"'\\#]+)*)(?:[\ \t]+\#[^#]*)?
    |"(?P<double>[^"\\]*)"(?:[\ \t]*\#.*)?
    |'[^'\\]*'(?:[\ \t]*\#.*)?
    |)""",
    re.VERBOSE,
)
_VARIABLE = re.compile(r"\$(?:\{([A-Z_][A-Z0-9_]*)\}|([A-Z_][A-Z0-9_]*)(?![A-Za-z0-9_{}]))")
_APART = (
    (re.compile(r"\A#"), "takes the comment for the value of {key}"),
    (
        re.compile(r"(?s)\A[^'].*(?<!\\)\$\{[A-Za-z_][A-Za-z0-9_]*[^A-Za-z0-9_}]|\A\$\{\w+[^\w}]"),
        "knows no defaults in an .env, and mangles {key}",
    ),
    (
        re.compile(r"(?s)\A[^'].*(?<!\\)\$\{?[a-z]|\A\$\{?[a-z]"),
        "replaces no variable in small letters, as {key} has",
    ),
    (
        re.compile(r"\A[^\"'].*\s#.*\s#"),
        "takes all up to the last # for the value of {key}",
    ),
    (re.compile(r"---\Z"), "drops the --- at the end of {key}"),
    (
        re.compile(r"""(?s)\A(?:".*\\"|'.*\\')\s*(?:#|\Z)"""),
        "takes the quote that ends {key} for an escaped one",
    ),
)
"""How a value is written that abra reads otherwise, the first that fits, and how it does."""
_EXPORT = re.compile(r"export(?!\w)")
# Quotes around what is plain are taken away, or stand in the value: neither is another plain value.
_PLAIN_EXPORT = re.compile(
    r"export\s+[A-Za-z_]\w*=(?P<quote>[\"']?)(?:\w[\w.:/@+-]*)?(?P=quote)\s*"
    r"|export(?:\s+[A-Za-z_]\w*)+\s*"
)


def agreed(text: str, name: str = ".env") -> str:
    """Return a file of settings in words that abra reads as ccci does, comments kept.

    What is plain stays as it is. Raise DeployRefused for a value that cannot be said to both.
    """
    lines = lines_of(text, name)
    entries = {entry.first: entry for entry in read(text, name)}
    result: list[str] = []
    known: set[str] = set()
    number = 0
    while number < len(lines):
        entry, line = entries.get(number), lines[number]
        number = entry.last + 1 if entry else number + 1
        if entry is not None:
            single = entry.first == entry.last
            if not (single and _is_plain(line, known)):
                line = _said_to_both(entry, name)
            known.add(entry.key)
        result.append(line)
    return "".join(f"{line}\n" for line in result)


def _is_plain(line: str, known: Collection[str]) -> bool:
    """Say whether a line can be read in one way alone; `known` are the keys above it."""
    found = _PLAIN_LINE.fullmatch(line)
    if found is None or line.endswith("---"):
        return False
    value = found["bare"] or found["double"] or ""
    names = [one or other for one, other in _VARIABLE.findall(value)]
    return len(names) == value.count("$") and all(each in known for each in names)


def _said_to_both(entry: Entry, name: str) -> str:
    said = quote(entry.value)
    if said.startswith('"') and entry.value.endswith(('"', "\\")):
        raise DeployRefused(
            f"{name} line {entry.first + 1}: abra would read {entry.key} otherwise than docker",
            "let it end with neither a quote nor a backslash",
        )
    return line_of(entry.key, entry.value, entry.comment)


def exports_otherwise(text: str) -> tuple[str, ...]:
    """Return the lines of `abra.sh` that export what abra may read otherwise: `abra.sh line 3`.

    It is known to take one `NAME=value` a line for itself; what it makes of variables, comments,
    quotes around more than a word and several of them on one line is not published.
    """
    return tuple(
        f"abra.sh line {number}"
        for number, line in enumerate(text.split("\n"), 1)
        if _EXPORT.match(line) and not _PLAIN_EXPORT.fullmatch(line)
    )


def read_otherwise(text: str, name: str = ".env") -> tuple[str, ...]:
    """Return what abra's parser reads otherwise, or not at all, one sentence each."""
    lines = lines_of(text, name)
    found: list[str] = []
    entries = read(text, name)
    inside = {number for each in entries for number in range(each.first, each.last + 1)}
    for number, line in enumerate(lines):
        if number not in inside and BARE_KEY.fullmatch(line) and not line.lstrip().startswith("#"):
            found.append(f"{name} line {number + 1}: a key without = stops abra")
    for each in entries:
        where = f"{name} line {each.first + 1}"
        rest = re.split("[=:]", lines[each.first], maxsplit=1)[1].lstrip()
        written = "\n".join((rest, *lines[each.first + 1 : each.last + 1]))
        if _NO_KEY.search(each.key):
            found.append(f"{where}: abra knows no such key as {each.key}, and stops")
            continue
        said = next((words for pattern, words in _APART if pattern.search(written)), "")
        if said:
            found.append(f"{where}: abra {said.format(key=each.key)}")
    return tuple(found)
