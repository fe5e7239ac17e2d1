"""Plain scalars are read as go-yaml v3 reads them; each case was put to docker CLI 28 as well."""

from typing import Any

import pytest

from ccci.compose.scalars import resolve
from ccci.compose.tree import ComposeError, Timestamp


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("0444", 292),
        ("0o444", 292),
        ("0888", 888.0),
        ("0x1F", 31),
        ("0b11", 3),
        ("-0b11", -3),
        ("1_000", 1000),
        ("1e-1", 0.1),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        (".5_0", 0.5),
        ("._5", "._5"),
        ("1_0.5", 10.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1.5.2", "1.5.2"),
        ("3.8", 3.8),
        ("10:30", "10:30"),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("2001-01-01", Timestamp("2001-01-01")),
        ("2001-13-01", "2001-13-01"),
        ("2001-01-01T10:00:00Z", Timestamp("2001-01-01T10:00:00Z")),
        ("2001-01-01 10:00:00", Timestamp("2001-01-01 10:00:00")),
        (".inf", float("inf")),
        ("-", "-"),
        ("+", "+"),
        (".", "."),
        ("=", "="),
    ],
)
def test_a_plain_scalar_has_the_value_go_gives_it(text: str, value: Any) -> None:
    found = resolve(text, None, 1, plain=True)
    assert found == value
    assert type(found) is type(value)


def test_a_quoted_scalar_is_text() -> None:
    assert resolve("12", None, 1, plain=False) == "12"


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("12", "!!str", "12"),
        ("12", "!!int", 12),
        ("12", "!!float", 12.0),
        ("aGk=", "!!binary", "hi"),
        ("x", "!own", "x"),
    ],
)
def test_a_tag_decides(text: str, tag: str, value: Any) -> None:
    assert resolve(text, tag, 1, plain=True) == value


@pytest.mark.parametrize(("text", "tag"), [("x", "!!int"), ("yes", "!!bool"), ("*", "!!binary")])
def test_a_tag_that_does_not_fit_is_refused_at_its_line(text: str, tag: str) -> None:
    with pytest.raises(ComposeError) as caught:
        resolve(text, tag, 7, plain=True)
    assert caught.value.line == 7
