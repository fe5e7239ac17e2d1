"""What the adapter expects of abra, on the stand-in, or on the abra that CCCI_TEST_ABRA names."""

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from abra.stand_in.godotenv import read_env
from support.recipes.abra_stand_in import (
    GIVEN,
    SAMPLE,
    STAND_IN,
    VERSIONS,
    deployer,
    git,
    make_app,
)

from ccci.deployers import App, Revision
from ccci.deployers.abra import flags, run
from ccci.deployers.protocol import Deployer
from ccci.errors import CcciError, CommandFailed, DeployRefused, ToolMissing
from ccci.host.clock import monotonic
from ccci.host.masking import secret_values
from ccci.host.process import run as run_tool
from ccci.recipe import dotenv

EXPECTED = {
    ("app", "new"): {"--no-input", "--offline", "--chaos", "--domain", "--server"},
    ("app", "deploy"): {
        *("--no-input", "--offline", "--chaos", "--force"),
        *("--no-converge-checks", "--no-domain-checks"),
    },
    ("app", "undeploy"): {"--no-input", "--offline"},
    ("app", "secret", "generate"): {"--no-input", "--offline", "--all", "--chaos"},
}


@pytest.fixture
def app(tmp_path: Path) -> App:
    return make_app(tmp_path / "abra", "shop.test")


@pytest.fixture(autouse=True)
def _ask_anew() -> Iterator[None]:
    # Before and after: what is played here is no answer for the tests of other files.
    _forget()
    yield
    _forget()


def _forget() -> None:
    for asked in (run.version_of, run.help_of, run.root_of):
        asked.cache_clear()


def head(app: App) -> Revision:
    return Revision(git(app.checkout, "rev-parse", "HEAD"))


def commits(app: App) -> str:
    return git(app.checkout, "rev-parse", "HEAD") + git(app.checkout, "status", "--porcelain")


def play(monkeypatch: pytest.MonkeyPatch, mode: str = "", version: str = "") -> None:
    # The questions for version and help are asked in our own environment.
    monkeypatch.setenv("STAND_IN_ABRA_MODE", mode)
    if version:
        monkeypatch.setenv("STAND_IN_ABRA_VERSION", version)


# First of all: does its help list what the adapter expects?


@pytest.mark.parametrize("verb", EXPECTED, ids=" ".join)
def test_the_help_lists_what_the_adapter_expects(verb: tuple[str, ...]) -> None:
    listed = run.help_of(deployer().abra, verb)
    assert EXPECTED[verb] <= listed.verb | listed.root


def test_the_version_is_one_we_can_use() -> None:
    assert run.version_of(deployer().abra).numbers >= flags.OLDEST.numbers


def test_it_is_a_deployer() -> None:
    anything: Deployer = deployer()
    assert anything.name == "abra"


def test_a_new_app_has_the_sample_with_its_comments_and_the_checkout_stays(app: App) -> None:
    before = commits(app)
    deployer().new_app(app, head(app))
    assert "# length=24" in app.env_file.read_text()
    assert "DOMAIN=shop.test" in app.env_file.read_text()
    assert commits(app) == before


def test_a_head_beyond_the_last_release_stays_checked_out(app: App) -> None:
    (app.checkout / "note").write_text("x")
    git(app.checkout, "add", "--all")
    git(app.checkout, "commit", "--quiet", "--message", "beyond the release")
    before = commits(app)
    deployer().new_app(app, head(app))
    assert commits(app) == before


def test_a_server_that_abra_does_not_know_is_refused(app: App, tmp_path: Path) -> None:
    other = App(app.recipe, app.domain, app.stack, app.abra_dir, server="nowhere")
    (tmp_path / "abra" / "servers" / "nowhere").write_text("a file in the way")
    with pytest.raises((CcciError, FileExistsError)):
        deployer().new_app(other, head(app))
    assert not other.env_file.exists()


def test_an_interpolated_duration_is_refused_with_its_reason(tmp_path: Path) -> None:
    broken = "services:\n  app:\n    healthcheck:\n      start_period: ${LONG}\n"
    app = make_app(tmp_path / "abra", "shop.test", {"compose.yml": broken})
    with pytest.raises(DeployRefused, match="duration"):
        deployer().new_app(app, head(app))


# What is deployed is said before it is.


