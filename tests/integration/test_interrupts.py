"""Cancelled at any step, an upgrade leaves nothing: everything is counted, on swarm and disk."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from abra_stand_in import COMPOSE, STAND_IN, commit, make_recipe
from swarms import Swarm

from ccci import runs
from ccci.naming import domain_of, stack_of

KINDS = ("service", "container", "network", "volume", "secret", "config")
STEPS = (
    *("fetch", "head", "base", "lock"),
    *("base checkout", "base secrets", "base check", "base images", "base deploy"),
    *("head checkout", "head deploy", "head identity", "teardown"),
)
LAST_LINES = 15


@dataclass(frozen=True)
class Bench:
    """A recipe with a release and a head, and folders of its own for all that ccci keeps."""

    swarm: Swarm
    folder: Path
    recipe: Path
    head: str

    @property
    def stack(self) -> str:
        return stack_of(domain_of("shop", self.head))

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.swarm.environment,
            "PATH": f"{STAND_IN.parent}:{os.environ['PATH']}",
            "STAND_IN_ABRA_RESOLVE_IMAGE": "never",
            "CCCI_RUNS_DIR": str(self.folder / "runs"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "ABRA_DIR": str(self.folder / "user"),
            "PYTHONUNBUFFERED": "1",
        }

    @contextmanager
    def upgrade(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """Give a running `ccci -v upgrade` of this recipe."""
        argv = (
            *(sys.executable, "-m", "ccci", "-v", "upgrade", str(self.recipe)),
            *("--head", self.head, "--resolve-image", "never", "--soak", "1s", *words),
        )
        with subprocess.Popen(
            argv,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.kill()

    def left(self) -> list[str]:
        """Return all that is left of it on the swarm and on disk."""
        found = []
        for kind in KINDS:
            every = ("--all",) if kind == "container" else ()
            label = "Names" if kind == "container" else "Name"
            listed = self.swarm.docker(kind, "ls", *every, "--format", f"{{{{.{label}}}}}").stdout
            found += [f"{kind} {name}" for name in listed.split() if self.stack in name]
        for path in (*self.folder.glob("user/servers/*/*"), *self.folder.glob("runs/*/abra")):
            found.append(f"file {path}")
        return found + [f"lock {path}" for path in self.folder.glob("state/ccci/locks/*.lock")]


@pytest.fixture
def bench(swarm: Swarm, tmp_path: Path) -> Iterator[Bench]:
    recipe = tmp_path / "shop"
    make_recipe(recipe)
    # Its own head, so that its domain and its stack are its own: they are made from the commit.
    newer = COMPOSE.replace("0.1.0+1.0.0", "0.2.0+1.0.0").replace("echo ", "echo new ")
    head = commit(recipe, {"note": str(tmp_path), "compose.yml": newer})
    (tmp_path / "user" / "servers" / "default").mkdir(parents=True)
    made = Bench(swarm, tmp_path, recipe, head)
    yield made
    swarm.remove(made.stack)
    for kind in ("secret", "config", "volume"):
        listed = swarm.docker(kind, "ls", "--format", "{{.Name}}").stdout.split()
        for name in listed:
            if made.stack in name:
                swarm.docker(kind, "rm", name, check=False)


def read_until(running: "subprocess.Popen[str]", words: str) -> list[str]:
    """Read what it says until a line begins with these words; fail when it ends before."""
    assert running.stdout is not None
    said: list[str] = []
    for line in running.stdout:
        said.append(line.rstrip())
        if line.startswith(words):
            return said
    raise AssertionError(f"never said {words!r}:\n" + "\n".join(said[-LAST_LINES:]))


def rest_of(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    return running.stdout.read()


@pytest.mark.parametrize("deployer", ["stack", "abra"])
def test_an_upgrade_that_is_left_alone_leaves_nothing(bench: Bench, deployer: str) -> None:
    with bench.upgrade("--deployer", deployer) as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    assert bench.left() == []
    (record,) = runs.recent(bench.folder / "runs")
    assert record.gone
    assert record.deployer == deployer


@pytest.mark.parametrize(
    ("deployer", "step"),
    [("stack", step) for step in STEPS]
    + [("abra", step) for step in ("base secrets", "base deploy", "head deploy", "teardown")],
)
def test_cancelled_at_any_step_it_leaves_nothing(bench: Bench, deployer: str, step: str) -> None:
    with bench.upgrade("--deployer", deployer) as running:
        read_until(running, f"{step} …")
        running.send_signal(signal.SIGTERM)
        said = rest_of(running)
        assert running.wait(10) == 143, said
    assert bench.left() == [], said
    (record,) = runs.recent(bench.folder / "runs")
    assert record.verdict == "interrupted"


def test_a_second_signal_does_not_cut_the_cleanup_short(bench: Bench) -> None:
    with bench.upgrade("--deployer", "stack") as running:
        read_until(running, "head deploy …")
        running.send_signal(signal.SIGINT)
        read_until(running, "teardown …")
        running.send_signal(signal.SIGTERM)
        running.send_signal(signal.SIGINT)
        said = rest_of(running)
        assert running.wait(10) == 130, said
    assert bench.left() == [], said


@pytest.mark.parametrize("deployer", ["stack", "abra"])
@pytest.mark.parametrize("step", ["base deploy", "head deploy", "teardown"])
def test_what_a_killed_upgrade_left_is_removed_by_the_next_one(
    bench: Bench, deployer: str, step: str
) -> None:
    with bench.upgrade("--deployer", deployer) as running:
        read_until(running, f"{step} …")
        running.send_signal(signal.SIGKILL)
        running.wait(10)
    with bench.upgrade("--deployer", deployer, "--lock-timeout", "0") as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    # The base was really deployed again: nothing was taken for an app that is meant to stay.
    assert "base deploy: converged" in said
    assert bench.left() == []
    assert all(record.gone for record in runs.recent(bench.folder / "runs"))


def test_data_that_no_run_made_is_not_put_at_risk(bench: Bench) -> None:
    bench.swarm.docker("volume", "create", f"{bench.stack}_data")
    with bench.upgrade("--deployer", "stack") as running:
        said = rest_of(running)
        assert running.wait(10) == 3, said
    assert f"volume {bench.stack}_data" in said
    assert bench.left() == [f"volume {bench.stack}_data"]


def test_an_env_that_no_run_made_is_not_put_at_risk(bench: Bench) -> None:
    domain = domain_of("shop", bench.head)
    env_file = bench.folder / "user" / "servers" / "default" / f"{domain}.env"
    env_file.write_text("TYPE=shop\n")
    with bench.upgrade("--deployer", "abra") as running:
        said = rest_of(running)
        assert running.wait(10) == 3, said
    assert bench.left() == [f"file {env_file}"]


@pytest.mark.parametrize("deployer", ["stack", "abra"])
def test_the_folder_of_a_run_tells_what_was_done(bench: Bench, deployer: str) -> None:
    with bench.upgrade("--deployer", deployer, "--output", str(bench.folder / "out")) as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    (record,) = runs.recent(bench.folder / "runs")
    kept = {path.name for path in (bench.folder / "runs" / record.id).iterdir()}
    expected = {runs.RECORD, runs.REPORT, runs.TRACE, runs.DEPLOYER_LOG, runs.COMPOSE}
    assert expected <= kept
    assert expected <= {path.name for path in (bench.folder / "out").iterdir()}
    merged = (bench.folder / "runs" / record.id / runs.COMPOSE).read_text()
    assert f"{bench.stack}_db_password_v1" in merged
    assert "echo new" in merged
