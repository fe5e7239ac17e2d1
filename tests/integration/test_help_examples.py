"""Every example of the help is run as it stands, by a shell, where it would be run."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.recipes.abra_stand_in import commit, git
from support.recipes.repositories import OURS_ALONE
from support.sandbox.swarms import Swarm

from ccci.commands.verbs import PROGRAM
from ccci.host.process import environment
from ccci.sandbox.layout import SHELF

EXAMPLES: dict[str, list[str]] = {}
"""Every example, by the heading of the help that its verb stands under; of deploys by the verb."""
for path, verb in PROGRAM.verbs():
    group = path if verb.panel == "Deploy and judge" else verb.panel
    EXAMPLES.setdefault(group, []).extend(each.line for each in verb.load(path).examples)

A_DAY = "20261126"
"""What an example calls a run by; here it is made on the day of the test."""
SERVICE = """\
version: "3.8"
services:
  app:
    image: ccci-test/busybox:latest
    command: ["sh", "-c", "echo {word}; exec sleep 100000"]
    stop_grace_period: 1s
    healthcheck: {{disable: true}}
    networks: [proxy]
    deploy:
      labels: ["coop-cloud.${{STACK_NAME}}.version={version}"]
networks:
  proxy: {{external: true, name: ccci-test-proxy}}
"""
OTHERWISE = {
    # What is asked about is not what runs there, or cannot be told: 7ae7b0f is no commit of ours.
    "ccci identity shop --expect 7ae7b0f": {13},
    "ccci identity shop --expect 0.7.0+3.3.1 --source .": {13},
    # Findings: the recipes of this test are as recipes are.
    "ccci sweep rollback-policy": {0, 20},
    # What `doctor` needs may well be missing here; it says what.
    "ccci doctor": {0, 3},
}
"""The exit codes of the examples that do not end with 0 here."""
FIRST = {
    "ccci identity shop.example.com": "ccci deploy discourse --tag 0.7.0+3.3.1 --domain "
    "shop.example.com",
    "ccci identity shop ": "docker stack deploy --resolve-image never -c compose.yml shop",
    "ccci converge shop --baseline": "ccci converge shop --save-baseline before.json && "
    "docker stack deploy --resolve-image never -c compose.yml shop",
    "ccci converge shop": "docker stack deploy --resolve-image never -c compose.yml shop",
    "ccci sweep rollback-policy --live": "docker stack deploy --resolve-image never -c "
    "compose.yml shop",
    "ccci teardown discourse": "ccci deploy discourse --domain shop.example.com",
    "ccci teardown shop": "docker stack deploy --resolve-image never -c compose.yml shop",
    "ccci explain": "ccci converge shop -- docker stack deploy --resolve-image never -c "
    "compose.yml shop; cp -r $CCCI_RUNS_DIR/2* ./ccci-report",
    "ccci -v explain": "ccci converge shop -- docker stack deploy --resolve-image never -c "
    "compose.yml shop; cp -r $CCCI_RUNS_DIR/2* ./ccci-report",
    "ccci runs bundle": "ccci converge shop -- docker stack deploy --resolve-image never -c "
    "compose.yml shop",
    "ccci sandbox image": "ccci sandbox up",
    "ccci sandbox status": "ccci sandbox up",
    "ccci sandbox down": "ccci sandbox up",
}
"""What has to be there before an example, by how it begins; the longest beginning counts."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A maintainer's machine: a recipe, a stack's files, and a shell."""

    folder: Path
    swarm: Swarm
    state: Path

    def shell(self, line: str) -> "subprocess.CompletedProcess[str]":
        """Run a line in the recipe's folder."""
        environ = {
            **environment(OURS_ALONE),
            **self.swarm.environment,
            "PATH": f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.state),
            "CCCI_RUNS_DIR": str(self.folder / "runs"),
            "CCCI_RESOLVE_IMAGE": "never",
            "CCCI_DEPLOYER": "stack",
            "CCCI_SOAK": "1s",
        }
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.recipe,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    @property
    def recipe(self) -> Path:
        """Return the recipe's repository, where the shell stands."""
        return self.folder / ".abra" / "recipes" / "discourse"


@contextmanager
def bench(swarm: Swarm, folder: Path) -> Iterator[Bench]:
    """Give a machine as new, and leave nothing of it on the Swarm."""
    state = Path(tempfile.mkdtemp(prefix="ccci-"))  # a sandbox's sockets need a short path
    made = Bench(folder, swarm, state)
    made.recipe.mkdir(parents=True)
    git(made.recipe, "init", "--quiet", "--initial-branch=main")
    sample = {".env.sample": "TYPE=discourse\nDOMAIN=x.example.com\n"}
    commit(
        made.recipe, {"compose.yml": SERVICE.format(word="old", version="0.7.0+3.3.1"), **sample}
    )
    git(made.recipe, "tag", "--annotate", "--message", "it", "0.7.0+3.3.1")
    git(made.recipe, "checkout", "--quiet", "-b", "my-branch")
    commit(made.recipe, {"compose.yml": SERVICE.format(word="new", version="0.9.0+3.5.0")})
    (made.recipe / "compose.prod.yml").write_text(
        'version: "3.8"\nservices: {app: {stop_grace_period: 2s}}\n'
    )
    (made.recipe.parent / "recipes").symlink_to(made.recipe.parent)
    # `discourse` of an example that is a path, and the folder of recipes that one names.
    (made.recipe / "discourse").symlink_to(made.recipe)
    (folder / "recipes").symlink_to(made.recipe.parent)
    # What the images of this Swarm are asked of no registry.
    docker = folder / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        f'#!/bin/sh\nif [ "$1 $2" = "stack deploy" ]; then shift 2; '
        f'set -- stack deploy --resolve-image never "$@"; fi\n'
        f'exec {shutil.which("docker")} "$@"\n'
    )
    docker.chmod(0o755)
    yield made
    for line in ("ccci sandbox down", "ccci sandbox down --name three"):
        if (state / "ccci" / SHELF).exists():
            made.shell(line)
    shutil.rmtree(state)
    for stack in swarm.docker("stack", "ls", "--format", "{{.Name}}").stdout.split():
        swarm.remove(stack)


def wrong_with(line: str, made: Bench) -> str:
    """Return what is wrong with an example: nothing, or what it printed."""
    begun = [each for each in FIRST if f"{line} ".startswith(each)]
    if begun:
        ready = made.shell(FIRST[max(begun, key=len)])
        assert ready.returncode == 0, ready.stdout + ready.stderr
    today = datetime.now(UTC).strftime("%Y%m%d")
    done = made.shell(line.replace(A_DAY, today).replace("/tmp/", f"{made.folder}/"))
    fine = done.returncode in OTHERWISE.get(line, {0}) and "Traceback" not in done.stderr
    return "" if fine else f"exit {done.returncode}: {done.stdout}{done.stderr}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("group", EXAMPLES)
def test_every_example_works_as_it_stands(group: str, swarm_alone: Swarm, tmp_path: Path) -> None:
    wrong = {}
    for number, line in enumerate(EXAMPLES[group]):
        with bench(swarm_alone, tmp_path / str(number)) as made:
            wrong[line] = wrong_with(line, made)
    assert wrong
    assert {line: told for line, told in wrong.items() if told} == {}, "\n".join(wrong.values())