def test_a_head_is_deployed_as_chaos_and_a_release_by_its_name(app: App) -> None:
    deployer().new_app(app, head(app))
    abra = deployer(env={"DOCKER_HOST": "unix:///nowhere"})
    revision = head(app)
    chaos = flags.deploy(app.domain, None, run.help_of(abra.abra, ("app", "deploy")), chaos=True)
    assert "--chaos" in chaos.argv
    assert chaos.argv[-1] == app.domain
    pinned = flags.deploy(
        app.domain, "0.1.0+1.0.0", run.help_of(abra.abra, ("app", "deploy")), chaos=False
    )
    assert pinned.argv[-2:] == (app.domain, "0.1.0+1.0.0")
    assert revision.short == revision.commit[:8]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_release_is_asked_in_the_order_it_reads(
    app: App, version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    play(monkeypatch, version=version)
    deployer(version=version, env={"STAND_IN_ABRA_LOG": str(log)}).new_app(app, head(app))
    (line,) = log.read_text().splitlines()
    assert line.endswith(" shop")
    assert app.env_file.read_text().startswith("TYPE=shop")


HIDING = {
    "a quote that docker takes for closed": 'A="x\\\\"\nCOMPOSE_FILE=compose.yml\n#"\n',
    "a backslash in double quotes": 'A="\\\\x"\nCOMPOSE_FILE=compose.yml\n#"\n',
    "a comment in a comment": "COMPOSE_FILE=compose.yml # x #\n",
    "a line that ends in dashes": "COMPOSE_FILE=compose.yml---\n",
}


@pytest.mark.parametrize("text", HIDING.values(), ids=list(HIDING))
def test_abra_is_given_a_new_apps_settings_in_words_that_it_reads_as_ccci_does(
    app: App, text: str
) -> None:
    (app.checkout / ".env.sample").write_text(f"{SAMPLE}COMPOSE_FILE=compose.evil.yml\n{text}")
    deployer().new_app(app, head(app))
    ours = dotenv.values(dotenv.read(app.env_file.read_text()))
    assert read_env(app.env_file) == ours


def test_a_quote_that_only_one_of_both_takes_for_closed_is_refused(app: App) -> None:
    text = 'A="x y\\\\"\nCOMPOSE_FILE=compose.yml\n#"\n'
    (app.checkout / ".env.sample").write_text(f"{SAMPLE}COMPOSE_FILE=compose.evil.yml\n{text}")
    with pytest.raises(DeployRefused, match="abra would read A otherwise"):
        deployer().new_app(app, head(app))


@pytest.mark.parametrize("sign", ["\f", "\v", "\x85", "\u2028", "\r"])
def test_settings_whose_lines_end_elsewhere_for_abra_are_refused(app: App, sign: str) -> None:
    sample = f"{SAMPLE}COMPOSE_FILE=compose.yml:compose.evil.yml\nN=a{sign}COMPOSE_FILE=compose.yml"
    (app.checkout / ".env.sample").write_bytes(sample.encode())
    with pytest.raises(DeployRefused, match="control character"):
        deployer().new_app(app, head(app))


@pytest.mark.parametrize("value", ["it's \\", 'it\'s "x"'])
def test_what_was_set_since_and_cannot_be_said_to_both_is_refused(app: App, value: str) -> None:
    deployer().new_app(app, head(app))
    text = dotenv.assign(app.env_file.read_text(), {"NEW": value, "MORE": "x y"})
    app.env_file.write_text(text)
    with pytest.raises(DeployRefused, match="abra would read NEW otherwise"):
        deployer().plan(app, head(app))


def test_compose_files_that_abra_may_take_from_two_places_are_refused(app: App) -> None:
    deployer().new_app(app, head(app))
    (app.checkout / "abra.sh").write_text("export COMPOSE_FILE=compose.yml\n")
    with pytest.raises(DeployRefused, match=r"COMPOSE_FILE=compose\.yml: abra may deploy that, or"):
        deployer().plan(app, head(app))
    text = dotenv.assign(app.env_file.read_text(), {"COMPOSE_FILE": "compose.yml"})
    app.env_file.write_text(text)
    assert deployer().plan(app, head(app)).networks


def test_a_blank_beside_the_name_of_a_compose_file_is_refused(app: App) -> None:
    (app.checkout / ".env.sample").write_text(f"{SAMPLE}COMPOSE_FILE='compose.yml: x.yml'\n")
    deployer().new_app(app, head(app))
    with pytest.raises(DeployRefused, match="a blank beside a name in COMPOSE_FILE"):
        deployer().plan(app, head(app))


def test_a_missing_abra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="abra is not installed") as missing:
        run.executable()
    assert missing.value.exit_code == 3
    assert "make abra" in missing.value.hint


