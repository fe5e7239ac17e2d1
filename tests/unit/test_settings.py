"""Settings from the environment: none that looks like ours is passed over in silence."""

import ast
from pathlib import Path

import pytest
from repositories import commit, make_repository
from typer.testing import CliRunner

from ccci import config
from ccci.cli import app


def said(*words: str) -> str:
    return CliRunner().invoke(app, list(words)).stderr


def test_a_setting_that_no_option_reads_is_named_with_the_one_it_may_mean(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path))
    monkeypatch.setenv("CCCI_BASE_VERSION", "0.7.0+3.3.1")
    monkeypatch.setenv("PLUGIN_DEPLOYR", "stack")
    told = said("runs")
    assert "CCCI_BASE_VERSION is set, but is no setting of ccci and is not read" in told
    assert "PLUGIN_DEPLOYR is set" in told
    assert "did you mean PLUGIN_DEPLOYER?" in told
    assert told.count("did you mean") == 1


def test_settings_of_any_command_are_taken_without_a_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path))
    for name in ("CCCI_BASE", "PLUGIN_HEAD", "CCCI_UPGRADE_ENV", "CCCI_NODES", "CCCI_TEST_ABRA"):
        monkeypatch.setenv(name, "1")
    assert said("runs") == ""


def test_the_lists_that_are_read_without_typer_are_all_of_them() -> None:
    read = set()
    for path in (Path(config.__file__).parent / "commands").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "config.values":
                read.add(ast.literal_eval(node.args[0]))
    assert read == set(config.LISTS)


@pytest.mark.parametrize("head", [None, ""])
def test_an_upgrade_without_a_head_is_refused(
    head: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in config.variables("HEAD"):
        monkeypatch.delenv(name, raising=False)
    if head is not None:
        monkeypatch.setenv("CCCI_HEAD", head)
    shop = make_repository(tmp_path / "shop")
    commit(shop, {"compose.yml": "services: {app: {image: x}}"}, tag="1.0.0+1")
    result = CliRunner().invoke(app, ["upgrade", str(shop)])
    assert result.exit_code == 2
    assert "--head" in result.stderr
