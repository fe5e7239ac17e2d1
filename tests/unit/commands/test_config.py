"""Settings out of files, each with where it comes from."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Result, invoke

from ccci import settings
from ccci.commands.verbs import PROGRAM

Ask = Callable[..., Result]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Give a function that runs ccci in an empty folder, with an empty home."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in list(os.environ):
        if name.startswith(("CCCI_", "PLUGIN_", "DRONE_", "CI_")):
            monkeypatch.delenv(name)
    return invoke


def write(text: str, where: str = "here/.ccci.toml") -> None:
    path = Path("..", where)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


USERS = "config/ccci/config.toml"


def setting(ask: Ask, verb: str, option: str) -> tuple[object, str]:
    """Return what an option is, and where that comes from."""
    result = ask("--json", "config")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["settings"]
    (one,) = [each for each in found if (each["verb"], each["option"]) == (verb, option)]
    return one["value"], Path(one["source"]).name


def test_a_setting_comes_from_the_nearest_that_sets_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert setting(ask, "converge", "soak") == (None, "default")
    write('soak = "1m"\nserver = "mine"\n', USERS)
    assert setting(ask, "converge", "soak") == ("1m", "config.toml")
    write('soak = "7s"\n')
    assert setting(ask, "converge", "soak") == ("7s", ".ccci.toml")
    assert setting(ask, "upgrade", "server") == ("mine", "config.toml")
    monkeypatch.setenv("PLUGIN_SOAK", "8s")
    assert setting(ask, "converge", "soak") == ("8s", "PLUGIN_SOAK")
    monkeypatch.setenv("CCCI_SOAK", "9s")
    assert setting(ask, "converge", "soak") == ("9s", "CCCI_SOAK")


@pytest.mark.parametrize("verb", ["deploy", "upgrade"])
def test_a_deploy_heeds_the_file_of_its_commit_and_not_that_of_the_folder(
    verb: str, ask: Ask
) -> None:
    write('soak = "1m"\n', USERS)
    write(f'soak = "7s"\n[{verb}]\ntimeout = "8m"\n')
    assert setting(ask, verb, "soak") == ("1m", "config.toml")
    assert setting(ask, verb, "timeout")[1] == "default"
    for line in ('health-path = "no-slash"', 'timeout = "soon"', "x=", 'server = "theirs"'):
        write(line)
        told = ask(verb, "./nowhere", *(("--head", "main") if verb == "upgrade" else ()))
        assert told.exit_code == 3
        assert ".ccci.toml" not in told.stderr
        assert "no-slash" not in told.stderr


def test_what_the_ci_says_of_itself_is_named(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRONE_COMMIT_SHA", "abcdef1")
    write("[upgrade]\nkeep = true\n", USERS)
    assert setting(ask, "upgrade", "head") == ("abcdef1", "DRONE_COMMIT_SHA")
    assert setting(ask, "upgrade", "keep") == (True, "config.toml")


def test_a_file_is_heeded_by_the_verb_itself(ask: Ask) -> None:
    write('format = "sarif"\n[sweep.rollback-policy]\nfail-on = "never"\n', USERS)
    Path("compose.yml").write_text("version: '3.8'\nservices: {app: {image: 'x:1'}}\n")
    swept = ask("sweep", "rollback-policy", "compose.yml")
    assert "sarif" in json.loads(swept.stdout)["$schema"]
    assert (
        "1 recipe, 1 service"
        in ask("sweep", "rollback-policy", "compose.yml", "--format", "table").stdout
    )


def test_a_list_of_a_file_gives_way_to_a_variable(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('env = ["TAG=1"]\n', USERS)
    Path("compose.yml").write_text("version: '3.8'\nservices: {app: {image: 'x:${TAG}'}}\n")
    argv = ("--json", "sweep", "rollback-policy", "compose.yml")
    assert json.loads(ask(*argv).stdout)["services"][0]["image"] == "x:1"
    monkeypatch.setenv("CCCI_ENV", "TAG=2")
    assert json.loads(ask(*argv).stdout)["services"][0]["image"] == "x:2"


def test_the_patience_of_a_teardown_is_not_the_deadline_of_a_rollout(ask: Ask) -> None:
    write('timeout = "20m"\n', USERS)
    assert setting(ask, "converge", "timeout") == ("20m", "config.toml")
    assert setting(ask, "teardown", "timeout") == ("3m", "default")
    write('[teardown]\ntimeout = "1m"\n', USERS)
    assert setting(ask, "teardown", "timeout") == ("1m", "config.toml")


@pytest.mark.parametrize(
    "line",
    [
        'server = "theirs"',
        'domain = "x.example.com"',
        'overlay = "/etc/passwd"',
        "prune = true",
        "keep = true",
        'env = ["A=1"]',
        'deployer = "stack"',
        'output = "/tmp/x"',
        "[upgrade]\nkeep = true",
        "[sandbox.up]\nnodes = 3",
    ],
)
def test_the_file_of_a_repository_sets_only_what_is_judged(line: str, ask: Ask) -> None:
    write(line)
    for words in (("config",), ("converge", "stack")):
        result = ask(*words)
        assert result.exit_code == 2
        assert "which the file of a repository may not" in result.output


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ['sok = "3s"', 'server = "theirs"', "soak = ", 'timeout = "900h"', "\xff"]
)
def test_the_file_of_a_repository_stops_no_verb_that_it_sets_nothing_of(
    text: str, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".ccci.toml").write_bytes(text.encode("latin-1"))
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    write("", USERS)  # a file of the user's own is read by each
    heeding = {*settings.HEEDING, "config"}
    for verb in PROGRAM.load():
        if verb.path in heeding or verb.path.startswith(("sandbox", "sweep leftovers")):
            continue
        needed = [each.words[0] if each.words else "x" for each in verb.arguments if each.required]
        told = ask(*verb.path.split(), *needed).stderr
        assert ".ccci.toml" not in told, verb.path
    for words in (("version",), ("runs",), ("sandbox", "status"), ("schema", "report")):
        assert ask(*words).exit_code in {0, 3}


@pytest.mark.parametrize("verb", settings.HEEDING)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('timeout = "900h"', "asks for timeout 900h: 7200 s at most"),
        ("soak = 7201", "asks for soak 7201: 7200 s at most"),
        ('[VERB]\nsoak = "3h"', "asks for soak 3h: 7200 s at most"),
        ('timeout = "soon"', "says timeout 'soon' is no duration"),
    ],
)
def test_the_file_of_a_repository_holds_no_runner_for_days(
    verb: str, line: str, said: str, ask: Ask
) -> None:
    write(line.replace("VERB", verb))
    refused = ask(verb, "shop")
    assert refused.exit_code == 2
    assert f".ccci.toml {said}" in " ".join(refused.stderr.split())
    Path(".ccci.toml").unlink()
    write(line.replace("VERB", verb).replace("soon", "901h"), USERS)  # whoever writes there may
    assert setting(ask, verb, "soak" if "soak" in line else "timeout")[1] == "config.toml"


def test_the_file_of_a_repository_sets_nothing_of_a_verb_that_judges_nothing(ask: Ask) -> None:
    write('[teardown]\ntimeout = "1s"\n')
    assert setting(ask, "teardown", "timeout") == ("3m", "default")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soak = ", "is no TOML"),
        ('soka = "1s"', "sets soka, which is no setting"),
        ("soak = true", "soak is a text or a number"),
        ('soak = ["1s"]', "soak is a text or a number"),
        ('head = "main"', "sets head, which is no setting"),
        ('[nowhere]\nsoak = "1s"', "sets nowhere"),
        ("\xff", "is no TOML"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, said: str, ask: Ask) -> None:
    Path(".ccci.toml").write_bytes(text.encode("latin-1"))
    result = ask("--json", "converge", "stack")
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert json.loads(result.stdout)["verdict"] == "usage"


def test_a_link_out_of_the_folder_is_not_read(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password = 1")
    Path(".ccci.toml").symlink_to(tmp_path / "secret")
    result = ask("config")
    assert result.exit_code == 2
    assert "password" not in result.output


def test_no_secret_is_shown(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCCI_ENV", "A=1\nDB_PASSWORD=hunter2hunter2")
    monkeypatch.setenv("CCCI_SOURCE", "https://me:hunter2hunter2@example.com/x")
    for words in (("config",), ("--json", "config")):
        shown = ask(*words).output
        assert "hunter2" not in shown
        assert "DB_PASSWORD=***" in shown
    assert "CCCI_ENV" in ask("config").output
