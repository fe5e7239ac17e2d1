"""Settings from the environment: none that looks like ours is passed over in silence."""

import re
from pathlib import Path
from typing import Any

import pytest
from support.command_line import invoke
from support.recipes.repositories import commit, make_repository

from ccci import cli, plugin
from ccci import settings as config
from ccci.commandline.reading import asked, taken_apart
from ccci.commands.verbs import EVERYWHERE, PROGRAM
from ccci.terminal.output import Output

ROOT = Path(__file__).parents[2]


def said(*words: str) -> str:
    return invoke(*words).stderr


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


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("A=1", ["A=1"]),
        ("A=1,B=2", ["A=1", "B=2"]),
        ("A=1,2,B=3", ["A=1,2", "B=3"]),
        ('{"A": "1", "B": 2, "C": true}', ["A=1", "B=2", "C=true"]),
        ('["A=1,2", "B=3"]', ["A=1,2", "B=3"]),
        ("A=1\nB=2,3\n", ["A=1", "B=2,3"]),
        ("app,db, cache", ["app", "db", "cache"]),
        ("[app", ["[app"]),
        ("{}", []),
    ],
)
def test_a_list_is_read_as_a_runner_sends_it_to_a_plugin(sent: str, meant: list[str]) -> None:
    assert config.listed("PLUGIN_ENV", sent) == meant


def test_a_list_of_our_own_variable_holds_one_value_a_line() -> None:
    assert config.listed("CCCI_ENV", " A=1,B=2 \n\nC=[3]") == ["A=1,B=2", "C=[3]"]


def test_the_options_without_a_variable_are_named_where_people_look_for_one() -> None:
    page = (ROOT / "docs" / "how-to" / "run-in-ci.md").read_text(encoding="utf-8")
    without = {
        f"{command.path} {each.title}"
        for command in PROGRAM.load()
        for each in command.options
        if not each.variables
    }
    (said,) = re.findall(
        r"Four have none, since they are meant for one call: (.*?)\. ", page, re.DOTALL
    )
    assert set(re.findall(r"`(.*?)`", said)) == without
    everywhere = {each.title for each in EVERYWHERE if each.variables}
    assert everywhere == {"--json", "--verbose", "--quiet"}


