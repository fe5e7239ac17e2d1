from dataclasses import replace
from pathlib import Path

import pytest

from ccci.errors import CheckoutFailed, UsageError
from ccci.host.process import run
from ccci.recipe import checkouts
from ccci.steps import workspace


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user's own folder of abra."""
    folder = tmp_path / "user"
    (folder / "recipes" / "shop").mkdir(parents=True)
    monkeypatch.setenv("ABRA_DIR", str(folder))
    return folder


def test_runs_share_the_users_servers_and_no_recipe(users: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        workspace._lay_out(tmp_path / name, "default", ("servers", "catalogue"))
        assert (tmp_path / name / "servers").resolve() == users / "servers"
        assert (tmp_path / name / "catalogue").resolve() == users / "catalogue"
        recipes = tmp_path / name / "recipes"
        assert recipes.resolve() == recipes
        assert list(recipes.iterdir()) == []


@pytest.mark.usefixtures("users")
def test_without_abra_nothing_of_the_users_is_shared(tmp_path: Path) -> None:
    workspace._lay_out(tmp_path / "run", "default", ())
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"recipes", "servers"}
    assert not any(path.is_symlink() for path in (tmp_path / "run").rglob("*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        "https://forge.test/x.git?private_token=t0ken12345",
        "user:t0ken12345@forge.test:x.git",
        "ext::sh -c true t0ken12345",
        "--upload-pack=t0ken12345",
    ],
)
@pytest.mark.parametrize("place", ["source", "upstream"])
def test_an_address_that_git_would_show_with_its_secret_is_refused_wherever_it_is_given(
    address: str, place: str, tmp_path: Path
) -> None:
    choices = workspace.Choices()
    given = replace(choices, source=address) if place == "source" else None
    with pytest.raises((UsageError, CheckoutFailed)) as refused:
        workspace.find_recipe("shop", given or replace(choices, upstream=address))
    assert "private_token=t0ken12345" not in refused.value.message
    if place == "upstream":
        with pytest.raises((UsageError, CheckoutFailed), match=r"^(?!git fetch)"):
            checkouts.clone(str(repository(tmp_path)), tmp_path / "a", tmp_path / "j", address)


def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    run(("git", "init", "--quiet", "--bare", str(folder)))
    return folder
