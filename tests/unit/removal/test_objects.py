from typing import Any

import pytest

from ccci.removal.objects import (
    Claim,
    Item,
    Kind,
    claimed,
    counted,
    known_stacks,
    removable,
    told,
)
from ccci.swarm.decode.listed import every

STACK = "com.docker.stack.namespace"


def item(kind: Kind, name: str = "x") -> Item:
    return Item(kind, f"id-{name}", name)


def spec(name: str, **labels: str) -> dict[str, Any]:
    return {"ID": f"id-{name}", "Spec": {"Name": name, "Labels": labels}}


def test_services_go_first_and_alone() -> None:
    items = [item(Kind.NETWORK), item(Kind.SERVICE, "a"), item(Kind.TASK), item(Kind.SERVICE, "b")]
    assert [each.name for each in removable(items)] == ["a", "b"]


@pytest.mark.parametrize("kind", [Kind.TASK, Kind.CONTAINER])
def test_nothing_goes_while_tasks_and_containers_end(kind: Kind) -> None:
    assert removable([item(Kind.NETWORK), item(Kind.VOLUME), item(kind)]) == ()


def test_the_rest_goes_together() -> None:
    items = [item(kind) for kind in (Kind.NETWORK, Kind.VOLUME, Kind.SECRET, Kind.CONFIG)]
    assert removable(items) == tuple(items)
    assert removable([]) == ()


def test_a_label_decides_whose_it_is() -> None:
    claim = Claim("shop", by_name=True)
    assert claim.covers("anything", {STACK: "shop"})
    assert claim.covers("anything", {"ccci.stack": "shop"})
    assert not claim.covers("shop_data", {STACK: "blog"})
    assert not claim.covers("shop_key_v1", {"ccci.stack": "shop_two"})


def test_a_recorded_name_is_ours_and_a_prefix_only_where_the_stack_is() -> None:
    assert Claim("shop", frozenset({"shop_key_v1"})).covers("shop_key_v1", {})
    assert not Claim("shop").covers("shop_key_v1", {})
    assert Claim("shop", by_name=True).covers("shop_key_v1", {"colour": "green"})


@pytest.mark.parametrize("name", ["shopping_key_v1", "shop", "shop_", "my_shop_key", "Shop_key"])
def test_what_only_looks_like_the_prefix_is_not(name: str) -> None:
    assert not Claim("shop", by_name=True).covers(name, {})


def test_a_stack_whose_name_goes_on_keeps_its_own() -> None:
    claim = Claim("shop", by_name=True, others=frozenset({"shop_test", "blog"}))
    assert not claim.covers("shop_test_key_v1", {})
    assert claim.covers("shop_key_v1", {})


def test_items_are_what_the_claim_covers() -> None:
    claim = Claim("shop", by_name=True)
    answers = [spec("shop_a_v1"), spec("blog_a_v1"), spec("x", **{STACK: "shop"})]
    assert [each.name for each in claimed(Kind.SECRET, every(answers), claim)] == ["shop_a_v1", "x"]
    volumes: list[dict[str, Any]] = [
        {"Name": "shop_data", "Labels": None},
        {"Name": "data", "Labels": {STACK: "shop"}},
    ]
    assert [each.id for each in claimed(Kind.VOLUME, every(volumes), claim)] == [
        "shop_data",
        "data",
    ]


def test_stacks_are_known_from_every_kind_of_label() -> None:
    answers = [
        spec("a", **{STACK: "shop"}),
        spec("b", **{"ccci.stack": "blog"}),
        {"Name": "v", "Labels": {STACK: "wiki"}},
        {"Name": "w", "Labels": None},
        {"Spec": {"Name": "n", "Labels": None}},
    ]
    assert known_stacks(every(answers)) == {"shop", "blog", "wiki"}


def test_items_are_told_and_counted() -> None:
    items = [item(Kind.SERVICE, str(number)) for number in range(10)]
    assert told(items[:2]) == "service 0, service 1"
    assert told(items).endswith("service 7 and 2 more")
    assert counted([*items[:2], item(Kind.CONFIG)]) == "1 config, 2 services"
