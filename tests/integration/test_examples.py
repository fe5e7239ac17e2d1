"""The commands of the examples for CI, as their runners run them: in a clone, by `sh -e`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.pipelines import CONVERGES, UPGRADES, job_of
from support.recipes.abra_stand_in import DYING, NEWER, commit, git, make_recipe
from support.sandbox.swarms import Swarm

from ccci.recipe.naming import domain_of, stack_of
from ccci.records import runs

HEADS = {
    "holds": NEWER.replace("echo ", "echo new "),
    "rolls back": DYING,
}


REPORT = "ccci-report"


def runner(head: str, clone: Path) -> dict[str, str]:
    """Return what the runners set, and what their expressions come to."""
    return {
        "DRONE_COMMIT_SHA": head,
        "DRONE_REPO_NAME": clone.name,
        "CI_COMMIT_SHA": head,
        "CI_REPO_NAME": clone.name,
        "CI_PROJECT_NAME": clone.name,
        "CI_PROJECT_DIR": str(clone),
        "CI_JOB_ID": "7",
        "github.event.pull_request.head.sha || github.sha": head,
        "github.event.repository.name": clone.name,
        "runner.temp": str(clone.parent),
        "github.token": "secret-token",
        "github.api_url": "",
        "github.repository": "me/shop",
        "github.event.number": "3",
    }


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
        ours = runner(self.head, self.clone)
        self.job = job_of(example).filled(ours)
        self.environment = {
            **swarm.environment,
            **{name: text for name, text in ours.items() if name.isidentifier()},
            **self.job.environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            # What has no place here: the forge, and folders of the host.
            "CCCI_UPSTREAM": str(upstream),
            "CCCI_RUNS_DIR": str(folder / "runs"),
            "XDG_STATE_HOME": str(folder / "state"),
            # The images of the tests are on the node alone.
            "CCCI_RESOLVE_IMAGE": "never",
            # Long enough for a head that dies after a second.
            "CCCI_SOAK": "2s",
        }

    @property
    def report(self) -> Path:
        """Return where the files of the run are."""
        return next(self.folder.glob("*ccci-*"))

    def start(self) -> "subprocess.Popen[str]":
        """Run the step's commands as the runners do."""
        return subprocess.Popen(
            ("sh", "-e", "-c", self.job.script),
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


@pytest.mark.parametrize("example", UPGRADES)
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
    assert (space.report / runs.REPORT).is_file()
    assert {"junit.xml", "comment.md"} <= {path.name for path in space.report.iterdir()}
    assert f"{space.head[:8]}" in said


@pytest.mark.parametrize("example", ["drone-upgrade.yml", "gitlab-upgrade.yml"])
def test_a_pull_request_that_mounts_the_host_is_refused_before_anything_of_it_runs(
    swarm: Swarm, tmp_path: Path, made: list[Workspace], example: str
) -> None:
    mounts = NEWER.replace('["data:/data"]', '["data:/data", "/:/host:ro"]')
    space = Workspace(swarm, tmp_path, example, mounts)
    made.append(space)
    with space.start() as step:
        said, _ = step.communicate(timeout=240)
    assert step.returncode == 4, said
    assert "it reaches beyond its own stack: / (the Engine's socket" in said
    assert "--allow-host-path /" in said
    assert space.left() == []


@pytest.mark.parametrize("example", ["drone-upgrade.yml", "gitlab-upgrade.yml"])
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
    space = Workspace(swarm, tmp_path, UPGRADES[0], HEADS["holds"])
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


@pytest.mark.parametrize("example", CONVERGES)
def test_a_stack_is_deployed_and_judged(swarm: Swarm, tmp_path: Path, example: str) -> None:
    stack = f"ex{os.getpid()}{CONVERGES.index(example)}"
    clone = tmp_path / "shop"
    clone.mkdir()
    good = "services: {app: {image: 'ccci-test/busybox:latest', command: sleep 100000}}"
    (clone / "compose.yml").write_text(f"version: '3.8'\n{good}\n")
    ours = runner("", clone)
    job = job_of(example).filled(ours)
    script = job.script.replace(" shop", f" {stack}")
    environ = {
        **swarm.environment,
        **job.environment,
        **{name: text for name, text in ours.items() if name.isidentifier()},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CCCI_RUNS_DIR": str(tmp_path / "runs"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    argv = ("sh", "-e", "-c", script.replace("stack deploy", "stack deploy --resolve-image never"))
    try:
        done = subprocess.run(
            argv, cwd=clone, env=environ, capture_output=True, text=True, check=False, timeout=240
        )
        assert done.returncode == 0, done.stderr
        place = next(tmp_path.glob("*ccci-*"))
        assert {path.name for path in place.iterdir()} == {"junit.xml", "comment.md"}
    finally:
        swarm.remove(stack)
