from typing import Any

import pytest

from ccci.errors import EngineError
from ccci.swarm.decode import repeated
from ccci.swarm.decode.repeated import once
from ccci.swarm.decode.typed import Json, text

asked: list[str] = []


@once
def name(raw: Json) -> list[str]:
    asked.append(text(raw, "Name"))
    return [text(raw, "Name")]


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    asked.clear()


def test_what_is_said_again_is_decoded_once() -> None:
    assert name({"Name": "again", "Labels": {}}) is name({"Name": "again", "Labels": {}})
    assert asked == ["again"]


@pytest.mark.parametrize(
    "others", [(1, True), (1, 1.0), (0, False), (None, ""), ([], {}), ("1", 1)]
)
def test_what_is_said_otherwise_is_decoded_anew(others: tuple[Any, Any]) -> None:
    one, other = ({"Name": repr(others), "Labels": each} for each in others)
    assert name(one) == name(other)
    assert len(asked) == 2


def test_who_changes_what_was_decoded_changes_nothing_for_others() -> None:
    raw = {"Name": "before"}
    assert name(raw) == ["before"]
    raw["Name"] = "behind"
    assert name(raw) == ["behind"]
    assert name({"Name": "before"}) == ["before"]


def test_what_makes_no_sense_is_said_each_time() -> None:
    for _ in range(2):
        with pytest.raises(EngineError, match="'Name' is int, not a text"):
            name({"Name": 1})


def test_what_is_very_long_is_not_kept() -> None:
    long = {"Name": "x" * (repeated._LONGEST + 1)}
    assert name(long) == name(long)
    assert len(asked) == 2
