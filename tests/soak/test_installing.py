"""ccci itself is installed as people install Python programs, on the Pythons of Debian."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.debian.roots import RELEASES, Root, fresh
from support.installing import lock

from ccci.host.process import run

PYTHON_OF = {"bookworm": "3.11", "trixie": "3.13", "sid": "3.14"}
"""Debian 12, 13 and unstable, which moves on: it has at least this one."""
COMPOSE = "services: {app: {image: 'shop:1.2'}}\n"
SWEEP = ("sweep", "rollback-policy", "--fail-on", "never")
TOOLS = {
    "pip": """
        python3 -m venv /opt/own
        /opt/own/bin/python -m pip install --quiet .
        ln -s /opt/own/bin/ccci /usr/local/bin/ccci
    """,
    "pipx": """
        apt-get install -qq --no-install-recommends pipx
        PIPX_BIN_DIR=/usr/local/bin pipx install .
    """,
    "uv": """
        python3 -m venv /opt/uv
        /opt/uv/bin/python -m pip install --quiet uv
        UV_TOOL_BIN_DIR=/usr/local/bin UV_PYTHON_DOWNLOADS=never /opt/uv/bin/uv tool install .
    """,
}


@pytest.fixture(scope="module", params=RELEASES)
def debian(request: pytest.FixtureRequest) -> Iterator[Root]:
    """Give a Debian that has a Python with venv, and nothing of ours."""
    with fresh(request.param, "python3-venv", "ca-certificates") as root:
        yield root


@pytest.mark.parametrize("tool", TOOLS)
def test_ccci_is_installed_and_runs(tool: str, debian: Root) -> None:
    debian.run("sh", "-euc", f"rm -rf /opt/* /usr/local/bin/ccci; {TOOLS[tool]}")

    told = debian.run("python3", "-c", "import sys; print(*sys.version_info[:2])").stdout.split()
    assert tuple(map(int, told)) >= tuple(map(int, PYTHON_OF[debian.release].split(".")))
    assert debian.run("ccci", "--version", cwd="/").stdout.startswith("ccci ")
    debian.write("/srv/compose.yml", COMPOSE)
    assert "1 service" in debian.run("ccci", *SWEEP, "/srv/compose.yml", cwd="/").stdout


def test_ccci_is_installed_on_the_python_that_no_debian_has(tmp_path: Path) -> None:
    run((sys.executable, "-m", "venv", str(tmp_path / "uv")), timeout=120)
    run((str(tmp_path / "uv/bin/python"), "-m", "pip", "install", "--quiet", "uv"), timeout=300)
    (missing,) = set(lock.PYTHONS) - set(PYTHON_OF.values())
    # uv finds it on this machine, or fetches it.
    env = {**os.environ, "UV_TOOL_DIR": str(tmp_path), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    uv = str(tmp_path / "uv/bin/uv")
    run(
        (uv, "tool", "install", "--quiet", "--python", missing, str(lock.ROOT)),
        env=env,
        timeout=600,
    )

    python = run((str(tmp_path / "ccci/bin/python"), "--version")).stdout
    assert python.startswith(f"Python {missing}.")
    (tmp_path / "compose.yml").write_text(COMPOSE)
    ccci = str(tmp_path / "bin/ccci")
    assert run((ccci, "--version"), cwd=tmp_path).stdout.startswith("ccci ")
    assert "1 service" in run((ccci, *SWEEP, str(tmp_path / "compose.yml"))).stdout


def test_the_oldest_packages_that_are_allowed_do(tmp_path: Path) -> None:
    run((sys.executable, "-m", "venv", str(tmp_path / "uv")), timeout=120)
    run((sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")), timeout=120)
    run((str(tmp_path / "uv/bin/python"), "-m", "pip", "install", "--quiet", "uv"), timeout=300)
    python = str(tmp_path / "venv/bin/python")
    argv = [str(tmp_path / "uv/bin/uv"), "pip", "install", "--quiet", "--python", python]
    run([*argv, "--resolution", "lowest-direct", str(lock.ROOT)], timeout=300)

    ccci = str(tmp_path / "venv/bin/ccci")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    (tmp_path / "compose.yml").write_text(COMPOSE)
    assert run([ccci, "--version"], env=env).stdout.startswith("ccci ")
    assert "1 service" in run([ccci, *SWEEP, str(tmp_path / "compose.yml")], env=env).stdout
    assert "Traceback" not in run([ccci, "doctor"], env=env, check=False).stderr
