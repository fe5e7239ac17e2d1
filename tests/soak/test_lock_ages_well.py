"""The real lock, in a year: each package has newer releases, and old ones have newer files."""

import os
import shlex
import sys
from pathlib import Path

import pytest
from support.installing import lock
from support.installing.wheels import alone, index, write_wheel

from ccci.host.process import run

PINS = lock.read(lock.LOCK.read_text())
OURS = f"{sys.version_info.major}.{sys.version_info.minor}"
OLDEST_PIP = "23.0.1"
"""The pip of Debian 12."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the files that the lock pins for our Python, and a newer one of each."""
    folder = tmp_path_factory.mktemp("wheels")
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    run([*argv, "-r", str(lock.LOCK), "--dest", str(folder)], timeout=600)
    broken = {"never.py": "raise SystemExit('a newer release was installed')\n"}
    for pin in PINS:
        write_wheel(folder, pin.name, "9999.0", needs=["never-made>=1"], files=broken)
        write_wheel(folder, pin.name, pin.version, build="9999", files=broken)
    return folder


def commands(venv: Path) -> list[list[str]]:
    """Return what `make setup` runs, for this environment."""
    argv = ("make", "--dry-run", "--always-make", "--directory", str(lock.ROOT), "setup")
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    told = run((*argv, f"VENV={venv}", f"PYTHON={sys.executable}"), env=plain).stdout
    lines = [line for line in told.splitlines() if str(venv) in line and "touch" not in line]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("pip", [f"pip=={OLDEST_PIP}", "pip"], ids=["oldest pip", "newest pip"])
def test_the_lock_gives_the_same_environment_whatever_was_released_since(
    pip: str, wheels: Path, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    make, install, build = commands(venv)
    run(make, timeout=120)
    python = str(venv / "bin" / "python")
    run([python, "-m", "pip", "install", "--quiet", "--upgrade", pip], timeout=300)
    with index(wheels) as address:
        for argv in (install, build):
            run(argv, cwd=lock.ROOT, env=alone(address, os.environ), timeout=600)

    listed = run([python, "-m", "pip", "list", "--format=freeze", "--exclude-editable"]).stdout
    found = dict(line.lower().replace("_", "-").split("==") for line in listed.split())
    expected = {pin.name: pin.version for pin in PINS if pin.applies(lock.on(OURS))}
    ours = {"pip", "setuptools", "wheel"}  # what a new venv has already
    found = {name.replace(".", "-"): version for name, version in found.items()}
    assert {name: found[name] for name in found.keys() - ours} == expected
    run([python, "-m", "pip", "check"])
    assert "ccci" in run([python, "-m", "ccci", "--version"], cwd=tmp_path).stdout


@pytest.mark.parametrize("python", lock.PYTHONS)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_each_python_finds_ready_files_of_all_that_is_pinned(
    python: str, machine: str, tmp_path: Path
) -> None:
    # Built from source, a package would ask for the build tools of the day.
    run((sys.executable, "-m", "venv", str(tmp_path / "uv")), timeout=120)
    run((str(tmp_path / "uv/bin/python"), "-m", "pip", "install", "--quiet", "uv"), timeout=300)
    uv = str(tmp_path / "uv/bin/uv")
    target = ("--target", str(tmp_path / "target"), "--python-version", python)
    argv = [
        uv,
        "pip",
        "install",
        "--quiet",
        *target,
        "--python-platform",
        f"{machine}-manylinux_2_28",
    ]
    argv += ["--only-binary", ":all:", "--require-hashes", "--dry-run", "-r", str(lock.LOCK)]
    # With its resolver, which knows the markers of that Python: nothing may be missing.
    run([*argv, "--python", sys.executable], timeout=300)
