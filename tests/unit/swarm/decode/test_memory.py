"""How much memory a container holds, as the kernel and the Engine tell it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.swarm.decode.memory import (
    MOST,
    Held,
    Series,
    cgroup_of,
    held,
    of_stats,
    working_set,
)
from ccci.swarm.model import Sample

ID = "3cc870a3ece990355ffc2bd58337ec4091d82508f46f24d5118632a221c8bf3b"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (f"0::/system.slice/docker-{ID}.scope\n", (f"/system.slice/docker-{ID}.scope", True)),
        (f"12:cpu,cpuacct:/docker/{ID}\n3:memory:/docker/{ID}\n", (f"/docker/{ID}", False)),
        (f"3:memory,hugetlb:/a/{ID}\n0::/a/{ID}\n", (f"/a/{ID}", False)),
        # Another machine's process of that number, a path out of our own namespace, none at all.
        ("3:memory:/user.slice\n0::/user.slice\n", None),
        (f"0::/../../docker/{ID}\n", None),
        (f"4:cpu:/docker/{ID}\n", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_a_containers_cgroup_is_known_by_its_id(said: str, found: object) -> None:
    assert cgroup_of(said, ID) == found


@pytest.mark.parametrize(
    ("usage", "stat", "size"),
    [
        ("4096\n", "cache 3\ntotal_inactive_file 1024\ninactive_file 9\n", 3072),
        ("4096\n", "anon 3\ninactive_file 1024\n", 3072),
        ("4096", "", 4096),
        ("10", "inactive_file 20", 0),
        ("max", "", None),
        ("4096", "inactive_file -3", None),
        ("9" * 5000, "", None),
        ("4096", f"inactive_file {'9' * 5000}", None),
        ("\u0663", "", None),
    ],
)
def test_pages_that_the_kernel_takes_back_are_left_out(
    usage: str, stat: str, size: int | None
) -> None:
    assert working_set(usage, stat) == size


@pytest.mark.parametrize(
    ("stats", "size"),
    [
        ({"memory_stats": {"usage": 50, "stats": {"total_inactive_file": 20}}}, 30),
        ({"memory_stats": {"usage": 50, "stats": {"inactive_file": 20}}}, 30),
        ({"memory_stats": {"usage": 50}}, 50),
        ({"memory_stats": {}}, None),
        ({"memory_stats": {"usage": "many"}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_engine_is_read_alike(stats: object, size: int | None) -> None:
    assert of_stats(stats) == size


def test_only_what_runs_on_the_node_that_is_asked_is_held() -> None:
    def task(name: str, node: str, state: str, container: str) -> dict[str, Any]:
        status = {"State": state, "ContainerStatus": {"ContainerID": container, "PID": 7}}
        return {"ID": name, "NodeID": node, "Status": status}

    tasks: list[dict[str, Any]] = [
        task("a", "n1", "running", "c1"),
        task("b", "n2", "running", "c2"),
        task("c", "n1", "failed", "c3"),
        task("d", "n1", "preparing", ""),
        {"ID": "e", "Status": {"State": "new"}},
    ]
    assert held(tasks, "n1") == (Held("a", "c1", 7),)


def series(sizes: list[int], every: float = 0.25) -> tuple[Series, list[tuple[float, Sample]]]:
    made = Series()
    offered = [(n * every, Sample(f"{n:06}", size)) for n, size in enumerate(sizes)]
    return made, [(at, sample) for at, sample in offered if made.offer(at, sample)]


@given(st.lists(st.integers(0, 2**34), min_size=1, max_size=2_000))
def test_samples_are_bounded_and_their_recording_gives_the_same(sizes: list[int]) -> None:
    made, kept = series(sizes)
    assert len(made.samples) <= MOST
    highest = max(each.bytes for each in made.samples)
    assert max(sizes) - highest <= max(highest * 0.02, 2**18)
    again = Series()
    assert all(again.offer(at, sample) for at, sample in kept)
    assert again.samples == made.samples


@pytest.mark.parametrize("at", range(15_000, 15_010))
def test_a_peak_of_a_moment_is_kept_however_long_the_roll(at: int) -> None:
    sizes = [(number % 10) * 2**24 for number in range(20_000)]
    sizes[at] = 2**33
    made, _ = series(sizes)
    assert max(each.bytes for each in made.samples) == 2**33


def test_a_long_roll_fills_no_trace() -> None:
    rising = [number * 2**20 for number in range(20_000)]
    saw = [(number % 10) * 2**24 for number in range(20_000)]
    still = [2**26] * 20_000
    for sizes, most in ((saw, 1_000), (still, 1_000)):
        made, kept = series(sizes)
        assert len(kept) <= most
        assert MOST // 3 <= len(made.samples) <= MOST
    made, _ = series(rising)
    assert made.samples[-1].bytes > 0.95 * rising[-1]
