"""Constraints as swarmkit reads them."""

import pytest
from rollouts import spec

from ccci.swarm.model import Node
from ccci.swarm.placement import allows, fitting

NODE = Node(
    "id1",
    "Alpha",
    manager=True,
    role="manager",
    os="linux",
    architecture="x86_64",
    labels=(("disk", "SSD"),),
    engine_labels=(("zone", "a"),),
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
        ("node.colour==red", False),
        ("node.colour!=red", False),
        ("nonsense", False),
    ],
)
def test_a_constraint_is_compared_as_swarm_does(constraint: str, expected: bool) -> None:
    assert allows(spec("x", constraints=(constraint,)), NODE) is expected


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
