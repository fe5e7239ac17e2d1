"""The examples of the page about Python that need a Swarm."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.python_page import examples
from support.sandbox.swarms import SANDBOXES, Swarm, compose

from ccci.swarm import beginning


def test_the_example_follows_a_stack(
    swarm: Swarm,
    stack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    swarm.deploy(stack, compose({"app": {}}))
    monkeypatch.setenv("DOCKER_HOST", swarm.host)
    monkeypatch.chdir(tmp_path)  # it writes its trace there
    (code,) = examples("swarm").values()
    exec(code.replace("mystack", stack), {})  # noqa: S102 -- the page's own
    assert "app unchanged None" in capsys.readouterr().out
    engine = beginning(tmp_path / "trace.jsonl").engine
    assert engine is not None
    assert engine.version in swarm.docker("version", "--format", "{{.Server.Version}}").stdout


NAMES = """\
import pathlib
import pytest

@pytest.fixture(autouse=True)
def names(ccci_swarm):
    told = [ccci_swarm.folder, *(f"/run/netns/{node.namespace}" for node in ccci_swarm.nodes)]
    pathlib.Path(__file__).with_name("names").write_text("\\n".join(map(str, told)))
"""
"""Writes down what the fixture made: other sandboxes come and go meanwhile."""


def test_the_fixture_gives_a_swarm_to_the_tests_of_others(tmp_path: Path) -> None:
    (code,) = examples("pytest").values()
    (tmp_path / "test_example.py").write_text(code)
    (tmp_path / "conftest.py").write_text(NAMES)
    ours = {SANDBOXES, "DOCKER_HOST", "PYTEST_CURRENT_TEST", "PYTEST_ADDOPTS"}
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ours and not key.startswith("PYTEST_XDIST")
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    made = (tmp_path / "names").read_text().splitlines()
    assert len(made) == 2
    assert [each for each in made if Path(each).exists()] == []
