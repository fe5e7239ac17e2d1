"""The live view on a real rollout: a table on a pseudo-terminal, plain lines in a pipe."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from support.sandbox import swarms
from support.sandbox.swarms import Swarm

_ESCAPE = "\x1b"


@pytest.fixture
def argv(stack: str, tmp_path: Path) -> list[str]:
    """Give the command line that deploys a stack of two services and follows it."""
    compose = tmp_path / "compose.yml"
    compose.write_text(swarms.compose({"app": {}, "db": {}}))
    detach = ["--detach=true"] if swarms.deploys_detached("docker") else []
    deploy = ["docker", "stack", "deploy", "--resolve-image=never", *detach]
    ours = [sys.executable, "-m", "ccci", "converge", stack]
    return [*ours, "--", *deploy, "-c", str(compose), stack]


def test_a_terminal_gets_a_table_with_both_axes_and_then_the_story(
    swarm: Swarm, argv: list[str]
) -> None:
    reader, writer = pty.openpty()
    environment = {**swarm.environment, "TERM": "xterm", "COLUMNS": "110", "LINES": "30"}
    with subprocess.Popen(
        argv, stdout=writer, stderr=writer, stdin=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(writer)
        shown = b""
        try:
            while piece := os.read(reader, 65536):
                shown += piece
        except OSError:  # Linux's way of saying that the other end is closed
            pass
        os.close(reader)
        assert process.wait(60) == 0
    text = shown.decode()
    for words in ("service", "Swarm says", "what runs", "deadline: ", "soaking"):
        assert words in text
    assert f"{_ESCAPE}[2K" in text
    # COMMAND's own lines stay, and the table was there while it ran.
    assert f"Creating service {argv[-1]}_app" in text
    assert "waiting for: " in text
    # The cursor is back, and what stays on the screen is the story.
    last = text[text.rindex(f"{_ESCAPE}[?25h") :]
    assert "CONVERGED: 2 services" in last
    assert f"{_ESCAPE}[2K" not in last.partition("CONVERGED")[2]


def test_a_pipe_gets_a_line_per_change_and_the_story_on_standard_output(
    swarm: Swarm, argv: list[str]
) -> None:
    finished = subprocess.run(
        argv, env=swarm.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0
    assert _ESCAPE not in finished.stdout + finished.stderr
    assert "CONVERGED: 2 services" in finished.stdout
    lines = [line for line in finished.stderr.splitlines() if " app: " in line]
    assert lines
    assert len(lines) == len(set(lines))
    assert "1/1 up to date" in lines[-1]
