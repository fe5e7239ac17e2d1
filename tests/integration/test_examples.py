"""The commands of the examples for CI, as their runners run them: in a clone, by `sh -e`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from abra_stand_in import COMPOSE, SAMPLE, commit, git, make_recipe
from ruamel.yaml import YAML
from swarms import Swarm

from ccci import runs
from ccci.naming import domain_of, stack_of

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(path.name for path in EXAMPLES.glob("*.yml"))
COMMIT_OF = {"drone": "DRONE_COMMIT_SHA", "woodpecker": "CI_COMMIT_SHA"}
NEWER = COMPOSE.replace("0.1.0+1.0.0", "0.2.0+1.0.0")
HEADS = {
    "holds": NEWER.replace("echo ", "echo new "),
    "rolls back": NEWER.replace("exec sleep 100000", "sleep 1; exit 3").replace(
        "    deploy:\n",
        "    deploy:\n      update_config: {failure_action: rollback, monitor: 3s}\n",
        1,
    ),
}


def step_of(name: str) -> dict[str, Any]:
    """Return the step of an example that runs ccci."""
    document = YAML(typ="safe").load(EXAMPLES / name)
    (step,) = document["steps"]
    return dict(step)


class Workspace:
    """A clone of a fork, as the CI makes it, and what the CI says about it."""

    def __init__(self, swarm: Swarm, folder: Path, example: str, head_compose: str) -> None:
        upstream = folder / "upstream" / "shop"
        make_recipe(upstream)
        git(folder, "clone", "--quiet", "--no-tags", str(upstream), "shop")
        self.swarm = swarm
        self.folder = folder
        self.clone = folder / "shop"
        self.head = commit(self.clone, {"compose.yml": head_compose, "note": str(folder)})
        self.stack = stack_of(domain_of("shop", self.head))
        self.step = step_of(example)
        self.environment = {
            **swarm.environment,
            **self._of_the_step(),
            COMMIT_OF[example.split("-", maxsplit=1)[0].removesuffix(".yml")]: self.head,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            # What has no place here: the forge, and folders of the host.
            "CCCI_UPSTREAM": str(upstream),
            "CCCI_RUNS_DIR": str(folder / "runs"),
            "XDG_STATE_HOME": str(folder / "state"),
            # The images of the tests are on the node alone.
            "CCCI_RESOLVE_IMAGE": "never",
        }

    def _of_the_step(self) -> Mapping[str, str]:
        return {key: str(value) for key, value in self.step["environment"].items()}

    def start(self) -> "subprocess.Popen[str]":
        """Run the step's commands as the runners do."""
        script = "\n".join(self.step["commands"])
        return subprocess.Popen(
            ("sh", "-e", "-c", script),
            cwd=self.clone,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def left(self) -> list[str]:
        """Return what is left on the swarm and on disk."""
        found = []
        for kind in ("service", "network", "volume", "secret", "config"):
            listed = self.swarm.docker(kind, "ls", "--format", "{{.Name}}").stdout.split()
            found += [f"{kind} {name}" for name in listed if self.stack in name]
        files = (*self.folder.glob("runs/*/abra"), *self.folder.glob("state/ccci/locks/*.lock"))
        return [*found, *(f"file {path}" for path in files)]


@pytest.fixture
def made(swarm: Swarm) -> Iterator[list[Workspace]]:
    spaces: list[Workspace] = []
    yield spaces
    for space in spaces:
        swarm.remove(space.stack)


@pytest.mark.parametrize("example", FILES)
@pytest.mark.parametrize(("head", "code"), [("holds", 0), ("rolls back", 10)])
def test_the_step_ends_with_the_code_of_what_happened(
    swarm: Swarm, tmp_path: Path, made: list[Workspace], example: str, head: str, code: int
) -> None:
    space = Workspace(swarm, tmp_path, example, HEADS[head])
    made.append(space)
    with space.start() as step:
        said, _ = step.communicate(timeout=240)
    assert step.returncode == code, said
    assert space.left() == []
    assert (space.clone / "ccci-report" / runs.REPORT).is_file()
    assert f"{space.head[:8]}" in said


@pytest.mark.parametrize("example", FILES)
def test_a_cancel_reaches_ccci_and_nothing_is_left(
    swarm: Swarm, tmp_path: Path, made: list[Workspace], example: str
) -> None:
    space = Workspace(swarm, tmp_path, example, HEADS["holds"])
    made.append(space)
    with space.start() as step:
        assert step.stdout is not None
        # The base is judged, and the head is on its way.
        for line in step.stdout:
            if line.startswith("head checkout"):
                break
        step.send_signal(signal.SIGTERM)
        said = step.stdout.read()
        assert step.wait(120) == 143, said
    assert space.left() == []


def test_what_a_killed_step_left_is_gone_after_the_next(
    swarm: Swarm, tmp_path: Path, made: list[Workspace]
) -> None:
    space = Workspace(swarm, tmp_path, FILES[0], HEADS["holds"])
    made.append(space)
    with space.start() as step:
        assert step.stdout is not None
        for line in step.stdout:
            if line.startswith("base deploy"):
                break
        step.kill()
    with space.start() as step:
        said, _ = step.communicate(timeout=240)
    assert step.returncode == 0, said
    assert space.left() == []


def test_every_example_was_found() -> None:
    assert FILES == ["drone-docker.yml", "drone-exec.yml", "woodpecker.yml"]
    assert "IMAGE=" in SAMPLE
