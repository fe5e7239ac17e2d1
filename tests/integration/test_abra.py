"""The abra deployer on a real Swarm, and each failure that abra is known for."""

import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recipes.abra_stand_in import commit, deployer, git, make_app
from support.sandbox.images import BUSYBOX
from support.sandbox.swarms import Swarm

from ccci.deployers import App, Deployment, Revision
from ccci.deployers.abra import AbraDeployer, parse, run
from ccci.errors import DeployRefused
from ccci.host.clock import monotonic
from ccci.host.process import Running
from ccci.host.surroundings import Surroundings
from ccci.removal.objects import Claim
from ccci.removal.teardown import tear_down
from ccci.swarm.engine.client import Engine

NAMED = "db_password_v1"


@pytest.fixture
def app(swarm: Swarm, tmp_path: Path) -> Iterator[App]:
    made = make_app(tmp_path / "abra", f"shop-{secrets.token_hex(3)}.test")
    yield made
    swarm.remove(made.stack)
    for kind in ("secret", "volume"):
        for name in names(swarm, kind, made):
            swarm.docker(kind, "rm", name)


def abra(swarm: Swarm, mode: str = "", version: str = "") -> AbraDeployer:
    return deployer(mode, version, {"DOCKER_HOST": swarm.host})


def head(app: App) -> Revision:
    return Revision(git(app.checkout, "rev-parse", "HEAD"))


def names(swarm: Swarm, kind: str, app: App) -> list[str]:
    listed = swarm.docker(kind, "ls", "--format", "{{.Name}}").stdout.split()
    return sorted(name for name in listed if name.startswith(f"{app.stack}_"))


def start(deployment: Deployment) -> tuple[Running, run.Transcript]:
    transcript = run.Transcript(deployment.masks)
    running = Running(
        deployment.argv,
        lines=transcript.add,
        within=Surroundings(env=deployment.env, cwd=deployment.cwd, terminal=deployment.terminal),
    )
    return running, transcript


def make_secrets(deployer: AbraDeployer, app: App, revision: Revision) -> tuple[str, ...]:
    return deployer.generate_secrets(deployer.plan(app, revision))


def prepare(deployer: AbraDeployer, app: App, revision: Revision) -> Deployment:
    return deployer.prepare(deployer.plan(app, revision))


def deploy(swarm: Swarm, app: App, revision: Revision, mode: str = "") -> tuple[int | None, str]:
    """Make the app with a plain abra, then deploy it with the mode's."""
    if not app.env_file.exists():
        abra(swarm).new_app(app, revision)
        make_secrets(abra(swarm), app, revision)
    running, transcript = start(prepare(abra(swarm, mode), app, revision))
    code = running.wait(60)
    return code, "\n".join(transcript.lines)


def labels(swarm: Swarm, app: App) -> dict[str, str]:
    found = swarm.service(f"{app.stack}_app")["Spec"]["Labels"]
    prefix = f"coop-cloud.{app.stack}."
    return {
        key.removeprefix(prefix): value for key, value in found.items() if key.startswith(prefix)
    }


def test_a_head_is_deployed_with_its_commit_on_the_app(swarm: Swarm, app: App) -> None:
    code, said = deploy(swarm, app, head(app))
    assert code == 0, said
    assert labels(swarm, app)["chaos-version"] == head(app).short
    assert labels(swarm, app)["chaos"] == "true"
    swarm.wait_running(f"{app.stack}_app")
    swarm.wait_running(f"{app.stack}_db")
    container = swarm.service(f"{app.stack}_app")["Spec"]["TaskTemplate"]["ContainerSpec"]
    assert container["Args"][-1].startswith("echo hello there v3")


def test_a_release_is_deployed_by_its_name_and_without_chaos(swarm: Swarm, app: App) -> None:
    release = head(app).commit
    commit(app.checkout, {"later": "x"})
    revision = Revision(release, version="0.1.0+1.0.0", chaos=False)
    code, said = deploy(swarm, app, revision)
    assert code == 0, said
    assert labels(swarm, app)["version"] == "0.1.0+1.0.0"
    assert labels(swarm, app)["chaos"] == "false"
    assert git(app.checkout, "rev-parse", "HEAD") == release


