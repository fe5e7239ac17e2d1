"""What is looked up for the shell: recipes where a run would seek them."""

from pathlib import Path

import pytest

from ccci.actions.completion import looked_up
from ccci.commandline.completing import Place
from ccci.commandline.declared import Completes


def test_recipes_are_those_of_both_of_abras_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("own/recipes/shop", "home/.abra/recipes/shop", "home/.abra/recipes/blog"):
        (tmp_path / place / ".git").mkdir(parents=True)
    (tmp_path / "own" / "recipes" / "no-repository").mkdir()
    monkeypatch.setenv("ABRA_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    found = [each.word for each in looked_up(Place("", wanted=Completes.RECIPES))]
    assert found == ["blog", "shop"]
