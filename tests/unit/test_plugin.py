"""A step of Drone or Woodpecker by its settings, as the runners hand them on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccci.plugin import words

pytestmark = pytest.mark.slow

SWEEP = "sweep rollback-policy"


def asked(tmp_path: Path, **given: str) -> list[str]:
    (tmp_path / ".git").mkdir()
    return words({f"PLUGIN_{name.upper()}": text for name, text in given.items()}, tmp_path)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, ["upgrade", "."]),
        ({"head": "main"}, ["upgrade", "."]),
        ({"command": "deploy", "recipe": "shop"}, ["deploy", "shop"]),
        ({"command": "sweep upgrade"}, ["sweep", "upgrade", "."]),
        ({"command": SWEEP, "path": "a,b"}, [*SWEEP.split(), "a", "b"]),
        ({"command": SWEEP, "path": '["a,b"]'}, [*SWEEP.split(), "a,b"]),
        ({"command": "sweep leftovers"}, ["sweep", "leftovers"]),
        ({"command": "identity", "target": "shop.test"}, ["identity", "shop.test"]),
        ({"stack": "shop"}, ["converge", "shop"]),
        (
            {"stack": "shop", "deploy": "docker stack deploy -c a,b.yml shop\n"},
            ["converge", "shop", "--", "sh", "-euc", "docker stack deploy -c a,b.yml shop"],
        ),
        (
            {"command": "plan", "stack": "shop", "deploy": '["cd x", "docker stack deploy shop"]'},
            ["plan", "shop", "--", "sh", "-euc", "cd x\ndocker stack deploy shop"],
        ),
        ({"command": "plan", "recipe": "shop"}, ["plan", "shop"]),
        ({"command": "plan"}, ["plan", "."]),
        ({"command": "runs"}, ["runs"]),
        ({"command": "upgarde"}, ["upgarde"]),
        ({"command": "", "stack": ""}, ["upgrade", "."]),
    ],
)  # fmt: skip
def test_settings_make_a_command_line(
    given: dict[str, str], line: list[str], tmp_path: Path
) -> None:
    assert asked(tmp_path, **given) == line


def test_a_folder_that_is_no_clone_is_no_recipe(tmp_path: Path) -> None:
    assert words({"PLUGIN_HEAD": "main"}, tmp_path) == ["upgrade"]


def plugin(folder: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-c", "from ccci.plugin import main; main()", *arguments]
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "CCCI_RUNS_DIR": str(folder / "runs")}
    return subprocess.run(
        argv, cwd=folder, env={**kept, **environ}, capture_output=True, text=True, check=False
    )


def test_a_sweep_by_settings_alone(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("version: '3.8'\nservices: {app: {image: 'x:${TAG}'}}\n")
    done = plugin(
        tmp_path,
        # As Woodpecker sends it: a mapping as JSON, plain lists with commas, numbers and booleans
        # as text; what is not set may be empty.
        PLUGIN_COMMAND="sweep rollback-policy",
        PLUGIN_PATH="compose.yml",
        PLUGIN_ENV='{"TAG": "1.2"}',
        PLUGIN_IGNORE="CCCI006,CCCI007",
        PLUGIN_STATISTICS="false",
        PLUGIN_FAIL_ON="never",
        PLUGIN_HEAD="",
        CI="woodpecker",
    )
    assert done.returncode == 0, done.stderr
    assert "1 service" in done.stdout
    assert "is set, but is no setting" not in done.stderr
    assert "not set" not in done.stdout


def test_a_setting_that_is_misspelt_is_named(tmp_path: Path) -> None:
    done = plugin(tmp_path, PLUGIN_COMMAND="runs", PLUGIN_LIMTI="3")
    assert "PLUGIN_LIMTI is set, but is no setting of ccci" in done.stderr
    assert "did you mean PLUGIN_LIMIT?" in done.stderr


def test_with_arguments_or_without_settings_it_is_ccci(tmp_path: Path) -> None:
    assert plugin(tmp_path, "--version").stdout.startswith("ccci ")
    assert plugin(tmp_path, "runs", PLUGIN_COMMAND="upgrade").returncode == 0
    alone = plugin(tmp_path)
    assert (alone.returncode, alone.stderr.split("\n")[0]) == (2, "Usage: ccci COMMAND [OPTIONS]")