def test_secrets_are_made_named_and_never_shown(swarm: Swarm, app: App) -> None:
    abra(swarm).new_app(app, head(app))
    assert make_secrets(abra(swarm), app, head(app)) == (f"{app.stack}_{NAMED}",)
    assert make_secrets(abra(swarm), app, head(app)) == ()
    assert prepare(abra(swarm), app, head(app)).secrets == (f"{app.stack}_{NAMED}",)


def test_a_secret_that_nobody_inserted_is_named(swarm: Swarm, app: App) -> None:
    abra(swarm).new_app(app, head(app))
    text = app.env_file.read_text().replace("length=24", "generate=false")
    app.env_file.write_text(text)
    with pytest.raises(DeployRefused, match=f"{app.stack}_{NAMED}"):
        make_secrets(abra(swarm), app, head(app))
    code, said = deploy(swarm, app, head(app))
    assert code == 1
    found = parse.fatal(said.splitlines())
    assert found is not None
    assert "secret not inserted" in found.text
    assert swarm.left(app.stack, "service") == []


def test_an_overlay_goes_into_the_checkout_and_is_the_only_dirt(
    swarm: Swarm, app: App, tmp_path: Path
) -> None:
    overlay = tmp_path / "mine.yml"
    overlay.write_text(
        'version: "3.8"\nservices:\n  app:\n    deploy:\n      update_config:\n'
        "        order: stop-first\n        failure_action: rollback\n"
    )
    revision = Revision(head(app).commit, overlay=overlay)
    abra(swarm).new_app(app, revision)
    make_secrets(abra(swarm), app, revision)
    deployment = prepare(abra(swarm), app, revision)
    assert deployment.dirty_paths == ("compose.ccci.yml",)
    names = ["compose.yml", "compose.ccci.yml"]
    assert [path.name for path in abra(swarm).plan(app, revision).stack.files] == names
    again = prepare(abra(swarm), app, revision)
    assert [path.name for path in abra(swarm).plan(app, revision).stack.files] == names
    running, transcript = start(again)
    assert running.wait(60) == 0, transcript.lines
    assert labels(swarm, app)["chaos-version"] == f"{revision.short}+U"
    update = swarm.service(f"{app.stack}_app")["Spec"]["UpdateConfig"]
    assert update["FailureAction"] == "rollback"


def test_a_dirty_tree_is_refused_for_a_release(swarm: Swarm, app: App) -> None:
    abra(swarm).new_app(app, head(app))
    (app.checkout / "stray").write_text("x")
    revision = Revision(head(app).commit, version="0.1.0+1.0.0", chaos=False)
    code, said = deploy(swarm, app, revision)
    assert code == 1
    assert "locally unstaged changes" in said
    assert swarm.left(app.stack, "service") == []


def test_a_lightweight_tag_is_refused_for_a_release(swarm: Swarm, app: App) -> None:
    git(app.checkout, "tag", "0.2.0+1.0.0")
    revision = Revision(head(app).commit, version="0.2.0+1.0.0", chaos=False)
    code, said = deploy(swarm, app, revision)
    assert code == 1
    assert "R014" in said


@pytest.mark.parametrize("mode", ["impatient", "timed-out"])
def test_its_own_impatience_is_excused_and_the_stack_converges(
    swarm: Swarm, app: App, mode: str
) -> None:
    code, said = deploy(swarm, app, head(app), mode)
    assert code == 1
    assert abra(swarm).excuses(code, said)
    swarm.wait_running(f"{app.stack}_app")


def test_a_refusal_is_not_excused(swarm: Swarm) -> None:
    assert not abra(swarm).excuses(1, "FATA secret not generated: db_password")
    assert not abra(swarm).excuses(1, "")
    assert not abra(swarm).excuses(0, "FATA deploy failed")


def test_it_finds_a_terminal_where_it_wants_one(swarm: Swarm, app: App) -> None:
    code, said = deploy(swarm, app, head(app), "terminal")
    assert code == 0, said


def test_an_overview_on_the_terminal_alone_is_no_obstacle(swarm: Swarm, app: App) -> None:
    code, said = deploy(swarm, app, head(app), "silent")
    assert code == 0
    assert "deploy succeeded" not in said
    assert labels(swarm, app)["chaos-version"] == head(app).short


