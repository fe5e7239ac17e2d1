"""Real recipes read, merged and prepared up to the deploy; needs git and the docker CLI alone."""

import os
import re
import shutil
from pathlib import Path

import pytest
from repositories import commit, git, make_repository

from ccci.checkout import Checkout, resolve
from ccci.deployers import App
from ccci.errors import CcciError, DeployRefused
from ccci.report import Report
from ccci.steps import dryrun
from ccci.steps.site import Choices

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


def main(clone: Checkout, _app: App) -> list[dryrun.Part]:
    return [dryrun.Part("deploy", resolve(clone, "main"), None)]


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
    (part,) = report.extra["dry_run"]
    assert report.stack == "web_test"
    assert part["images"] == {"app": "nginx:1.27"}
    assert part["secrets"] == {"web_test_token_v1": "generated: 8 characters, charset default"}
    assert part["labels"] == {
        "coop-cloud.web_test.version": "1.0.0+1",
        "coop-cloud.web_test.recipe": "web",
        "coop-cloud.web_test.chaos": "true",
        "coop-cloud.web_test.chaos-version": git(folder, "rev-parse", "HEAD")[:8],
    }
    told = dryrun.tell(report)
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
            (folder / file).touch()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, {})
    versions = {"SECRET_DB_ROOT_PASSWORD_VERSION": "v1", "SECRET_DB_PASSWORD_VERSION": "v1"}
    versions |= {"DB_PASSWORD_VERSION": "v1", "DB_ROOT_PASSWORD_VERSION": "v1"}
    choices = Choices(env=versions, app_service=WITHOUT_APP.get(name))
    if name in UNREADABLE:
        with pytest.raises(DeployRefused, match=re.escape(UNREADABLE[name])):
            plan(folder, choices)
        return
    report = plan(folder, choices)
    (part,) = report.extra["dry_run"]
    assert part["images"]
    assert all(name.startswith(f"{report.stack}_") for name in part["secrets"])
    assert f"coop-cloud.{report.stack}.chaos-version" in part["labels"]
    assert "services:" in part["compose"]


def test_the_corpus_is_where_it_is_said_to_be() -> None:
    assert RECIPES or not os.environ.get("CCCI_TEST_CORPUS")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"compose.yml": "services: [a"}, "compose.yml line 1"),
        ({"compose.yml": "version: '3.8'\n"}, "there is no service"),
        ({"compose.yml": "#" * 4_000_001}, "more than 4000000 bytes"),
        ({".env.sample": "A='open\n"}, ".env.sample line 1: the quote"),
        ({".env.sample": "what is this\n"}, ".env.sample line 1 is no assignment"),
        ({".env.sample": "COMPOSE_FILE=compose.nope.yml\n"}, "COMPOSE_FILE names compose.nope.yml"),
        ({".env.sample": "COMPOSE_FILE=../../etc/passwd\n"}, "leads out of the recipe"),
        ({".env.sample": "TYPE=web\n"}, "the secret token has no version"),
        ({".env.sample": "SECRET_TOKEN_VERSION=" + "v" * 64}, "Swarm allows 64"),
        ({".env.sample": "SECRET_TOKEN_VERSION=v1 # length=many\n"}, "length=many is no length"),
        ({"abra.sh": "#" * 4_000_001}, "abra.sh has more than"),
    ],
)
def test_bad_recipes_are_refused_by_name(
    changed: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(DeployRefused, match=re.escape(complaint)):
        plan(make(tmp_path, **changed))


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


def test_the_recipe_cannot_choose_which_program_or_engine_is_used(tmp_path: Path) -> None:
    names = ("PATH", "LD_PRELOAD", "DOCKER_HOST", "DOCKER_CONFIG", "PYTHONPATH", "CLOUDSDK_PYTHON")
    evil = SAMPLE + "".join(f"{name}=./evil\n" for name in names)
    report = plan(make(tmp_path, **{".env.sample": evil}))
    for name in names:
        assert f"{name} of the recipe is not passed to the docker CLI" in report.notes


def test_a_variable_of_ours_never_ends_up_in_a_strangers_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRONE_TOKEN", "very-private-token")
    leaking = COMPOSE.replace("${API_KEY}", "${DRONE_TOKEN}")
    (part,) = plan(make(tmp_path, **{"compose.yml": leaking})).extra["dry_run"]
    assert "very-private-token" not in str(part)


def test_nothing_of_a_dry_run_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    plan(make(tmp_path))
    with pytest.raises(CcciError):
        plan(tmp_path / "nowhere")
    assert list(scratch.iterdir()) == []
