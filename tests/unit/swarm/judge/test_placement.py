"""Constraints as swarmkit reads them."""

import pytest
from support.sandbox.rollouts import spec

from ccci.swarm.judge.placement import allows, fitting
from ccci.swarm.model import Node

NODE = Node(
    "id1",
    "Alpha",
    manager=True,
    role="manager",
    os="linux",
    architecture="x86_64",
    labels=(("disk", "SSD"),),
    engine_labels=(("zone", "a"),),
    address="10.0.3.7",
)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("node.role==manager", True),
        ("node.role == manager", True),
        ("node.role != manager", False),
        ("node.role==worker", False),
        ("node.hostname==alpha", True),
        ("node.id==id1", True),
        ("node.labels.disk==ssd", True),
        ("node.labels.disk!=ssd", False),
        ("node.labels.other==x", False),
        ("node.labels.other!=x", True),
        ("engine.labels.zone==a", True),
        ("node.platform.os==linux", True),
        ("node.platform.arch==x86_64", True),
        ("node.ip == 10.0.3.7", True),
        ("Node.IP != 10.0.3.7", False),
        ("node.ip == 10.0.3.8", False),
        ("node.ip == 10.0.3.1/24", True),
        ("node.ip != 10.0.3.0/24", False),
        ("node.ip != fd00::/8", True),
        ("node.ip == alpha", False),
        ("node.ip != alpha", False),
        ("node.colour==red", False),
        ("node.colour!=red", False),
        ("nonsense", False),
    ],
)
def test_a_constraint_is_compared_as_swarm_does(constraint: str, expected: bool) -> None:
    assert allows(spec("x", constraints=(constraint,)), NODE) is expected


@pytest.mark.parametrize("network", ["10.0.3.7", "0.0.0.0/0"])
def test_a_node_of_unknown_address_is_at_none(network: str) -> None:
    nobody_says = Node("id2", "beta")
    assert not allows(spec("x", constraints=(f"node.ip == {network}",)), nobody_says)
    assert allows(spec("x", constraints=(f"node.ip != {network}",)), nobody_says)


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [
        ((), True),
        ((("linux", "amd64"),), True),
        ((("linux", "arm64"),), False),
        ((("linux", "arm64"), ("linux", "x86_64")), True),
        ((("windows", "amd64"),), False),
        ((("", ""),), True),
    ],
)
def test_a_platform_fits_by_either_name(
    platforms: tuple[tuple[str, str], ...], expected: bool
) -> None:
    assert allows(spec("x", platforms=platforms), NODE) is expected


def test_only_nodes_that_are_ready_and_active_are_expected_to_run_anything() -> None:
    down = Node("id2", "two", ready=False)
    drained = Node("id3", "three", active=False)
    assert fitting(spec("x"), (NODE, down, drained)) == (NODE,)
