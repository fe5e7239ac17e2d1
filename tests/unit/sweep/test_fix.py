"""`--fix`: the smallest overlay, or the recipe itself, and never something else than was meant."""

from pathlib import Path

import pytest

from ccci.sweep.fix import OVERLAY, Change, NotFixable, plan, write
from ccci.sweep.inventory import find
from ccci.sweep.static import Settings, sweep, values_for

SETTINGS = Settings({}, {})
RISKY = """\
version: "3.8"  # kept

services:
  app:
    image:   nginx:1.25.3
    deploy:
      update_config:
        failure_action: rollback
        order: 'start-first'   # the old one serves on
  db:
    image: pg:16.1
"""


def planned(folder: Path, *, inside: bool) -> list[Change]:
    sets = [each for each in find([str(folder)]) if not each.variant]
    values = values_for(sets[0], SETTINGS)
    return plan(sets[0], sweep(find([str(folder)]), SETTINGS), values, inside=inside)


def recipe(tmp_path: Path, content: str) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "compose.yml").write_text(content)
    return folder


def orders(folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in sweep(find([str(folder)]), SETTINGS).services:
        found.setdefault(row.file, {})[row.policy.name] = row.policy.update.order
    return found


def test_the_overlay_names_only_the_services_concerned_and_says_why(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    (change,) = planned(folder, inside=False)
    assert change.path == folder / OVERLAY
    assert "db" not in change.after
    assert "# CCCI001: rollback with start-first" in change.after
    assert 'version: "3.8"' in change.after
    write([change])
    base = f"{folder}/compose.yml"
    assert orders(folder)[f"{base}+{folder}/{OVERLAY}"]["app"] == "stop-first"
    assert planned(folder, inside=False) == []


def test_an_overlay_that_ccci_did_not_write_is_left_alone(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    (folder / OVERLAY).write_text("services: {}\n")
    with pytest.raises(NotFixable):
        planned(folder, inside=False)


def test_in_place_changes_the_word_and_nothing_else(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    (folder / "compose.yml").chmod(0o640)
    (change,) = planned(folder, inside=True)
    write([change])
    text = (folder / "compose.yml").read_text()
    assert text == RISKY.replace("start-first", "stop-first")
    assert (folder / "compose.yml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["compose.yml"]
    assert planned(folder, inside=True) == []


@pytest.mark.parametrize(
    "written",
    [
        "{failure_action: rollback, order: start-first}",
        '{"order": "start-first", failure_action: rollback}',
        "{failure_action: rollback, order: '${ORDER:-start-first}'}",
    ],
)
def test_in_place_finds_the_word_in_every_style(tmp_path: Path, written: str) -> None:
    content = f"services:\n  app:\n    image: x:1.2\n    deploy:\n      update_config: {written}\n"
    folder = recipe(tmp_path, content)
    (change,) = planned(folder, inside=True)
    write([change])
    assert orders(folder)[f"{folder}/compose.yml"]["app"] == "stop-first"


def test_in_place_keeps_the_line_ends_of_windows(tmp_path: Path) -> None:
    folder = recipe(tmp_path, "")
    (folder / "compose.yml").write_bytes(RISKY.replace("\n", "\r\n").encode())
    write(planned(folder, inside=True))
    content = (folder / "compose.yml").read_bytes()
    assert content.count(b"\r\n") == RISKY.count("\n")
    assert b"order: 'stop-first'   #" in content


def test_an_order_that_is_shared_by_an_anchor_is_left_to_the_overlay(tmp_path: Path) -> None:
    content = """\
x-deploy: &deploy {update_config: {failure_action: pause, order: start-first}}
services:
  app: {image: 'x:1.2', volumes: ['data:/data'], deploy: *deploy}
  web: {image: 'x:1.2', deploy: *deploy}
"""
    folder = recipe(tmp_path, content)
    with pytest.raises(NotFixable):
        planned(folder, inside=True)
    (change,) = planned(folder, inside=False)
    assert "app" in change.after
    assert "web" not in change.after


def test_a_recipe_that_stops_first_needs_nothing(tmp_path: Path) -> None:
    assert planned(recipe(tmp_path, RISKY.replace("start-first", "stop-first")), inside=False) == []


def test_the_diff_is_one_that_patch_understands(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    (change,) = planned(folder, inside=True)
    changed = [line for line in change.diff.splitlines() if line[:1] in "+-"]
    assert len(changed) == 4
    assert changed[0] == f"--- {folder}/compose.yml"
