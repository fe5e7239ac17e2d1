"""Whatever a file holds, reading it ends, soon, with services or with a sentence."""

import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from ccci.compose import Loaded, Loader, open_source
from ccci.plain_file import LARGEST_FILE
from ccci.sweep.policy import effective

_WORDS = """
    version services networks volumes secrets configs app image deploy update_config monitor
    healthcheck test interval ports target published environment env_file command resources
    limits memory ulimits external name depends_on restart_policy stop_grace_period <<
"""
KEYS = st.sampled_from(_WORDS.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["5s", "${X}", "$", "80:80", "data:/x", "0", "1g", ".inf", "*a", "&a x"]),
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(KEYS, below, min_size=1, max_size=5)
    ),
    max_leaves=25,
)


def load(path: Path) -> Loaded:
    loaded = Loader({}).load([open_source(path.name, path)])
    for service in loaded.services.values():
        effective(service)
    return loaded


@settings(deadline=None, max_examples=examples(300))
@given(st.dictionaries(KEYS, TREES, max_size=4), st.dictionaries(KEYS, TREES, max_size=4))
def test_any_tree_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, service: object, top: dict[str, object]
) -> None:
    # JSON is YAML, and json.dumps writes any tree.
    import json

    path = tmp_path_factory.mktemp("any") / "x.yml"
    path.write_text(json.dumps({**top, "services": {"app": service}}), encoding="utf-8")
    load(path)


@settings(deadline=None, max_examples=examples(200))
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x.yml"
    path.write_bytes(content)
    load(path)


def said(path: Path, inside: Path | None = None) -> str:
    source = open_source(path.name, path, inside=inside)
    assert source.fault is not None
    assert source.fault.unreadable
    return source.fault.message


def test_a_folder_with_a_files_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.yml").mkdir()
    assert "no plain file" in said(tmp_path / "x.yml")


def test_a_pipe_does_not_hang_the_sweep(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yml")
    assert "no plain file" in said(tmp_path / "x.yml")


def test_a_circle_of_links_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.yml").symlink_to(tmp_path / "y.yml")
    (tmp_path / "y.yml").symlink_to(tmp_path / "x.yml")
    assert "symbolic links" in said(tmp_path / "x.yml")


def test_a_link_to_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.yml").symlink_to(tmp_path / "none.yml")
    assert said(tmp_path / "x.yml") == "No such file or directory"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yml"
    outside.write_text("services: {}\n")
    folder = tmp_path / "recipe"
    folder.mkdir()
    (folder / "x.yml").symlink_to(outside)
    assert "out of the folder" in said(folder / "x.yml", inside=folder)
    (folder / "own.yml").write_text("services: {}\n")
    (folder / "y.yml").symlink_to(folder / "own.yml")
    assert open_source("y.yml", folder / "y.yml", inside=folder).fault is None


def test_a_giant_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.yml").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert "larger than" in said(tmp_path / "x.yml")


@pytest.mark.slow
def test_a_large_file_is_read_in_reasonable_time(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    service = "  app{}:\n    image: x:1\n    labels:\n      - a=1\n      - b=2\n"
    path.write_text("services:\n" + "".join(service.format(n) for n in range(10_000)))
    began = time.process_time()
    assert len(load(path).services) == 10_000
    assert time.process_time() - began < 20


def test_aliases_below_docker_s_limit_cost_no_memory(tmp_path: Path) -> None:
    levels = ["x-0: &l0 [a, a, a, a, a, a, a, a]"]
    levels += [f"x-{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 8)}]" for n in range(1, 5)]
    path = tmp_path / "x.yml"
    path.write_text("\n".join([*levels, "services: {app: {image: 'x:1'}}"]))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.slow
def test_ranges_of_ports_cannot_ask_for_millions(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    lines = "".join(f"      - '127.0.0.{n}:1-65535:1-65535/udp'\n" for n in range(1, 200))
    path.write_text(f"services:\n  app:\n    image: x:1\n    ports:\n{lines}")
    began = time.process_time()
    loaded = load(path)
    assert loaded.fault is not None
    assert "ports: not followed" in loaded.fault.message
    assert loaded.fault.unreadable  # docker takes them: nobody may say that it refuses
    assert time.process_time() - began < 5


@pytest.mark.parametrize(("length", "taken"), [(64 * 1024 - 1, True), (64 * 1024, False)])
def test_a_line_of_an_env_file_ends_where_docker_s_scanner_does(
    tmp_path: Path, length: int, taken: bool
) -> None:
    (tmp_path / "a.env").write_text("A=" + "x" * (length - 2) + "\nB=1\n")
    (tmp_path / "x.yml").write_text("services: {app: {image: 'x:1', env_file: a.env}}\n")
    fault = load(tmp_path / "x.yml").fault
    assert (fault is None) == taken


def test_tabs_between_ten_thousand_comments_are_read_in_reasonable_time(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    block = "    # c\n\t# d\n  a{}:\n    image: x:1\n    command: |\n      t\n"
    path.write_text("services:\n" + "".join(block.format(n) for n in range(10_000)))
    began = time.process_time()
    load(path)
    assert time.process_time() - began < 20