def test_an_abra_that_is_too_old_says_so(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, version="0.4.1-alpha")
    with pytest.raises(ToolMissing, match=r"0\.4\.1.*too old"):
        deployer(version="0.4.1-alpha").new_app(app, head(app))


def test_something_else_called_abra_is_no_abra(tmp_path: Path) -> None:
    other = tmp_path / "abra"
    other.write_text("#!/bin/sh\necho what\n")
    other.chmod(other.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(ToolMissing, match="no version"):
        run.version_of(str(other))
    other.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(ToolMissing, match="exits with 3"):
        run.version_of(str(other))


def test_a_release_without_chaos_cannot_deploy_a_head(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, "no-chaos-flag")
    with pytest.raises(ToolMissing, match="no --chaos"):
        flags.deploy(app.domain, None, run.help_of(str(STAND_IN), ("app", "deploy")), chaos=True)


def test_a_release_without_converge_flag_is_used_all_the_same(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, "no-converge-flag,no-offline-flag")
    asked = flags.deploy(
        app.domain, None, run.help_of(str(STAND_IN), ("app", "deploy")), chaos=True
    )
    assert asked.missing == ("--offline", "--no-converge-checks")


# Its known failures.


@pytest.mark.parametrize("version", [*VERSIONS, ""])
def test_a_refusal_is_read_off_either_stream(
    app: App, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, version=version)
    deployer("any", version).new_app(app, head(app))
    with pytest.raises(DeployRefused, match="already exists"):
        deployer("any", version).new_app(app, head(app))


def test_a_terminal_is_there_where_it_wants_one(app: App) -> None:
    deployer("terminal").new_app(app, head(app))
    assert app.env_file.is_file()
    # Without one it fails, so the test above means something.
    env = {**run.abra_environment(app.abra_dir), "STAND_IN_ABRA_MODE": "terminal"}
    words = ("app", "new", "--no-input", "--domain=b.test", "--server=default", "shop")
    refused = run_tool((str(STAND_IN), *words), env=env, check=False)
    assert "inappropriate ioctl" in refused.stdout


def test_one_that_asks_is_ended_and_its_question_shown(tmp_path: Path) -> None:
    asker = tmp_path / "abra"
    asker.write_text("#!/bin/sh\nprintf 'proceed? [y/N]\\n'; read -r answer; echo $answer\n")
    asker.chmod(0o755)
    begun = monotonic()
    with pytest.raises(CommandFailed, match=r"0\.5 s and was ended; its last line: proceed"):
        run.obey(str(asker), flags.Order(("app",)), dict(os.environ), timeout=0.5)
    assert monotonic() - begun < 8


def test_values_of_the_env_never_reach_an_error(app: App) -> None:
    sample = SAMPLE + "SMTP_PASSWORD=correct-horse-battery\n"
    (app.checkout / ".env.sample").write_text(sample)
    deployer().new_app(app, head(app))
    values = secret_values({"SMTP_PASSWORD": "correct-horse-battery"})
    with pytest.raises(DeployRefused) as refused:
        run.obey(
            "/bin/sh",
            flags.Order(("-c", "echo FATA smtp correct-horse-battery refused; exit 1")),
            dict(os.environ),
            timeout=10,
            masks=values,
        )
    assert "correct-horse" not in refused.value.message
    assert "smtp *** refused" in refused.value.message


def test_which_abra_was_tested_is_no_secret() -> None:
    tested = deployer().abra
    assert Path(tested).exists()
    assert (tested == str(STAND_IN)) == (not GIVEN)


def test_what_it_lists_for_every_verb_is_asked_once(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    abra = tmp_path / "abra"
    abra.write_text(f'#!/bin/sh\necho "$*" >>{asked}\nexec {shlex.quote(str(STAND_IN))} "$@"\n')
    abra.chmod(0o755)
    for verb, wanted in EXPECTED.items():
        assert wanted <= run.help_of(str(abra), verb).verb | run.root_of(str(abra))
    lines = asked.read_text().splitlines()
    assert lines.count("--help") == lines.count("--version") == 1
    assert len(lines) == 2 + len(EXPECTED)
