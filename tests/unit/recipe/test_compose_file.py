"""What COMPOSE_FILE names, for everybody who reads it."""

import subprocess
from pathlib import Path

import pytest

from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.recipe.compose_file import blank_beside, named
from ccci.sweep.inventory import find
from ccci.sweep.upgrade import revision


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ("", ("compose.yml",)),
        (":", ("compose.yml",)),
        ("a.yml:", ("a.yml",)),
        ("a.yml::b.yml", ("a.yml", "b.yml")),
        ("a.yml:b.yml:a.yml", ("a.yml", "b.yml", "a.yml")),
        ("a.yml: b.yml", ("a.yml", " b.yml")),
        (" ", (" ",)),
    ],
)
def test_names_stand_between_colons_in_their_order(setting: str, names: tuple[str, ...]) -> None:
    assert named(setting) == names


@pytest.mark.parametrize(
    ("setting", "name"),
    [("a.yml:b c.yml", None), ("a.yml: b.yml", " b.yml"), ("a.yml\t:b.yml", "a.yml\t")],
)
def test_a_blank_beside_a_name_is_found_and_one_inside_is_not(
    setting: str, name: str | None
) -> None:
    assert blank_beside(setting) == name


def recipe(folder: Path, setting: str) -> Path:
    (folder / "compose.yml").write_text("services: {app: {image: 'first:1', dns: [1.1.1.1]}}\n")
    (folder / "compose.b.yml").write_text("services: {app: {image: 'second:1'}}\n")
    (folder / ".env.sample").write_text(f"COMPOSE_FILE='{setting}'\n")
    return folder


def test_every_reader_takes_a_file_that_is_named_twice_for_two(tmp_path: Path) -> None:
    setting = "compose.yml:compose.b.yml:compose.yml"
    folder = recipe(tmp_path, setting)
    names = setting.split(":")
    assert [path.name for path in stack_file.compose_files(folder, setting)] == names
    assert [Path(each.name).name for each in find([str(folder)])[0].members] == names
    assert list(revision.read(folder, "c" * 40, "head").files) == names
    (pair,) = revision.pairs(*(revision.read(folder, "c" * 40, "head"),) * 2)
    assert pair.new.loaded.services["app"].image == "first:1"


def test_every_reader_takes_a_blank_for_a_part_of_the_name(tmp_path: Path) -> None:
    setting = "compose.yml: compose.b.yml"
    folder = recipe(tmp_path, setting)
    with pytest.raises(DeployRefused, match=r"beside a name, ' compose\.b\.yml'") as said:
        stack_file.compose_files(folder, setting)
    assert said.value.hint == "take it out"
    assert find([str(folder)])[0].members[1].path == folder / " compose.b.yml"
    assert revision.read(folder, "c" * 40, "head").files[1] == " compose.b.yml"


@pytest.mark.slow
@pytest.mark.usefixtures("newer_docker")
def test_docker_reads_a_file_twice_and_takes_a_blank_for_a_part_of_its_name(tmp_path: Path) -> None:
    folder = recipe(tmp_path, "")

    def config(*names: str) -> subprocess.CompletedProcess[str]:
        given = (word for name in names for word in ("-c", name))
        return subprocess.run(
            ["docker", "stack", "config", *given],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )

    twice = config("compose.yml", "compose.b.yml", "compose.yml").stdout
    assert "image: first:1" in twice
    assert twice.count("- 1.1.1.1") == 2
    assert "open  compose.b.yml: no such file" in config("compose.yml", " compose.b.yml").stderr
