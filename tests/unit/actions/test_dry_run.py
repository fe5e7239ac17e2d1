"""Real recipes read, merged and prepared up to the deploy; needs git and the docker CLI alone."""

import os
import re
import shutil
from pathlib import Path

import pytest
from support.recipes.repositories import commit, git, make_repository

from ccci.actions import dry_run as dryrun
from ccci.actions.parts import Part
from ccci.deployers import App
from ccci.errors import CcciError, DeployRefused
from ccci.recipe.checkouts import Checkout, resolve
from ccci.report.model import Report
from ccci.steps.workspace import Choices

pytestmark = pytest.mark.slow

CORPUS = Path(os.environ.get("CCCI_TEST_CORPUS") or "/nowhere") / "recipes"
UNREADABLE = {"traefik@2c81622": "compose.yml line 24: yaml: line 24: could not find expected"}
WITHOUT_APP = {"wordpress@6bf1a10": "wordpress"}
RECIPES = sorted(path.name for path in CORPUS.glob("*")) if CORPUS.is_dir() else []

COMPOSE = """\
version: "3.8"
services:
  app:
    image: nginx:${TAG:-1}
    secrets: [token]
    environment: {API_KEY: "${API_KEY}"}
    deploy: {labels: ["coop-cloud.${STACK_NAME}.version=1.0.0+1"]}
secrets:
  token: {external: true, name: "${STACK_NAME}_token_${SECRET_TOKEN_VERSION}"}
"""
SAMPLE = "TYPE=web\nDOMAIN=web.example.com\nSECRET_TOKEN_VERSION=v1 # length=8\nAPI_KEY=abcdef123\n"


def main(clone: Checkout, _app: App) -> list[Part]:
    return [Part("deploy", resolve(clone, "main"), None)]


def plan(folder: Path, choices: Choices | None = None) -> Report:
    return dryrun.planned("deploy", str(folder), choices or Choices(), main)


def make(tmp_path: Path, name: str = "web", **changed: str) -> Path:
    folder = make_repository(tmp_path / name)
    files = {"compose.yml": COMPOSE, ".env.sample": SAMPLE, **changed}
    commit(folder, {each: text for each, text in files.items() if text})
    return folder


def test_a_dry_run_tells_what_would_be_deployed(tmp_path: Path) -> None:
    folder = make(tmp_path)
    report = plan(folder, Choices(domain="web.test", env={"TAG": "1.27"}))
    (part,) = report.dry_run or ()
    assert report.stack == "web_test"
    assert part.images == {"app": "nginx:1.27"}
    assert part.secrets == {"web_test_token_v1": "generated: 8 characters, charset default"}
    assert part.labels == {
        "coop-cloud.web_test.version": "1.0.0+1",
        "coop-cloud.web_test.recipe": "web",
        "coop-cloud.web_test.chaos": "true",
        "coop-cloud.web_test.chaos-version": git(folder, "rev-parse", "HEAD")[:8],
    }
    told = "\n".join(dryrun.tell(report))
    assert "image     app: nginx:1.27" in told
    assert "abcdef123" not in told + str(report)


def test_the_real_recipes_are_prepared(tmp_path: Path) -> None:
    for name in RECIPES:
        prepare(name, tmp_path / name)


def prepare(name: str, tmp_path: Path) -> None:
    tmp_path.mkdir()
    folder = tmp_path / name.partition("@")[0]
    shutil.copytree(CORPUS / name, folder)
    exported = folder / "abra-exports.env"
    lines = exported.read_text().splitlines() if exported.is_file() else []
    (folder / "abra.sh").write_text("".join(f"export {line}\n" for line in lines if "=" in line))
    # The corpus holds no more of a recipe than what says how it is deployed.
    for text in [path.read_text() for path in folder.glob("compose*.yml")]:
        for file in re.findall(r"^\s+file: (\S+)$", text, re.MULTILINE):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text("of the recipe")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, {})
    versions = {"SECRET_DB_ROOT_PASSWORD_VERSION": "v1", "SECRET_DB_PASSWORD_VERSION": "v1"}
    versions |= {"DB_PASSWORD_VERSION": "v1", "DB_ROOT_PASSWORD_VERSION": "v1"}
    for path in folder.glob("compose*.yml"):  # what its abra.sh exports
        names = re.findall(r"\$\{(?!SECRET_)(\w+_VERSION)\}", path.read_text())
        versions |= dict.fromkeys(names, "v1")
    choices = Choices(env=versions, app_service=WITHOUT_APP.get(name))
    if name in UNREADABLE:
        with pytest.raises(DeployRefused, match=re.escape(UNREADABLE[name])):
            plan(folder, choices)
        return
    report = plan(folder, choices)
    (part,) = report.dry_run or ()
    assert part.images
    assert all(name.startswith(f"{report.stack}_") for name in part.secrets)
    assert f"coop-cloud.{report.stack}.chaos-version" in part.labels
    assert "services:" in part.compose


