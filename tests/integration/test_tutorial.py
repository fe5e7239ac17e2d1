"""The tutorial, typed in as it is written."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sandbox import swarms
from support.sandbox.swarms import Swarm

from ccci.host.process import Finished, run

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-rollout.md"


def section(number: int) -> str:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def commands(number: int) -> list[str]:
    """Return what a section tells the reader to type, without the look at `$?`."""
    typed = re.findall(r"^\$ (.*)$", section(number), re.MULTILINE)
    return [line for line in typed if line != "echo $?"]


def timeless(text: str) -> str:
    """Return what ccci printed without the seconds that it took, and the folder of that run."""
    own = r"; took \d+ s, told again by `ccci explain \w+`, files in \S+$"
    return re.sub(own, "", text, flags=re.MULTILINE)


@pytest.fixture
def folder(swarm: Swarm, tmp_path: Path) -> Iterator[Path]:
    """Give the reader's folder with the compose file of section 2."""
    swarm.image("busybox:latest")
    compose = re.search(r"```yaml\n(.*?)```", section(2), re.DOTALL)
    assert compose is not None
    (tmp_path / "compose.yml").write_text(compose[1], encoding="utf-8")
    yield tmp_path
    swarm.remove("hello")


def test_what_the_tutorial_types_does_what_it_says(swarm: Swarm, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def type_in(line: str) -> Finished:
        environment = {**swarm.environment, "PATH": path}
        return run(["sh", "-c", line], cwd=folder, env=environment, timeout=180, check=False)

    (holds,) = commands(2)
    finished = type_in(holds)
    assert finished.code == 0
    shown = section(2).rsplit("```\n$ ", 1)[1].split("```")[0].split("\n", 1)[1]
    assert timeless(finished.stdout) == timeless(shown)
    edit, content, says = commands(3)
    assert type_in(edit).code == 0
    if swarms.deploys_detached("docker"):
        assert "converged" in (finished := type_in(content)).stdout
        assert finished.code == 0
    finished = type_in(says)
    assert finished.code == 10
    by_hand = (
        "  next     start it by hand: `docker run --rm -it busybox:latest sh -c 'echo migrating;"
    )
    for line in ("ROLLED-BACK: Swarm rolled app back", "| no such table", by_hand):
        assert line in finished.stdout
        assert line in section(3)
