from pathlib import Path

import pytest
from support.recipes.repositories import git, make_repository

from ccci.errors import CheckoutFailed, UsageError
from ccci.recipe.source import Source, locate, sought


@pytest.mark.slow
def test_a_name_is_sought_in_abra_dir_then_at_home_then_on_the_forge(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home"), "ABRA_DIR": str(tmp_path / "abra")}
    forge = locate("discourse", environ=environ)
    assert forge.location == "https://git.coopcloud.tech/coop-cloud/discourse.git"
    at_home = make_repository(tmp_path / "home" / ".abra" / "recipes" / "discourse")
    assert locate("discourse", environ=environ) == Source("discourse", str(at_home))
    in_abra_dir = make_repository(tmp_path / "abra" / "recipes" / "discourse")
    assert locate("discourse", environ=environ) == Source("discourse", str(in_abra_dir))


@pytest.mark.slow
def test_a_path_names_the_recipe_after_its_folder(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "discourse")
    assert locate(str(folder)) == Source("discourse", str(folder))


@pytest.mark.slow
def test_a_folder_with_no_recipes_name_takes_its_origins(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "PR.17 checkout")
    with pytest.raises(UsageError, match="gives no name"):
        locate(str(folder))
    git(folder, "remote", "add", "origin", "git@forge.example:coop-cloud/discourse.git")
    assert locate(str(folder)).recipe == "discourse"


@pytest.mark.slow
def test_the_dot_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_repository(tmp_path / "ghost"))
    assert locate(".") == Source("ghost", str(tmp_path / "ghost"))


@pytest.mark.slow
def test_a_source_keeps_the_name_that_was_given(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "Some Fork")
    assert locate("ghost", str(folder)) == Source("ghost", str(folder))


@pytest.mark.parametrize(
    "location",
    [
        "https://forge.example/coop-cloud/ghost.git",
        "ssh://git@forge.example:2222/coop-cloud/ghost",
        "git@forge.example:coop-cloud/ghost.git",
    ],
)
def test_a_url_is_a_source_of_its_own(location: str) -> None:
    assert locate(location) == Source("ghost", location)


@pytest.mark.parametrize("recipe", ["Ghost", "ghost.io", "", "-ghost", "ghost blog", ".."])
def test_a_name_that_is_none_is_refused(recipe: str) -> None:
    with pytest.raises(UsageError, match="no name of a recipe"):
        locate(recipe)


@pytest.mark.parametrize(
    "source", ["ext::sh -c id%/", "gopher://forge/ghost", "-u/ghost", "fd::17/ghost"]
)
def test_addresses_that_could_run_something_are_refused(source: str) -> None:
    with pytest.raises(UsageError):
        locate("ghost", source)


def test_a_path_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckoutFailed, match="no git repository"):
        locate(f"{tmp_path}/")
    with pytest.raises(CheckoutFailed, match="is no folder"):
        locate(f"{tmp_path}/nowhere")


def test_a_recipe_that_the_forge_does_not_give_says_where_it_was_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    forge = locate("discourse", environ={"HOME": str(tmp_path)})

    def failing(where: Source) -> str:
        with pytest.raises(CheckoutFailed) as refused, sought(where):
            raise CheckoutFailed("it cannot be reached", "see the network")
        return refused.value.hint

    said = failing(forge)
    assert said.startswith("it was sought in $ABRA_DIR/recipes and ~/.abra/recipes, then on the")
    assert said.endswith("; see the network")
    (tmp_path / "discourse").mkdir()
    assert failing(forge).startswith("./discourse is here: name it with the ./")
    assert failing(Source("discourse", "https://git.example.com/x.git")) == "see the network"
