from pathlib import Path

import pytest

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
