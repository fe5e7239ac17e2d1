import pytest

from ccci.errors import UsageError
from ccci.host.durations import seconds, told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("90s", 90),
        ("20m", 1200),
        ("1h30m", 5400),
        ("1.5m", 90),
        ("500ms", 0.5),
        (" 2M ", 120),
        ("0", 0),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, expected: float) -> None:
    assert seconds(text, "--timeout") == expected


@pytest.mark.parametrize("text", ["", "x", "10 s x", "-5s", "5d", "s", "1m30"])
def test_what_is_no_duration_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        seconds(text, "--timeout")


def test_no_duration_stays_none() -> None:
    assert seconds(None, "--timeout") is None


@pytest.mark.parametrize(
    ("length", "expected"),
    [(0, "0s"), (-3, "0s"), (45.4, "45s"), (900, "15m"), (5400, "1h30m"), (3661, "1h1m1s")],
)
def test_durations_are_told_as_people_write_them(length: float, expected: str) -> None:
    assert told(length) == expected
    assert seconds(expected, "--timeout") == max(0, round(length))
