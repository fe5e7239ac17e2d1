"""What a user's overlay names may lie beside it; what a recipe names lies within the recipe."""

from pathlib import Path

import pytest
from support.recipes.repositories import commit, make_repository

from ccci.actions import dry_run
from ccci.actions.parts import Part
from ccci.deployers import App, Revision, stack
from ccci.deployers.plan import make as make_plan
from ccci.deployers.resolving import Resolved
from ccci.errors import DeployRefused
from ccci.recipe.checkouts import Checkout, resolve
from ccci.report.model import Report
from ccci.steps.workspace import Choices

pytestmark = pytest.mark.slow

RECIPE = "services: {app: {image: 'a:1'}}\n"
OVERLAY = """\
# this place has its own settings
services:
  app:
    env_file: [place.env, theirs.env]
    configs: [conf]
    secrets: [key]
configs: {conf: {file: ./place.conf}}
secrets: {key: {file: sub/key}}
"""
BESIDE = {"place.env": "PLACE=here\n", "place.conf": "of the place\n", "sub/key": "k\n"}


def overlay(folder: Path, text: str = OVERLAY, **files: str) -> Path:
    for name, content in {"over.yml": text, **BESIDE, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder / "over.yml"


def plan(folder: Path, given: Path, **files: str) -> Report:
    recipe = make_repository(folder / "recipe" / "shop")
    commit(recipe, {"compose.yml": RECIPE, "theirs.env": "THEIRS=1\n", **files})

    def main(clone: Checkout, _app: App) -> list[Part]:
        return [Part("deploy", resolve(clone, "main"), None)]

    return dry_run.planned("deploy", str(recipe), Choices(overlay=given), main)


def test_files_beside_the_overlay_are_taken_and_those_of_the_recipe_too(tmp_path: Path) -> None:
    report = plan(tmp_path, overlay(tmp_path / "place"))
    (part,) = report.dry_run or ()
    assert list(part.configs.values()) == ["place.conf"]
    assert "PLACE" in part.compose
    assert "THEIRS" in part.compose


def test_what_lies_in_both_is_taken_from_beside_the_overlay(tmp_path: Path) -> None:
    app = App("shop", "shop.test", "shop_test", tmp_path / "abra")
    app.checkout.mkdir(parents=True)
    for name, text in {
        "compose.yml": RECIPE,
        "place.conf": "of the recipe\n",
        "theirs.env": "",
    }.items():
        (app.checkout / name).write_text(text)
    given = overlay(tmp_path / "place")
    copied = tmp_path / "run.yml"
    copied.write_text(given.read_text())
    revision = Revision("a" * 40, overlay=copied, beside=given.parent)
    stack.new_env(app, revision)
    resolved: Resolved = make_plan(app, revision, None).resolved
    assert list(resolved.configs.values()) == [b"of the place\n"]
    assert list(resolved.secrets.values()) == [b"k\n"]
    assert resolved.borrowed == {copied}
    # The recipe's own files never reach there, whatever they are called.
    (app.checkout / "compose.yml").write_text(RECIPE + "configs: {conf: {file: ./place.conf}}\n")
    alone = Revision("a" * 40)
    assert list(make_plan(app, alone, None).resolved.configs.values()) == [b"of the recipe\n"]


OUTSIDE = {
    "of the recipe, by a path": (
        {"compose.yml": RECIPE + "configs: {c: {file: PLACE/place.conf}}\n"},
        OVERLAY,
        {},
    ),
    "of the recipe, an env file by a path": (
        {"compose.yml": "services: {app: {image: 'a:1', env_file: PLACE/place.env}}\n"},
        OVERLAY,
        {},
    ),
    "of the overlay, by a path upwards": (
        {},
        OVERLAY.replace("./place.conf", "../elsewhere"),
        {"../elsewhere": "x"},
    ),
    "of the overlay, by an absolute path": (
        {},
        OVERLAY.replace("./place.conf", "/etc/hostname"),
        {},
    ),
    "of the overlay, an env file upwards": (
        {},
        OVERLAY.replace("place.env", "../elsewhere"),
        {"../elsewhere": "X=1"},
    ),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_nothing_else_of_this_machine_is_read(tmp_path: Path, what: str) -> None:
    files, text, more = OUTSIDE[what]
    given = overlay(tmp_path / "place", text, **more)
    files = {name: text.replace("PLACE", str(given.parent)) for name, text in files.items()}
    with pytest.raises(DeployRefused, match="leads out of the"):
        plan(tmp_path, given, **files)


def test_a_link_beside_the_overlay_leads_nowhere_else(tmp_path: Path) -> None:
    given = overlay(tmp_path / "place")
    (given.parent / "place.conf").unlink()
    (given.parent / "place.conf").symlink_to("/etc/hostname")
    with pytest.raises(DeployRefused, match="leads out of the"):
        plan(tmp_path, given)


def test_a_file_that_is_nowhere_is_asked_for_beside_the_overlay(tmp_path: Path) -> None:
    given = overlay(tmp_path / "place", OVERLAY.replace("./place.conf", "./none"))
    with pytest.raises(DeployRefused, match="there is no file") as refused:
        plan(tmp_path, given)
    assert refused.value.hint == f"add it beside the overlay, in {given.parent}"
