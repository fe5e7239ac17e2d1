"""`--fix`: the smallest overlay, or the recipe itself, and never something else than was meant."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ccci.names import OVERLAY
from ccci.sweep.fix import Change, NotFixable, _verify, plan, write
from ccci.sweep.inventory import find
from ccci.sweep.static import Settings, sweep, values_for

SETTINGS = Settings({}, {})
MARK = "# Written by `ccci sweep rollback-policy --fix`"
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


@pytest.mark.parametrize("target", ["../outside", "../there", "compose.yml", OVERLAY])
def test_nothing_is_written_through_a_link(tmp_path: Path, target: str) -> None:
    folder = recipe(tmp_path, RISKY)
    (tmp_path / "there").write_text(f"{MARK}\n")
    (folder / OVERLAY).symlink_to(target)
    with pytest.raises(NotFixable, match="is a link to"):
        planned(folder, inside=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop", "there"]


def test_nothing_is_written_through_a_link_that_comes_later(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    changes = planned(folder, inside=False)
    (folder / OVERLAY).symlink_to("../outside")
    (folder / f".{OVERLAY}.ccci").symlink_to("../outside")
    write(changes)
    assert not (tmp_path / "outside").exists()


def test_in_place_changes_the_word_and_nothing_else(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    (folder / "compose.yml").chmod(0o640)
    (change,) = planned(folder, inside=True)
    before = os.umask(0o077)
    try:
        write([change])
    finally:
        os.umask(before)
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


@pytest.mark.parametrize("order", [">-\n          start-first", "|-\n          start-first"])
def test_a_word_in_a_block_is_left_to_the_overlay(tmp_path: Path, order: str) -> None:
    folder = recipe(tmp_path, RISKY.replace("'start-first'   # the old one serves on", order))
    with pytest.raises(NotFixable):
        planned(folder, inside=True)
    (change,) = planned(folder, inside=False)
    assert "order: stop-first" in change.after


def test_a_variable_that_decides_no_longer_is_said(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY.replace("'start-first'", "'${ORDER:-start-first}'"))
    (change,) = planned(folder, inside=True)
    assert "ORDER" in change.lost[0]


@pytest.mark.parametrize(
    ("more", "safe"), [("", False), ("        max_replicas_per_node: 1\n", True)]
)
def test_a_fix_that_costs_nothing_is_told_from_one_that_does(
    tmp_path: Path, more: str, safe: bool
) -> None:
    text = RISKY.replace("failure_action: rollback", "failure_action: pause")
    placement = f"      placement:\n{more}" if more else ""
    found = text.replace("    deploy:\n", f"    deploy:\n{placement}") if more else RISKY
    (change,) = planned(recipe(tmp_path, found), inside=False)
    assert change.safe == safe


def test_a_change_that_would_not_do_is_never_handed_on(tmp_path: Path) -> None:
    folder = recipe(tmp_path, RISKY)
    (files,) = [each for each in find([str(folder)]) if not each.variant]
    (change,) = planned(folder, inside=False)
    _verify([change], files, ["app"], {})
    for after in (RISKY, "services: {app: {deploy: {update_config: {order: start-first}}}}\n"):
        with pytest.raises(NotFixable, match="the change would not make app stop first"):
            _verify([replace(change, after=after)], files, ["app"], {})
