"""What abra's parser of an `.env` reads otherwise than Docker's, or not at all."""

import re

from ccci.recipe.env_file import BARE_KEY, read

_NO_KEY = re.compile(r"[^A-Za-z0-9_.\s]")
_BRACED = re.compile(r"(?<!\\)\$\{[A-Za-z_][A-Za-z0-9_]*[^A-Za-z0-9_}]")
_SMALL = re.compile(r"(?<!\\)\$\{?[a-z]")


def read_otherwise(text: str, name: str = ".env") -> tuple[str, ...]:
    """Return what abra's parser reads otherwise, or not at all, one sentence each.

    By godotenv (parser.go), which abra's is taken for a fork of: a key ends at `=` or `:` and is of
    letters, digits, `_` and `.`; a comment needs something before it; a variable is of capitals,
    and there are no defaults.
    """
    lines = text.removeprefix("\ufeff").splitlines()
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
        literal = rest.startswith("'")
        if _NO_KEY.search(each.key):
            found.append(f"{where}: abra knows no such key as {each.key}, and stops")
        elif rest.startswith("#"):
            found.append(f"{where}: abra takes the comment for the value of {each.key}")
        elif not literal and _BRACED.search(written):
            found.append(f"{where}: abra knows no defaults in an .env, and mangles {each.key}")
        elif not literal and _SMALL.search(written):
            found.append(f"{where}: abra replaces no variable in small letters, as {each.key} has")
    return tuple(found)
