"""The lock file gives the same environment today and in a year, with any pip.

The long half, the real packages with the oldest and the newest pip, is in tests/soak.
"""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.installing import lock
from support.installing.wheels import alone, index, pinned, write_wheel

from ccci.host.process import run

PINS = lock.read(lock.LOCK.read_text())


@pytest.mark.parametrize("python", lock.PYTHONS)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_all_that_is_needed_on_each_python_is_pinned(python: str, machine: str) -> None:
    assert lock.unpinned(PINS, lock.wanted(), lock.on(python, machine)) == []


def test_the_pythons_are_those_that_the_project_allows() -> None:
    told = re.findall(r'requires-python = ">=(\S+)"', (lock.ROOT / "pyproject.toml").read_text())
    assert told == [lock.PYTHONS[0]]


def test_a_package_that_is_needed_on_one_python_alone_is_missed_there() -> None:
    asked = [*lock.wanted(), Requirement('made-up>=1; python_version >= "3.14"')]
    assert lock.unpinned(PINS, asked, lock.on("3.13")) == []
    assert lock.unpinned(PINS, asked, lock.on("3.14")) == ["made-up>=1 (for pyproject.toml)"]


def test_an_extra_that_a_package_asks_for_is_followed() -> None:
    without = [pin for pin in PINS if pin.name != "ruamel-yaml-clib"]
    (missing,) = lock.unpinned(without, lock.wanted(), lock.on("3.14"))
    assert missing.startswith("ruamel.yaml.clib")


def test_every_entry_pins_one_version_with_hashes() -> None:
    assert len(PINS) > 40
    for pin in PINS:
        assert pin.version
        assert pin.hashes
        assert all(each.startswith("sha256:") for each in pin.hashes)


def test_nothing_is_pinned_twice_for_one_python() -> None:
    for python in lock.PYTHONS:
        names = [pin.name for pin in PINS if pin.applies(lock.on(python))]
        assert len(names) == len(set(names))


@pytest.mark.slow
def test_make_installs_a_lock_as_it_stands_whatever_was_released_since(tmp_path: Path) -> None:
    # The resolver of pip up to 23.2 refused a lock whose package asks for one with an extra, as
    # soon as a newer release of that one was out.
    wheels = tmp_path / "wheels"
    asker = write_wheel(wheels, "asker", "1.0", needs=["asked[more]>=1.0"])
    asked = write_wheel(wheels, "asked", "1.0", extras=["more"])
    for name in ("asker", "asked"):
        write_wheel(wheels, name, "2.0", extras=["more"], needs=["never-made"])
        # A file that is added to an old release is no reason to take it, either.
        write_wheel(wheels, name, "1.0", build="1", files={"late.py": ""})
    locked = tmp_path / "requirements.lock"
    locked.write_text(pinned(asker, "asker==1.0") + pinned(asked, "asked==1.0"))

    with index(wheels) as address:
        argv = [*_of_make("requirements.lock", tmp_path), "--dry-run", "--ignore-installed"]
        done = run(
            [*argv, "--report", str(tmp_path / "report")],
            cwd=tmp_path,
            env=alone(address, os.environ),
        )

    assert done.code == 0
    report = json.loads((tmp_path / "report").read_text())
    found = {each["metadata"]["name"]: each for each in report["install"]}
    assert {name: each["metadata"]["version"] for name, each in found.items()} == {
        "asker": "1.0",
        "asked": "1.0",
    }
    assert not any("1.0-1" in each["download_info"]["url"] for each in found.values())


@pytest.mark.slow
def test_make_builds_the_project_with_what_the_lock_gave(tmp_path: Path) -> None:
    argv = _of_make("--editable", tmp_path)
    assert {"--no-deps", "--no-build-isolation"} <= set(argv)


def _of_make(word: str, folder: Path) -> list[str]:
    """Return the command of `make setup` that holds the word, for the Python that runs us."""
    argv = ("make", "--dry-run", "--always-make", "--directory", str(lock.ROOT), "setup")
    lines = run((*argv, f"VENV={folder}/venv"), env=_plain()).stdout.splitlines()
    (line,) = (line for line in lines if word in line)
    words = shlex.split(line)
    assert words[0] == f"{folder}/venv/bin/python"
    return [sys.executable, *words[1:]]


def _plain() -> dict[str, str]:
    """Return our environment without what a surrounding make leaves in it."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