def test_the_corpus_is_where_it_is_said_to_be() -> None:
    assert RECIPES or not os.environ.get("CCCI_TEST_CORPUS")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"compose.yml": "services: [a"}, "compose.yml line 1"),
        ({"compose.yml": "version: '3.8'\n"}, "there is no service"),
        ({"compose.yml": "#" * 1_048_577}, "compose.yml has more than 1048576 bytes"),
        ({".env.sample": "A='open\n"}, ".env.sample line 1: the quote"),
        ({".env.sample": "what is this\n"}, ".env.sample line 1 is no assignment"),
        ({".env.sample": "COMPOSE_FILE=compose.nope.yml\n"}, "COMPOSE_FILE names compose.nope.yml"),
        ({".env.sample": "COMPOSE_FILE=../../etc/passwd\n"}, "leads out of the recipe"),
        ({".env.sample": "TYPE=web\n"}, "the secret token has no version"),
        ({".env.sample": "SECRET_TOKEN_VERSION=" + "v" * 64}, "Swarm allows 64"),
        ({".env.sample": "SECRET_TOKEN_VERSION=v1 # length=many\n"}, "length=many is no length"),
        ({"abra.sh": "#" * 262_145}, "abra.sh has more than 262144 bytes"),
    ],
)
def test_bad_recipes_are_refused_by_name(
    changed: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(DeployRefused, match=re.escape(complaint)):
        plan(make(tmp_path, **changed))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('POST_DEPLOY_CMDS="app set_up|app index"', "POST_DEPLOY_CMDS is set: these commands"),
        ("POST_UPGRADE_CMDS='db migrate'", "POST_UPGRADE_CMDS is set: these commands"),
        ("POST_DEPLOY_CMDS=a\nPOST_UPGRADE_CMDS=b", "POST_DEPLOY_CMDS, POST_UPGRADE_CMDS are set"),
        ("POST_DEPLOY_CMDS=", ""),
        ("#POST_DEPLOY_CMDS=a", ""),
    ],
)
def test_commands_that_are_not_run_are_named(tmp_path: Path, line: str, told: str) -> None:
    notes = " ".join(plan(make(tmp_path, **{".env.sample": f"{SAMPLE}{line}\n"})).notes)
    assert told in notes
    assert ("were not run" in notes) is bool(told)


@pytest.mark.parametrize(("kind", "largest"), [("config", 1000 * 1024), ("secret", 500 * 1024)])
def test_content_that_swarm_refuses_is_refused_before_anything_is_deployed(
    tmp_path: Path, kind: str, largest: int
) -> None:
    compose = f"{COMPOSE}  other: {{file: kept.txt}}\n" if kind == "secret" else COMPOSE
    if kind == "config":
        compose += "configs: {other: {file: kept.txt}}\n"
    folder = make(tmp_path, **{"compose.yml": compose})
    for size, complaint in (
        (0, "_other is made from kept.txt, which is empty"),
        (largest, f"has {largest} bytes: Swarm takes fewer than {largest}"),
    ):
        commit(folder, {"kept.txt": "x" * size})
        with pytest.raises(DeployRefused, match=f"the {kind} .*{complaint}"):
            plan(folder)
    commit(folder, {"kept.txt": "x" * (largest - 1)})
    assert plan(folder).dry_run


DURATIONS = {
    "healthcheck": "healthcheck: {test: 'true', start_period: '${P:-10s}'}",
    "update": "deploy: {update_config: {delay: $P}}",
    "rollback": "deploy: {rollback_config: {monitor: '${P:-5s}'}}",
    "restart": "deploy: {restart_policy: {window: '${P:-5s}'}}",
    "grace": "stop_grace_period: ${P:-1s}",
}


