"""What a person or a recipe hands over, on a real Swarm: secrets, variables, files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recipes.upgrades import EACH, FINE, SAMPLE, Ccci, files, make_recipe

pytestmark = pytest.mark.timeout(300)

HAND = "TYPE=shop\nDOMAIN=shop.example.com\nSECRET_DB_PASSWORD_VERSION=v1 # generate=false\n"
HANDS = f"hands{os.environ.get('PYTEST_XDIST_WORKER', '')}"
"""All of them are the same app, of which one can be there at a time: each worker has its own."""
DOMAIN = f"{HANDS}.ccci.test"
STACK = f"{HANDS}_ccci_test"
NAME = f"{STACK}_db_password_v1"


def by_hand(command: str = FINE) -> dict[str, str]:
    return {**files(command), ".env.sample": HAND}


@pytest.fixture
def provided(ccci: Ccci) -> Iterator[str]:
    """Put the secret there by hand, and take it away again."""
    ccci.swarm.docker("secret", "create", NAME, "-", stdin="of-a-person")
    yield NAME
    ccci.swarm.docker("secret", "rm", NAME)


def secrets_of(ccci: Ccci) -> list[str]:
    listed = ccci.swarm.docker("secret", "ls", "--format", "{{.Name}}").stdout.split()
    return [name for name in listed if name.startswith(f"{STACK}_")]


@EACH
def test_a_secret_that_a_person_put_there_is_used_named_and_left(
    ccci: Ccci, shop: Path, provided: str
) -> None:
    make_recipe(shop, by_hand(), by_hand())
    ended = ccci("upgrade", str(shop), "--head", "main", "--domain", DOMAIN)
    assert ended.code == 0, ended.said
    assert any("somebody provided" in note and NAME in note for note in ended.report["notes"])
    assert any("so they stay" in note and NAME in note for note in ended.report["notes"])
    assert secrets_of(ccci) == [provided]


def test_deploy_and_teardown_agree_about_whose_it_is(ccci: Ccci, shop: Path, provided: str) -> None:
    make_recipe(shop, by_hand(), by_hand())
    assert ccci("deploy", str(shop), "--domain", DOMAIN).code == 0
    removed = ccci("teardown", DOMAIN)
    assert removed.code == 0
    assert any(NAME in note for note in removed.report["notes"])
    assert secrets_of(ccci) == [provided]


@EACH
def test_a_secret_can_be_handed_to_a_run_and_goes_with_it(
    ccci: Ccci, shop: Path, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("handed-to-the-run-1234\n")
    make_recipe(shop, by_hand("cat /run/secrets/db_password; " + FINE), by_hand())
    words = ("upgrade", str(shop), "--head", "main", "--domain", DOMAIN)
    assert ccci(*words).code == 17
    ended = ccci(*words, "--secret", f"db_password={file}")
    assert ended.code == 0, ended.said
    assert secrets_of(ccci) == []
    assert "handed-to-the-run" not in json.dumps(ended.report) + ended.said


def test_a_new_secret_of_the_heads_sample_is_made_as_it_says(ccci: Ccci, shop: Path) -> None:
    head = files("test $$(wc -c < /run/secrets/extra) = 10 || exit 9; " + FINE)
    head["compose.yml"] = (
        head["compose.yml"]
        .replace("secrets: [db_password]", "secrets: [db_password, extra]")
        .replace(
            "secrets:\n  db_password:",
            "secrets:\n  extra: {external: true, name: '${STACK_NAME}_extra_"
            "${SECRET_EXTRA_VERSION}'}\n  db_password:",
        )
    )
    head[".env.sample"] = SAMPLE + "SECRET_EXTRA_VERSION=v1 # length=10\n"
    make_recipe(shop, head)
    words = ("upgrade", str(shop), "--head", "main", "--domain", DOMAIN)
    refused = ccci(*words)
    assert refused.code == 4
    assert any("--upgrade-env-from-sample" in note for note in refused.report["notes"])
    for more in (("--upgrade-env", "SECRET_EXTRA_VERSION=v1"), ("--upgrade-env-from-sample",)):
        ended = ccci(*words, *more)
        assert ended.code == 0, (more, ended.said)
        assert any("as its .env.sample has them" in note for note in ended.report["notes"])


def test_a_head_that_changes_its_readme_alone_is_rolled_out_all_the_same(
    ccci: Ccci, shop: Path
) -> None:
    make_recipe(shop, {**files(), "README.md": "new words"}, files())
    ended = ccci("upgrade", str(shop), "--head", "main", "--domain", DOMAIN)
    assert (ended.code, ended.service("app")["verdict"]) == (0, "converged"), ended.said
    assert ended.service("db")["verdict"] == "unchanged"


@pytest.mark.parametrize("path", ["/usr/local/bin", "/usr/bin"], ids=["newest", "oldest"])
def test_what_reaches_the_service_is_the_apps_and_nothing_of_ours(
    path: str, ccci: Ccci, shop: Path
) -> None:
    names = ("HOME", "DOCKER_SETUP_SH_VERSION", "NODE_OPTIONS", "GIT_REPO_URL", "KEY", "PRICE")
    asked = "; ".join(f'echo "{name}=${name}"' for name in (*names, "EMPTY", "SSH_AUTH_SOCK"))
    made = files(f"{asked}; {FINE}")
    made["compose.yml"] = made["compose.yml"].replace(
        "    stop_grace_period: 1s\n    secrets",
        "    environment: [HOME, 'EMPTY=', 'SSH_AUTH_SOCK=', 'D=${DOCKER_PASSWORD:-none}']\n"
        "    env_file: app.env\n    stop_grace_period: 1s\n    secrets",
        1,
    )
    made["compose.yml"] = made["compose.yml"].replace("$", "$$").replace("$${", "${")
    made["app.env"] = "PRICE=5$ ${HOME} $$\nDOCKER_AUTH_CONFIG\n"
    made[".env.sample"] = SAMPLE + "".join(f"{name}=apps-{name}\n" for name in names[:-1])
    make_recipe(shop, made, made)
    env = {
        "PATH": f"{path}:{os.environ['PATH']}",
        "DOCKER_PASSWORD": "ours-1",
        "DOCKER_AUTH_CONFIG": "ours-2",
        "SSH_AUTH_SOCK": "ours-3",
    }
    ended = ccci("deploy", str(shop), "--domain", DOMAIN, env=env)
    try:
        assert ended.code == 0, ended.said
        inspected = ccci.swarm.docker("service", "inspect", f"{STACK}_app").stdout
        spec = json.loads(inspected)[0]["Spec"]["TaskTemplate"]["ContainerSpec"]
        given = dict(word.partition("=")[::2] for word in spec["Env"])
        assert given["PRICE"] == "5$ ${HOME} $$"
        assert given["D"] == "none"
        assert {given[name] for name in names[:-1]} == {f"apps-{name}" for name in names[:-1]}
        assert "ours-" not in inspected
        assert "ours-" not in ccci.swarm.docker("service", "logs", f"{STACK}_app").stdout
    finally:
        assert ccci("teardown", DOMAIN).code == 0


@EACH
def test_a_recipe_never_sends_the_deploy_to_another_stack(ccci: Ccci, shop: Path) -> None:
    elsewhere = {**files(), ".env.sample": SAMPLE + "STACK_NAME=victim-of-shop\n"}
    make_recipe(shop, elsewhere, elsewhere)
    ended = ccci("upgrade", str(shop), "--head", "main", "--domain", DOMAIN)
    assert ended.code == 0, ended.said
    assert ended.report["stack"] == STACK
    assert ccci.swarm.left("victim-of-shop", "service") == []
    assert ccci.left(STACK) == []


@EACH
@pytest.mark.parametrize("key", ["STACK_NAME", "DOMAIN"])
def test_nor_does_its_script(ccci: Ccci, shop: Path, key: str) -> None:
    made = files()
    made["abra.sh"] += f"export {key}=victim-of-shop\n"
    make_recipe(shop, made, made)
    ended = ccci("deploy", str(shop), "--head", "main", "--domain", DOMAIN, "--teardown")
    assert ended.code == (4 if ccci.deployer == "abra" else 0), ended.said
    assert "victim-of-shop" in json.dumps(ended.report)
    assert ccci.swarm.left("victim-of-shop", "service") == []


def test_what_a_person_put_there_goes_when_its_name_is_repeated(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, by_hand(), by_hand())
    ccci.swarm.docker("secret", "create", NAME, "-", stdin="of-a-person")
    assert ccci("deploy", str(shop), "--domain", DOMAIN).code == 0
    assert ccci("teardown", DOMAIN, "--force", STACK).code == 0
    assert secrets_of(ccci) == []
