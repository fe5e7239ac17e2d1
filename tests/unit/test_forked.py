"""A ccci that is forked for the tests on a Swarm is one that Python started."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import forked

pytestmark = pytest.mark.slow
COMPOSE = "services: {app: {image: a, deploy: {update_config: {failure_action: rollback}}}}\n"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "CCCI_OUTPUT": "json", **more}


def without_its_run(code: int, *texts: str) -> tuple[int, list[str]]:
    """Return what two runs have in common: each has an id of its own, and its time in a path."""
    return code, [re.sub(r"(\d{8}-\d{6}-|explain )[0-9a-f]{6}", "RUN", each) for each in texts]


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["help", "words"],
        ["identity"],
        ["upgrade", "nowhere", "--head", "main", "--deployer", "stack"],
        ["sweep", "rollback-policy", "here"],
        ["explain", "nothing"],
    ],
    ids=" ".join,
)
def test_it_says_and_ends_as_one_that_was_started(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "compose.yml").write_text(COMPOSE)
    env = environment(DOCKER_HOST="unix:///nonexistent/docker.sock", HOME=str(tmp_path))
    argv = [sys.executable, "-m", "ccci", *words]
    started = subprocess.run(
        argv, env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    process = forked.start(words, env, tmp_path)
    with process.stdout as stdout, process.stderr as stderr:
        found = stdout.read(), stderr.read()
    whole = (started.returncode, started.stdout, started.stderr)
    assert without_its_run(process.wait(60), *found) == without_its_run(*whole)


def test_what_kills_it_is_told(tmp_path: Path) -> None:
    process = forked.start(["sandbox", "status", "--json"], environment(), tmp_path)
    with process.stdout, process.stderr:
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        process.kill()
        assert process.wait(60) == -signal.SIGKILL
        process.kill()  # which is then no other's


@pytest.mark.parametrize("name", ["PYTHONWARNINGS", "LC_ALL", "LANG", "TZ"])
def test_what_python_itself_heeds_is_not_for_it(name: str) -> None:
    assert forked.heeds(environment())
    assert not forked.heeds(environment(**{name: "x"}))
    assert not forked.heeds({**os.environ, "PYTHONUNBUFFERED": ""})