@pytest.mark.parametrize("where", DURATIONS)
def test_a_variable_in_a_duration_is_refused_as_abra_does(where: str, tmp_path: Path) -> None:
    compose = f"services:\n  app:\n    image: x\n    {DURATIONS[where]}\n"
    folder = make(tmp_path, **{"compose.yml": compose, ".env.sample": "TYPE=web\nP=7s\n"})
    with pytest.raises(DeployRefused, match=r"abra refuses a variable in a duration: compose\.yml"):
        plan(folder)


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ("deploy: {replicas: '${N:-1}'}", "deploy.replicas"),
        ("healthcheck: {test: 'true', retries: $N}", "healthcheck.retries"),
        ("deploy: {update_config: {parallelism: $N}}", "deploy.update_config.parallelism"),
        ("ports: [{target: 80, published: $N}]", "ports.0.published"),
        ("read_only: ${YES:-true}", "read_only"),
        ("deploy: {replicas: 1}", ""),
        ("ports: ['${N}:80']", ""),
        ("environment: {A: $N}", ""),
    ],
)
def test_a_variable_that_stands_for_no_text_is_noted(tmp_path: Path, keys: str, where: str) -> None:
    compose = f"services:\n  app:\n    image: x\n    {keys}\n"
    folder = make(tmp_path, **{"compose.yml": compose, ".env.sample": "TYPE=web\nN=1\n"})
    notes = " ".join(plan(folder).notes)
    told = f"schema wants no text: compose.yml line 4: services.app.{where}"
    assert (told in notes) == bool(where)
    assert ("abra is likely" in notes) == bool(where)


def test_what_is_no_recipe_of_abras_is_told_so_and_deployed(tmp_path: Path) -> None:
    compose = f"services:\n  app:\n    image: x\n    {DURATIONS['grace']}\n"
    folder = make(tmp_path, **{"compose.yml": compose, ".env.sample": ""})
    notes = " ".join(plan(folder).notes)
    assert "there is no .env.sample: abra could not make an app" in notes
    assert "abra would refuse a variable in a duration" in notes
    escaped = "services: {app: {image: x, stop_grace_period: 5s, command: 'sleep ${P:-5s}'}}\n"
    other = make(tmp_path, "other", **{"compose.yml": escaped})
    assert "duration" not in " ".join(plan(other).notes)


@pytest.mark.parametrize("name", ["compose.yml", ".env.sample", "abra.sh"])
def test_a_link_out_of_the_recipes_folder_is_never_read(name: str, tmp_path: Path) -> None:
    folder = make(tmp_path, **{name: ""})
    outside = tmp_path / "outside"
    outside.write_text(COMPOSE)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(outside)
    commit(folder, {})
    with pytest.raises(DeployRefused, match="leads out of the recipe's folder"):
        plan(folder)


def test_a_variable_of_ours_never_ends_up_in_a_strangers_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRONE_TOKEN", "very-private-token")
    leaking = COMPOSE.replace("${API_KEY}", "${DRONE_TOKEN}")
    (part,) = plan(make(tmp_path, **{"compose.yml": leaking})).dry_run or ()
    assert "very-private-token" not in str(part)


def test_nothing_of_a_dry_run_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    plan(make(tmp_path))
    with pytest.raises(CcciError):
        plan(tmp_path / "nowhere")
    assert list(scratch.iterdir()) == []


REACHING = COMPOSE.replace("    secrets: [token]\n", "    volumes: ['/srv/data:/data']\n")


def test_a_dry_run_tells_what_is_reached_beyond_the_stack(tmp_path: Path) -> None:
    folder = make(tmp_path, **{"compose.yml": REACHING})
    told = "the deploy reaches beyond its own stack: /srv/data"
    assert told in plan(folder).notes
    with pytest.raises(DeployRefused, match=r"beyond its own stack: /srv/data"):
        plan(folder, Choices(refuse_host_paths=True))
    allowed = Choices(refuse_host_paths=True, allow_host_paths=("/srv",))
    assert told in plan(folder, allowed).notes


def test_a_dry_run_names_for_the_head_what_the_base_does_not_reach(tmp_path: Path) -> None:
    folder = make(tmp_path, **{"compose.yml": REACHING})
    base = git(folder, "rev-parse", "HEAD")
    more = REACHING.replace("'/srv/data:/data'", "'/srv/data:/data', '/etc:/e'")
    head = commit(folder, {"compose.yml": more})
    parts = [Part("base", base, None), Part("head", head, None)]
    report = dryrun.planned("upgrade", str(folder), Choices(), lambda *_: parts)
    assert "the head reaches beyond its own stack: /etc" in report.notes


def test_a_dry_run_refuses_what_would_pass_for_cccis_or_reach_its_files(tmp_path: Path) -> None:
    forged = COMPOSE + "  lock: {external: true, name: ccci-lock-victim}\n"
    with pytest.raises(DeployRefused, match="as a lock of ccci is"):
        plan(make(tmp_path, "forged", **{"compose.yml": forged}))
    out = REACHING.replace("/srv/data:", "./../..:")
    with pytest.raises(DeployRefused, match="leads out of the recipe's folder"):
        plan(make(tmp_path, "out", **{"compose.yml": out}))