def test_a_variable_means_one_thing_whatever_the_verb() -> None:
    names = {
        command.path: {each.name: each.variables[0] for each in command.options if each.variables}
        for command in PROGRAM.load()
    }
    assert {names[verb]["timeout"] for verb in ("converge", "deploy", "upgrade")} == {
        "CCCI_TIMEOUT"
    }
    assert names["teardown"]["timeout"] == "CCCI_TEARDOWN_TIMEOUT"
    sweeps = ("sweep leftovers", "sweep rollback-policy")
    dry = {names[verb]["dry_run"] for verb in ("upgrade", *sweeps)}
    assert len(dry) == 3
    assert names["deploy"]["tag"] == "CCCI_TAG"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("CCCI_LIMIT=1", "CCCI_RUNS_LIMIT", ("runs",)),
        ("CCCI_NAME=x", "CCCI_SANDBOX_NAME", ("sandbox", "status")),
        ("CCCI_FOLDER=x", "CCCI_SANDBOX_FOLDER", ("sandbox", "status")),
        ("CCCI_FORMAT=json", "CCCI_SWEEP_FORMAT", ("sweep", "rollback-policy", ".")),
        ("CCCI_FAIL_ON=warning", "CCCI_SWEEP_FAIL_ON", ("sweep", "rollback-policy", ".")),
        ("CCCI_RUNS=runs", "CCCI_SWEEP_RUNS", ("sweep", "rollback-policy", ".")),
    ],
)
def test_an_old_name_of_a_variable_is_still_read_and_said_to_be_one(
    old: str, new: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compose.yml").write_text("services: {app: {image: x}}")
    (tmp_path / "runs").mkdir()
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    name, _, value = old.partition("=")
    warning = f"Warning: {name} is an old name: set {new} instead"
    before, after = invoke(*words, env={name: value}), invoke(*words, env={new: value})
    told = before.stderr.splitlines()
    assert told.pop(0) == warning
    assert (before.stdout, told) == (after.stdout, after.stderr.splitlines())
    plain = invoke(*words)
    assert words == ("runs",) or (plain.exit_code, plain.output) != (after.exit_code, after.output)
    assert "old name" not in invoke(*words, env={name: value, new: value}).stderr
    assert name not in invoke("help", "variables").stdout.split()


def test_a_setting_of_a_plugin_s_step_is_called_as_its_option_is() -> None:
    for command in PROGRAM.load():
        read = [name for each in command.parameters for name in each.read]
        assert len(read) == len(set(read)), command.path
        for each in command.options:
            own = f"PLUGIN_{each.title.lstrip('-').upper().replace('-', '_')}"
            assert not each.variables or own in each.variables, (command.path, each.title)


def test_a_plugin_s_dry_run_is_that_of_its_own_command() -> None:
    leftovers = next(each for each in PROGRAM.load() if each.path == "sweep leftovers")
    words = taken_apart(PROGRAM, EVERYWHERE, ("sweep", "leftovers"))
    found = asked(leftovers.parameters, words, {"PLUGIN_DRY_RUN": "true"}, {})
    assert found.values["dry_run"] is True


@pytest.mark.parametrize(
    ("given", "words", "verbosity"),
    [
        ({}, (), 0),
        ({"CCCI_VERBOSE": "1"}, (), 1),
        ({"PLUGIN_VERBOSE": "true"}, (), 1),
        ({"PLUGIN_VERBOSE": "2"}, (), 2),
        ({"PLUGIN_VERBOSE": "false"}, (), 0),
        ({"CCCI_VERBOSE": "0", "PLUGIN_VERBOSE": "1"}, (), 0),
        ({"PLUGIN_QUIET": "on"}, (), -1),
        ({"CCCI_QUIET": "1"}, ("-v",), 1),
        ({"CCCI_VERBOSE": "1"}, ("-q",), -1),
        ({"CCCI_VERBOSE": "1"}, ("-vv",), 2),
    ],
)
def test_how_much_is_said_is_a_setting_too(
    given: dict[str, str], words: tuple[str, ...], verbosity: int,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path))
    made: list[Output] = []

    def output(**given: Any) -> Output:
        made.append(Output(**given))
        return made[-1]

    monkeypatch.setattr(cli, "Output", output)
    result = invoke("runs", *words, env=given)
    assert (result.exit_code, result.stderr) == (0, "")
    assert made[-1].verbosity == verbosity


def test_a_variable_that_is_no_loudness_is_refused(tmp_path: Path) -> None:
    refused = invoke("runs", env={"CCCI_VERBOSE": "very", "CCCI_RUNS_DIR": str(tmp_path)})
    assert refused.exit_code == 2
    assert "CCCI_VERBOSE: --verbose is on or off, and not 'very'" in refused.stderr


@pytest.mark.slow
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
    result = invoke("upgrade", str(shop))
    assert result.exit_code == 2
    assert "--head" in result.stderr


def test_what_is_nested_without_end_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "[" * 100_000
    assert config.as_sent(deep) == [deep]
    assert plugin._lines(deep) == deep
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".ccci.toml").write_text("a=" + "[" * 5000)
    refused = invoke("converge", "nowhere")
    assert refused.exit_code == 2
    assert "is no TOML" in refused.stderr


def test_runs_are_recorded_where_the_environment_says() -> None:
    home = {"XDG_STATE_HOME": "/state"}
    assert config.runs_folder(home) == Path("/state/ccci/runs")
    assert config.runs_folder({**home, "CCCI_RUNS_DIR": "/runs"}) == Path("/runs")
    assert config.locks_folder({**home, "CCCI_RUNS_DIR": "/runs"}) == Path("/state/ccci/locks")
