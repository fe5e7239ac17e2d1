"""What a task asks of a node, and what a node has, counted alike."""

from typing import Any

import pytest

from ccci.swarm.decode.resources import Asked, asked, of_node

GPU = {"NamedResourceSpec": {"Kind": "gpu", "Value": "uuid"}}
SSD = {"DiscreteResourceSpec": {"Kind": "ssd", "Value": 3}}
SIZES = {"MemoryBytes": 5, "NanoCPUs": 7, "GenericResources": [GPU, GPU, SSD]}
COUNTED = {"memory": 5, "cores": 7, "generic:gpu": 2, "generic:ssd": 3}


def test_reservations_and_what_a_node_has_are_counted_alike() -> None:
    template = {
        "Resources": {"Reservations": SIZES, "Limits": {"MemoryBytes": 9}},
        "Placement": {"MaxReplicas": 2},
    }
    assert asked(template) == Asked(COUNTED, 9, 2)
    assert of_node({"Description": {"Resources": SIZES}}) == COUNTED


@pytest.mark.parametrize("nothing", [{}, {"Resources": None}, {"Resources": {"Limits": None}}])
def test_what_is_not_asked_for_is_nothing(nothing: dict[str, Any]) -> None:
    assert asked(nothing) == Asked()
    assert of_node(nothing) == {}
