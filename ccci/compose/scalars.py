"""Plain scalars as go-yaml v3 reads them, which the docker CLI is built with from 28.0 on.

It is neither YAML 1.1 nor 1.2: `yes` and `on` are text, `0444` and `0o444` are octal, `1_000` is
an integer, `1e-1` a float, `0b11` an integer, `2001-01-01` a date (go-yaml v3, resolve.go).
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime
from math import isfinite

from ccci.compose.tree import ComposeError, Timestamp

Scalar = str | int | float | bool | None | Timestamp

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
ONCE_BOOLEAN = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), "true"),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), "false"),
}
"""Plain words that are text to go-yaml v3, and were booleans to v2 (its resolve.go)."""
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
_DATE = re.compile(r"\d{4}-(\d{1,2})-(\d{1,2})", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[Tt]|\s)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_LONGEST_INTEGER = 1000  # far above what 64 bits hold, and below what Python refuses to convert
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_RESOLVABLE = {"!!str", "!!bool", "!!int", "!!float", "!!null", "!!timestamp"}


def resolve(text: str, tag: str | None, line: int, *, plain: bool) -> Scalar:
    """Return the value of a scalar with its short tag (`!!int`, or None), plain or quoted.

    Raise ComposeError where a tag is given that the text does not fit.
    """
    if tag is None:
        return _untagged(text) if plain else text
    if tag == "!!str":
        return text
    if tag == "!!binary":
        try:
            return b64decode("".join(text.split()), validate=True).decode(errors="replace")
        except (Base64Error, ValueError):
            raise ComposeError("yaml: !!binary value contains invalid base64 data", line) from None
    if tag not in _RESOLVABLE:
        return text
    value = _untagged(text, dates=tag == "!!timestamp")
    found = _tag_of(value)
    if found == tag:
        return value
    if tag == "!!float" and isinstance(value, int):
        return float(value)
    raise ComposeError(f"yaml: cannot decode {found} `{text}` as a {tag}", line)


def _tag_of(value: Scalar) -> str:
    if value is None:
        return "!!null"
    if isinstance(value, bool):
        return "!!bool"
    if isinstance(value, int):
        return "!!int"
    if isinstance(value, float):
        return "!!float"
    return "!!timestamp" if isinstance(value, Timestamp) else "!!str"


def _untagged(text: str, *, dates: bool = True) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        # Here go-yaml keeps the underscores, and Go takes them between digits.
        return _float(text.replace("_", ""), text) if _DOT.fullmatch(text) else text
    if not (first.isascii() and (first.isdigit() or first in "+-")):
        return text
    if dates and _is_date(text):
        return Timestamp(text)
    digits = text.replace("_", "")
    # go-yaml drops every underscore before it looks, wherever it stands.
    number = _integer(digits)
    if number is not None:
        return number
    return _float(digits, text)


def _integer(digits: str) -> int | None:
    if len(digits) > _LONGEST_INTEGER or not _INTEGER.fullmatch(digits):
        return None
    sign = -1 if digits[0] == "-" else 1
    bare = digits.lstrip("+-").lower()
    base = {"0x": 16, "0b": 2, "0o": 8}.get(bare[:2], 8 if bare[0] == "0" else 10)
    number = sign * int(bare[2:] if bare[:2] in {"0x", "0b", "0o"} else bare, base)
    # An unsigned parse takes no sign, so that beyond 2**63 only bare digits are integers.
    largest = _LARGEST if digits[0] not in "+-" else 2**63 - 1
    return number if _SMALLEST <= number <= largest else None


def _float(digits: str, text: str) -> float | str:
    """Return the number, or the text where it is none, or one that is too large for Go."""
    if not _FLOAT.fullmatch(digits):
        return text
    number = float(digits)
    return number if isfinite(number) else text


def _is_date(text: str) -> bool:
    """Say whether go-yaml takes the text for a date: the four layouts of its resolve.go."""
    if len(text) < 8 or text[4] != "-" or not text[:4].isdigit():  # noqa: PLR2004
        return False
    day = _DATE.fullmatch(text)
    moment = None if day else _MOMENT.fullmatch(text)
    if not day and not moment:
        return False
    if moment:
        separator = text[len(moment[1])]
        # A zone belongs to the layouts with a T; the one with a space has none.
        if (separator in "Tt") != bool(moment[5]) or separator not in "Tt ":
            return False
    try:
        year, month, number = (int(part) for part in (moment[1] if moment else text).split("-"))
        datetime(year or 4, month, number)  # noqa: DTZ001 -- only asks whether there is such a day
        if moment:
            hour, minute, second = int(moment[2]), int(moment[3]), int(moment[4])
            return hour < 24 and minute < 60 and second < 60  # noqa: PLR2004
    except ValueError:
        return False
    return True
