"""What the Engine takes in a service's spec."""

import pytest

from ccci.swarm.engine_limits import constraint_fault, is_image_name

HOST = "registry.example:5000"


@pytest.mark.parametrize(
    ("name", "by_some", "by_all"),
    [
        ("a_b/c--d:T", True, True),
        (f"{HOST}/a__b.c", True, True),
        ("localhost/a", True, True),
        ("[::1]:5000/a", True, True),
        ("a" * 237, True, True),  # docker.io/library/ belongs to it
        ("a" * 238, True, False),
        ("a" * 255, True, False),
        ("a" * 256, False, False),
        (f"{HOST}/{'a' * 255}", True, False),
        (f"{HOST}/{'a' * 256}", False, False),
        ("Upper/case:1", True, False),
        ("Upper", False, False),
        ("upper/Case", False, False),
        ("0" * 64, False, False),
        ("0" * 63, True, True),
        ("a:", False, False),
        ("a/", False, False),
        ("", False, False),
    ],
)
def test_a_name_of_an_image_is_taken_by_some_engine_or_by_every_one(
    name: str, by_some: bool, by_all: bool
) -> None:
    assert (is_image_name(name), is_image_name(name, everywhere=True)) == (by_some, by_all)


@pytest.mark.parametrize("name", ["a" * 100_000 + "!", "a-" * 50_000, "a." * 50_000, "A" * 100_000])
def test_a_long_name_that_is_none_is_read_in_one_go(name: str) -> None:
    assert not is_image_name(name)


@pytest.mark.parametrize(
    ("constraint", "fault"),
    [
        ("node.role == manager", ""),
        ("node.labels.a!= b c", ""),
        ("node.role = manager", "constraint expected one operator from ==, !="),
        ("a b == c", "key 'a b' is invalid"),
        ("node.labels.a == ", "value '' is invalid"),
        ("node.labels.a == b == c", "value 'b == c' is invalid"),
    ],
)
def test_a_constraint_is_refused_in_swarmkit_s_words(constraint: str, fault: str) -> None:
    assert constraint_fault(constraint) == fault
