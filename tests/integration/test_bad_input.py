"""What people and recipes get wrong: a clear error with its own code, and nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.recipes.repositories import commit, git, make_repository
from support.recipes.upgrades import BASE, EACH, SAMPLE, Ccci, files

from ccci.exits import Verdict

pytestmark = [pytest.mark.timeout(120), EACH]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Give the repository of a recipe with one release."""
    folder = make_repository(tmp_path / "shop")
    commit(folder, files(version=BASE), "release", tag=BASE)
    return folder


def refused(ccci: Ccci, code: int, said: str, *words: str) -> None:
    ended = ccci(*words)
    report = ended.report
    assert (ended.code, report["exit_code"]) == (code, code), report["summary"]
    assert Verdict(report["verdict"]).exit_code == code
    assert said in report["summary"]
    assert report["hint"]
    assert ccci.left(report["stack"]) == []


@pytest.mark.parametrize("command", ["upgrade", "deploy"])
@pytest.mark.parametrize(
    ("recipe", "words", "code", "said"),
    [
        ("Discourse", (), 2, "'Discourse' is no name of a recipe"),
        ("discourse.next", (), 2, "'discourse.next' is no name of a recipe"),
        ("./nowhere", (), 3, "./nowhere is no folder"),
        ("/", (), 3, "/ is no git repository"),
        ("SHOP", ("--domain=-x.example.com",), 2, "'-x.example.com' is no domain"),
        ("SHOP", ("--domain", "a..b"), 2, "'a..b' is no domain"),
        ("SHOP", ("--head=--upload-pack=x",), 2, "--upload-pack=x"),
        ("SHOP", ("--head", "main:compose.yml"), 2, "main:compose.yml"),
        ("SHOP", ("--head", "deadbeef"), 3, "deadbeef"),
    ],
)
def test_what_a_person_gets_wrong(
    command: str,
    recipe: str,
    words: tuple[str, ...],
    code: int,
    said: str,
    ccci: Ccci,
    shop: Path,
) -> None:
    where = str(shop) if recipe == "SHOP" else recipe
    head = () if "head" in "".join(words) else ("--head", "main")
    refused(ccci, code, said, command, where, *head, *words)


def long_secret(recipe: dict[str, str]) -> None:
    name = "a_secret_whose_name_is_longer_than_swarm_can_have_it"
    recipe["compose.yml"] = recipe["compose.yml"].replace("db_password", name)
    recipe[".env.sample"] = SAMPLE.replace("DB_PASSWORD", name.upper())
    recipe["compose.yml"] = recipe["compose.yml"].replace(
        "SECRET_DB_PASSWORD", f"SECRET_{name.upper()}"
    )


def no_service(recipe: dict[str, str]) -> None:
    recipe["compose.yml"] = 'version: "3.8"\n'


def invalid_yaml(recipe: dict[str, str]) -> None:
    recipe["compose.yml"] = "services: {app: [}\n"


def huge(recipe: dict[str, str]) -> None:
    recipe["compose.yml"] += "# " + "x" * 5_000_000


def file_outside(recipe: dict[str, str]) -> None:
    recipe["compose.yml"] = recipe["compose.yml"].replace(
        "file: entry.sh", "file: ../../../etc/passwd"
    )


def open_quote(recipe: dict[str, str]) -> None:
    recipe[".env.sample"] = SAMPLE + 'TITLE="never closed\n'


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (long_secret, "64"),
        (no_service, "there is no service in compose.yml"),
        (invalid_yaml, "compose.yml line 1"),
        (huge, "compose.yml has more than"),
        (file_outside, "leads out of the recipe's folder"),
        (open_quote, ".env"),
    ],
)
def test_what_a_recipe_gets_wrong(
    spoil: Callable[[dict[str, str]], None], said: str, ccci: Ccci, shop: Path
) -> None:
    recipe = files()
    spoil(recipe)
    commit(shop, recipe)
    refused(ccci, 4, said, "deploy", str(shop), "--head", "main")


def test_a_link_out_of_the_recipe_is_not_followed(ccci: Ccci, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("echo a secret of this machine")
    (shop / "entry.sh").unlink()
    (shop / "entry.sh").symlink_to(tmp_path / "private")
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "-m", f"a link in {shop}")
    refused(ccci, 4, "leads out of the recipe's folder", "deploy", str(shop), "--head", "main")


def test_a_recipe_without_releases_has_no_base(ccci: Ccci, shop: Path) -> None:
    git(shop, "tag", "-d", BASE)
    refused(ccci, 17, "no release tag", "upgrade", str(shop), "--head", "main")
