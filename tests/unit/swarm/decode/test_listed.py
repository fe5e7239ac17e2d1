"""What is listed, read without a word about what is odd in it."""

from typing import Any

import pytest

from ccci.swarm.decode.listed import Listed, every, listed, names

STACK = "com.docker.stack.namespace"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (
            {"ID": "a", "Version": {"Index": 7}, "Spec": {"Name": "n", "Labels": {STACK: "shop"}}},
            Listed("a", "n", {STACK: "shop"}, 7),
        ),
        ({"Id": "b", "Name": "net", "Labels": None}, Listed("b", "net")),
        ({"Name": "volume", "Labels": {"a": ""}}, Listed("volume", "volume", {"a": ""})),
        ({"Id": "c", "Names": ["/x"], "Labels": {}}, Listed("c", "")),
    ],
)
def test_each_kind_of_thing_has_an_id_a_name_and_labels(raw: Any, found: Listed) -> None:
    assert listed(raw) == found


@pytest.mark.parametrize("odd", [None, 7, True, [], {}, [None], {"a": None}])
def test_what_is_of_another_type_is_left_out(odd: Any) -> None:
    assert listed(odd) == Listed("", "")
    assert listed({"ID": "a", "Name": odd, "Labels": odd, "Version": odd}) == Listed("a", "")
    assert listed({"ID": odd, "Spec": {"Labels": {"k": odd, "l": "1"}}}).labels == {"l": "1"}


def test_the_owner_is_the_stack_or_who_is_labelled_by_us() -> None:
    assert listed({"Labels": {STACK: "shop", "ccci.stack": "blog"}}).owner == "shop"
    assert listed({"Labels": {"ccci.stack": "blog"}}).owner == "blog"
    assert listed({"Labels": {"ccci.stack": "blog"}}).stack == ""


def test_a_listing_is_read_in_its_order() -> None:
    answers = [{"Name": "b"}, {"Name": "a"}]
    assert [each.name for each in every(answers)] == ["b", "a"]
    assert names(answers) == {"a", "b"}
