from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.deep_folders import deepened

from ccci.locks.swarm_lock import Holder, LockObject
from ccci.records.runs import Record
from ccci.removal import leftovers
from ccci.removal.app import Place
from ccci.removal.leftovers import Leftover, sort_out, sweep

KILLED = Record("3", "upgrade", "shop", "2026-01-03", stack="shop", keep=False)
HOLDER = Holder("shop", "3", "host", "user", 1, "folder", "token", "2026", keep=False)


def lock(holder: Holder) -> LockObject:
    return LockObject("id", 7, holder, {})


def stacks(found: tuple[Leftover, ...]) -> list[tuple[str, bool]]:
    return [(each.stack, each.app) for each in found]


def test_nothing_is_left_where_there_is_nothing() -> None:
    assert sort_out([], (), [], ()) == ()


def test_a_killed_run_that_meant_to_remove_its_app_left_it() -> None:
    (only,) = sort_out([KILLED], (), [], ())
    assert only.app
    assert "run 3 (killed)" in only.why


def test_a_finished_run_whose_teardown_was_not_verified_left_it_too() -> None:
    (only,) = sort_out([replace(KILLED, verdict="rolled-back", finished_at="x")], (), [], ())
    assert "rolled-back" in only.why


def test_what_is_gone_kept_or_undecided_is_no_leftover() -> None:
    for record in (
        replace(KILLED, gone=True),
        replace(KILLED, keep=True),
        replace(KILLED, keep=None),
        replace(KILLED, stack=None),
    ):
        assert sort_out([record], (), [], ()) == ()


def test_an_app_that_a_later_run_keeps_is_kept() -> None:
    later = replace(KILLED, id="4", keep=True)
    assert sort_out([later, KILLED], (), [lock(HOLDER)], ())[0].app is False


def test_an_app_that_a_living_run_works_on_is_left_alone() -> None:
    later = replace(KILLED, id="4", keep=None)
    assert sort_out([later, KILLED], {"4"}, [lock(HOLDER)], ()) == ()
    assert sort_out([KILLED], (), [], {"shop": "somebody"}) == ()


def test_a_dead_lock_without_a_record_is_removed_with_its_app_where_it_says_so() -> None:
    assert stacks(sort_out([], (), [lock(HOLDER)], ())) == [("shop", True)]
    for keep in (True, None):
        found = sort_out([], (), [lock(replace(HOLDER, keep=keep))], ())
        assert stacks(found) == [("shop", False)]
        assert found[0].lock is not None


def test_a_record_and_its_lock_are_one_leftover() -> None:
    (only,) = sort_out([KILLED], (), [lock(HOLDER)], ())
    assert only.app
    assert only.lock is not None


def test_checkouts_of_no_app_are_removed_and_those_of_a_kept_one_stay() -> None:
    fetched = Record("1", "deploy", "shop", "2026", abra_dir="/runs/1/abra")
    (only,) = sort_out([fetched], (), [], ())
    assert (only.app, str(only.folder)) == (False, "/runs/1/abra")
    assert sort_out([fetched], {"1"}, [], ()) == ()
    assert sort_out([replace(fetched, stack="shop", keep=True)], (), [], ()) == ()


@pytest.mark.slow
def test_checkouts_are_removed_however_deep_a_container_made_them(tmp_path: Path) -> None:
    nothing: Any = None
    with deepened(tmp_path / "checkouts") as folder:
        (swept,) = sweep(
            Place(nothing, tmp_path, tmp_path), [Leftover("a", "w", app=False, folder=folder)]
        )
    assert swept.gone
    assert not folder.exists()


def test_one_leftover_that_cannot_be_removed_never_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def removing(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(leftovers, "remove", removing)
    nothing: Any = None
    odd = Leftover("odd", "w", app=False, folder=tmp_path / "with\0nul")
    found = sweep(Place(nothing, tmp_path, tmp_path), [Leftover("a", "w"), odd, Leftover("b", "w")])
    assert [each.gone for each in found] == [False, False, False]
    assert [each.trouble for each in found][::2] == ["RecursionError: too deep"] * 2
