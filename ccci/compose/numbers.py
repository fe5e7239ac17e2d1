"""Numbers as Go's strconv reads them, which docker's own texts and variables go through."""

import re
from math import isfinite, isnan

_DECIMAL = re.compile(r"[-+]?(?:[0-9_]+\.?[0-9_]*|\.[0-9_]+)(?:[eE][-+]?[0-9][0-9_]*)?")
_HEXADECIMAL = re.compile(
    r"[-+]?0[xX](?:[0-9a-fA-F_]+\.?[0-9a-fA-F_]*|\.[0-9a-fA-F_]+)[pP][-+]?[0-9][0-9_]*"
)
_WORD = re.compile(r"[-+]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
# An underscore stands between digits; the base's prefix counts as one (strconv, underscoreOK).
_LOOSE = re.compile(r"(?:^|[^0-9])_|_(?:$|[^0-9])")
_LOOSE_HEXADECIMAL = re.compile(r"(?:^|[^0-9a-fA-FxX])_|_(?:$|[^0-9a-fA-F])")
_LARGEST_FLOAT32 = (2 - 2**-23) * 2.0**127
_SMALLEST_64, _LARGEST_64 = -(2**63), 2**63 - 1
_LONGEST = 25  # digits: beyond what 64 bits hold, and below what Python refuses to convert
_INTEGER = re.compile(r"[-+]?[0-9]+")


def parse_float(text: str) -> float:
    """Return what strconv.ParseFloat makes of a text; `inf` and `nan` are numbers to it.

    Raise ValueError with its complaint.
    """
    if _WORD.fullmatch(text):
        return float(text)
    hexadecimal = _HEXADECIMAL.fullmatch(text)
    if not hexadecimal and not _DECIMAL.fullmatch(text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    loose = _LOOSE_HEXADECIMAL if hexadecimal else _LOOSE
    if "_" in text and loose.search(text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    digits = text.replace("_", "")
    try:
        number = float.fromhex(digits) if hexadecimal else float(digits)
    except OverflowError:
        number = float("inf")
    except ValueError:
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax') from None
    if not isfinite(number):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": value out of range')
    return number


def parse_integer(text: str) -> int:
    """Return what strconv.Atoi makes of a text. Raise ValueError with its complaint."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    digits = text.lstrip("+-").lstrip("0") or "0"
    number = int(digits) if len(digits) <= _LONGEST else 2**64
    number = -number if text[0] == "-" else number
    if not _SMALLEST_64 <= number <= _LARGEST_64:
        raise ValueError(f'strconv.Atoi: parsing "{text}": value out of range')
    return number


def to_int64(number: float) -> int:
    """Return a float as Go (amd64) converts it: what does not fit is the smallest integer."""
    if isnan(number) or not _SMALLEST_64 <= number < 2.0**63:
        return _SMALLEST_64
    return int(number)


def to_uint64(number: float) -> int:
    """Return a float of 0 or more as Go (amd64) converts it to an unsigned integer."""
    return 2**63 if isnan(number) or number >= 2.0**64 else int(number)


def to_float32(number: float) -> float:
    """Return a float as far as 32 bits reach: beyond, it is infinite."""
    if abs(number) > _LARGEST_FLOAT32:
        return float("inf") if number > 0 else float("-inf")
    return float(number)