def test_one_that_hangs_is_ended_with_all_it_started(swarm: Swarm, app: App) -> None:
    abra(swarm).new_app(app, head(app))
    make_secrets(abra(swarm), app, head(app))
    running, transcript = start(prepare(abra(swarm, "hang"), app, head(app)))
    swarm.wait_running(f"{app.stack}_app")
    assert running.wait(0) is None
    begun = monotonic()
    running.end()
    assert monotonic() - begun < 12
    assert running.code == 128 + signal.SIGTERM
    assert any("DEPLOY OVERVIEW" in line for line in transcript.lines)


def test_one_that_crashes_half_way_is_not_excused(swarm: Swarm, app: App) -> None:
    code, said = deploy(swarm, app, head(app), "crash")
    assert code == 128 + signal.SIGKILL
    assert not abra(swarm).excuses(code, said)


def test_values_of_the_env_are_hidden_from_what_it_prints(swarm: Swarm, app: App) -> None:
    abra(swarm).new_app(app, head(app))
    make_secrets(abra(swarm), app, head(app))
    with app.env_file.open("a") as file:
        file.write("SMTP_PASSWORD=correct-horse-battery\n")
    code, said = deploy(swarm, app, head(app), "leak")
    assert code == 0
    assert "SMTP_PASSWORD=***" in said
    assert "correct-horse" not in said


@pytest.mark.parametrize(
    ("mode", "version"),
    [("no-converge-flag", ""), ("no-offline-flag", "0.12.0-beta"), ("any", "0.9.0-beta")],
)
def test_other_releases_deploy_too(
    swarm: Swarm, app: App, mode: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_ABRA_MODE", mode)
    if version:
        monkeypatch.setenv("STAND_IN_ABRA_VERSION", version)
    run.help_of.cache_clear()
    run.root_of.cache_clear()
    run.version_of.cache_clear()
    try:
        other = abra(swarm, mode, version)
        other.new_app(app, head(app))
        make_secrets(other, app, head(app))
        running, transcript = start(prepare(other, app, head(app)))
        assert running.wait(60) == 0, transcript.lines
    finally:
        run.help_of.cache_clear()
        run.root_of.cache_clear()
        run.version_of.cache_clear()
    assert labels(swarm, app)["chaos-version"] == head(app).short


def test_undeploy_returns_early_and_the_teardown_leaves_nothing(swarm: Swarm, app: App) -> None:
    code, said = deploy(swarm, app, head(app))
    assert code == 0, said
    swarm.wait_running(f"{app.stack}_db")
    abra(swarm).undeploy(app)
    # Asked again, it says that the app is not deployed: as good as removed.
    abra(swarm).undeploy(app)
    with Engine.connect(environ=swarm.environment) as engine:
        ending = tear_down(engine, Claim(app.stack, by_name=True), files=(app.env_file,))
        again = tear_down(engine, Claim(app.stack, by_name=True), files=(app.env_file,))
    assert ending.gone
    assert again.removed == ()
    assert [names(swarm, kind, app) for kind in ("secret", "config", "volume")] == [[], [], []]
    assert not app.env_file.exists()


def test_an_undeploy_that_fails_says_why(swarm: Swarm, app: App) -> None:
    deploy(swarm, app, head(app))
    with pytest.raises(DeployRefused, match="unable to undeploy"):
        abra(swarm, "undeploy-fails").undeploy(app)


def test_a_teardown_goes_on_where_abra_cannot_undeploy(swarm: Swarm, app: App) -> None:
    deploy(swarm, app, head(app))
    broken = abra(swarm, "undeploy-fails")
    with Engine.connect(environ=swarm.environment) as engine:
        claim = Claim(app.stack, by_name=True)
        ending = tear_down(engine, claim, undeploy=lambda: broken.undeploy(app))
    assert ending.gone
    assert any("unable to undeploy" in words for words in ending.troubles)
    assert swarm.left(app.stack, "service") == []


def test_the_image_is_the_one_the_env_names(swarm: Swarm, app: App) -> None:
    abra(swarm).new_app(app, head(app))
    values = abra(swarm).plan(app, head(app)).values
    assert values["IMAGE"] == BUSYBOX
    assert values["CONF_VERSION"] == "v3"
    assert values["STACK_NAME"] == app.stack
