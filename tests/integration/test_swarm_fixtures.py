"""The fixtures themselves: a Swarm that really runs stacks, and nothing left of them."""

import os
import subprocess
import sys
from pathlib import Path

from support.sandbox.swarms import KINDS, NEED, NOBODY, SANDBOXES, Swarm, compose

from ccci.sandbox import lifecycle as life
from ccci.sandbox import remains
from ccci.sandbox.layout import Sandbox


def test_a_stack_runs_and_is_removed_with_all_its_parts(swarm: Swarm, stack: str) -> None:
    swarm.deploy(
        stack,
        compose(
            {"app": {"deploy": {"replicas": 2}, "volumes": ["data:/data"]}},
            volumes={"data": {}},
            networks={"inner": {}},
        ),
    )
    swarm.wait_running(f"{stack}_app", 2)
    assert swarm.left(stack, "service")
    assert swarm.left(stack, "volume")
    swarm.remove(stack)
    assert {kind: swarm.left(stack, kind) for kind in KINDS} == {kind: [] for kind in KINDS}


def run_tests(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a test of this file in a pytest of its own, as that runs from a plain shell."""
    ours = {SANDBOXES, "DOCKER_HOST", "PYTEST_CURRENT_TEST", "PYTEST_ADDOPTS"}
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ours and not key.startswith("PYTEST_XDIST")
    }
    argv = [*words, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    this = f"{__file__}::test_a_stack_runs_and_is_removed_with_all_its_parts"
    return subprocess.run(
        [*argv, this],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_docker_host_that_is_given_is_used(swarm: Swarm) -> None:
    ran = run_tests(DOCKER_HOST=swarm.host)
    assert "1 passed" in ran.stdout
    assert ran.returncode == 0


def test_a_docker_host_that_is_no_manager_fails_the_tests(tmp_path: Path) -> None:
    ran = run_tests(DOCKER_HOST=f"unix://{tmp_path}/docker.sock")
    assert NEED in ran.stdout
    assert "1 error" in ran.stdout
    assert "skipped" not in ran.stdout
    assert ran.returncode == 1


def test_without_root_and_docker_host_the_tests_fail() -> None:
    ran = run_tests(*NOBODY, HOME="/nonexistent")
    assert NEED in ran.stdout
    assert "1 error" in ran.stdout
    assert "skipped" not in ran.stdout
    assert ran.returncode == 1


def test_what_a_killed_run_left_is_removed_by_the_next() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    left = Path(f"/tmp/ccci-test-{ended.pid}-left")
    life.up(Sandbox(left), print)
    try:
        assert run_tests("env", "PYTEST_ADDOPTS=--collect-only").returncode == 0
        assert not remains.find(Sandbox(left))
    finally:
        life.down(left)
