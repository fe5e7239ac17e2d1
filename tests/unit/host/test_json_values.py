"""Values to JSON and back, and the schema that says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.documents import checked
from support.examples import examples

from ccci.exits import Verdict
from ccci.host.json_values import (
    APART,
    FLAT,
    KEY,
    PLACES,
    RARE,
    from_json,
    object_in,
    objects_in,
    texts_in,
    to_json,
)
from ccci.report.model import Report, document, read
from ccci.report.parts import DryRun, Upgrade
from ccci.report.schema import schema


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Part:
    """A part that stands among the keys of the whole."""

    left: str
    right: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """A value with something that is no part of its document."""

    name: str
    others: tuple[int, ...] = field(default=(), metadata={APART: True})


@dataclass(frozen=True, slots=True)
class Whole:
    """A bit of everything."""

    name: str
    source: Colour | None = field(metadata={KEY: "from"})
    seconds: float = field(metadata={PLACES: 1})
    pair: tuple[float, float] = (0.0, 1.0)
    many: tuple[int, ...] = ()
    some: frozenset[str] = frozenset()
    table: Mapping[str, int] = field(default_factory=dict)
    below: "tuple[Part, ...] | None" = None
    rare: str | None = field(default=None, metadata={RARE: True})
    flat: Part | None = field(default=None, metadata={FLAT: True})


PLAIN = Whole("x", Colour.RED, 1.26)


def test_a_value_is_written_by_its_fields() -> None:
    assert to_json(PLAIN) == {
        "name": "x",
        "from": "red",
        "seconds": 1.3,
        "pair": [0.0, 1.0],
        "many": [],
        "some": [],
        "table": {},
        "below": None,
    }
    full = replace(PLAIN, some=frozenset({"b", "a"}), rare="r", flat=Part("l"))
    assert to_json(full).items() >= {"rare": "r", "left": "l", "right": 0}.items()
    assert to_json(full)["some"] == ["a", "b"]
    with pytest.raises(TypeError, match="object is no JSON"):
        to_json(object())


# JSON has no infinity.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
# A plan travels in a dry run as the document that it is.
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
st.register_type_strategy(
    DryRun, st.builds(DryRun, plan=st.none() | st.dictionaries(st.text(), _JSON))
)


@given(st.from_type(Whole))
def test_what_was_written_is_read_back(value: Whole) -> None:
    value = replace(value, seconds=round(value.seconds, 1), table=dict(value.table))
    written = json.loads(json.dumps(to_json(value)))
    assert json.dumps(to_json(from_json(Whole, written))) == json.dumps(written)
    if "NaN" not in json.dumps(written):
        Draft202012Validator(schema("t", Whole)).validate({"schema": "t", **written})


def test_what_a_later_version_adds_is_passed_over_and_what_an_earlier_one_lacks_is_filled_in() -> (
    None
):
    assert from_json(Whole, {"name": "x", "from": None, "seconds": 1, "new": 3}) == Whole(
        "x", None, 1.0
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": None}, "Whole.name: None is no str"),
        ({"from": "green"}, "Whole.from: 'green' is no Colour"),
        ({"seconds": True}, "Whole.seconds: True is no int"),
        ({"many": ["1"]}, r"Whole.many\[0\]: '1' is no int"),
        ({"many": "12"}, "Whole.many: '12' is no list"),
        ({"pair": [1]}, "Whole.pair has not 2 parts"),
        ({"table": {"a": None}}, "Whole.table.a: None is no int"),
        ({"below": [{}]}, r"Whole.below\[0\] has no left"),
    ],
)
def test_what_is_none_of_it_is_refused_by_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_json(Whole, {**to_json(PLAIN), **changes})


def test_what_is_no_object_is_refused() -> None:
    others: list[object] = [None, [], "x", 3]
    for each in others:
        with pytest.raises(ValueError, match="is no dict"):
            from_json(Whole, each)


@settings(max_examples=examples(100) // 3)
@given(st.from_type(Report).filter(lambda report: not (report.upgrade and report.deploy)))
def test_every_report_is_read_back_from_its_document(report: Report) -> None:
    written = json.dumps(document(report))
    again = read(json.loads(written))
    assert json.dumps(document(again)) == written
    assert again.exit_code == report.exit_code
    if "NaN" not in written:
        checked(json.loads(written))


def test_a_report_keeps_the_signal_that_ended_it() -> None:
    ended = Report("upgrade", Verdict.INTERRUPTED, "s", signal=15)
    assert document(ended)["exit_code"] == read(document(ended)).exit_code == 143
    assert replace(ended, signal=None).exit_code == 130
    assert replace(ended, verdict=Verdict.ROLLED_BACK).exit_code == 143


def test_another_document_is_no_report() -> None:
    others: list[Any] = [None, {}, {"schema": "ccci.sweep/1"}, {"schema": "ccci.report/1"}]
    for each in others:
        with pytest.raises(ValueError, match=r"no ccci.report/1|has no command"):
            read(each)


def test_a_schema_names_what_is_always_there_and_forbids_nothing_more() -> None:
    made = schema("ccci.report/1", Report, {"exit_code": {"type": "integer"}})
    assert made["properties"]["schema"] == {"const": "ccci.report/1"}
    assert {"verdict", "exit_code", "services", "notes"} <= set(made["required"])
    assert not {"head", "run", "checks", "dry_run"} & set(made["required"])
    assert {"head", "run", "checks", "dry_run"} <= set(made["properties"])
    assert made["$defs"]["RolledBack"]["required"] == ["from", "to", "at"]
    assert "base_verdict" not in made["required"]
    assert to_json(Upgrade.__doc__) is not None
    Draft202012Validator.check_schema(made)


@pytest.mark.parametrize("number", ["1" + "0" * 400, "Infinity", "NaN"])
def test_a_number_that_nobody_can_count_to_is_refused(number: str) -> None:
    text = document(Report("upgrade", Verdict.CONVERGED, "s"))
    with pytest.raises(ValueError, match="no number"):
        read({**text, "duration_seconds": json.loads(number)})


def test_what_travels_apart_is_no_part_of_the_document() -> None:
    assert to_json(Carried("x", others=(1, 2))) == {"name": "x"}
    assert from_json(Carried, {"name": "x", "others": "no list"}) == Carried("x")


@pytest.mark.parametrize("odd", ["x" * 100_000, ["x"] * 100_000, {"x" * 100_000: 1}])
@pytest.mark.parametrize("key", ["verdict", "services", "summary"])
def test_a_complaint_quotes_no_more_than_a_reader_needs(key: str, odd: object) -> None:
    text = document(Report("upgrade", Verdict.CONVERGED, "s"))
    if key == "summary" and isinstance(odd, str):
        odd = [odd]
    with pytest.raises(ValueError, match=key) as refused:
        read({**text, key: odd})
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("odd", [None, "x", 7, True, {"a": 1}.items()])
def test_what_may_be_an_object_or_a_list_is_empty_where_it_is_none(odd: object) -> None:
    assert object_in(odd) == {}
    assert objects_in(odd) == []
    assert texts_in(odd) == []


def test_what_is_an_object_or_a_list_is_given_as_it_is() -> None:
    assert object_in({"a": 1}) == {"a": 1}
    assert objects_in([{"a": 1}, "x"]) == [{"a": 1}, {}]
    assert texts_in(["a", 7]) == ["a", "7"]
