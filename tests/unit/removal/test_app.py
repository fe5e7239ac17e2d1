"""Which stack a person means, whose it is, and what is known of its runs once it is gone."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.engine.lock_store import FakeStore

from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.locks.lease import Held, hold
from ccci.locks.swarm_lock import lock_name
from ccci.records import runs
from ccci.records.runs import Run
from ccci.removal import app
from ccci.removal.app import Place, Target, remove, resolve
from ccci.removal.objects import Claim
from ccci.removal.teardown import Ending
from ccci.report.model import Report

STACK, DOMAIN = "shop_test", "shop.test"


class Swarm(FakeStore):
    """A swarm with locks and nothing else, and what was removed from it."""

    def __init__(self) -> None:
        super().__init__()
        self.left: tuple[str, ...] = ()
        self.claims: list[Claim] = []
        self.files: list[Path] = []
        self.locked: list[bool] = []

    @contextmanager
    def sibling(self) -> Iterator["Swarm"]:
        yield self

    def tear_down(self, _: object, claim: Claim, *, files: Iterable[Path], **__: object) -> Ending:
        self.claims.append(claim)
        self.files.extend(files)
        self.locked.append(self.config(lock_name(claim.stack)) is not None)
        return Ending(left=self.left)


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Swarm:
    made = Swarm()
    monkeypatch.setattr(app, "tear_down", made.tear_down)
    monkeypatch.setattr(app, "claim_of", lambda _, stack, __: Claim(stack))
    return made


@pytest.fixture
def place(swarm: Swarm, tmp_path: Path) -> Place:
    engine: Any = swarm
    return Place(engine, tmp_path / "runs", tmp_path / "locks")


def ran(place: Place, *, stack: str = STACK, ends: bool = True, **known: Any) -> Run:
    """Record a run of the recipe `shop`, which has ended or lives."""
    run = runs.begin(place.runs_folder, "deploy", "shop", recipe="shop")
    run.note(stack=stack, domain=DOMAIN, **known)
    if ends:
        run.finish(Report("deploy", Verdict.CONVERGED, "s", stack=stack))
    return run


def gone(place: Place) -> dict[str, bool]:
    return {each.id: each.gone for each in runs.recent(place.runs_folder)}


@pytest.mark.parametrize("target", [STACK, DOMAIN, "shop"])
def test_an_app_is_meant_by_its_stack_its_domain_and_its_recipe(place: Place, target: str) -> None:
    ran(place)
    assert resolve(place, target) == Target(STACK, ours=True)


def test_a_recipe_that_is_deployed_as_several_apps_names_none_of_them(place: Place) -> None:
    ran(place)
    ran(place, stack="shop_two")
    with pytest.raises(UsageError, match="deployed as several apps: shop_test, shop_two"):
        resolve(place, "shop")
    assert resolve(place, "shop_two").stack == "shop_two"


def test_an_app_that_is_gone_is_in_nobodys_way(place: Place) -> None:
    ran(place, stack="shop_two", gone=True)
    ran(place)
    assert resolve(place, "shop") == Target(STACK, ours=True)


def test_an_app_that_is_gone_may_be_removed_again(place: Place) -> None:
    ran(place, gone=True)
    assert resolve(place, "shop") == Target(STACK, ours=True)


def test_a_strangers_stack_is_refused_and_how_to_insist_is_told(place: Place) -> None:
    ran(place)
    with pytest.raises(UsageError, match="no run and no lock names theirs") as refused:
        resolve(place, "theirs.test")
    assert refused.value.hint.endswith("ccci teardown theirs.test --force theirs_test")


@pytest.mark.parametrize("force", ["", STACK, "theirs", "theirs_test_2"])
def test_another_name_than_the_strangers_own_is_no_insisting(place: Place, force: str) -> None:
    ran(place)
    with pytest.raises(UsageError, match="is another name than theirs_test: nothing was removed"):
        resolve(place, "theirs.test", force=force)


@pytest.mark.parametrize("force", ["theirs.test", "theirs_test"])
def test_a_strangers_stack_whose_name_is_repeated_is_not_ours(place: Place, force: str) -> None:
    assert resolve(place, "theirs.test", force=force) == Target("theirs_test", ours=False)


def test_a_lock_of_a_run_of_another_host_says_that_the_stack_is_ours(
    place: Place, swarm: Swarm, tmp_path: Path
) -> None:
    with hold(swarm, "theirs_test", "r", folder=tmp_path / "elsewhere"):
        assert resolve(place, "theirs.test") == Target("theirs_test", ours=True)


def test_what_only_has_a_locks_name_says_nothing(place: Place, swarm: Swarm) -> None:
    swarm.create_config(lock_name("theirs_test"), b"x", {})
    with pytest.raises(UsageError, match="no run and no lock"):
        resolve(place, "theirs.test")


def test_what_a_person_put_there_goes_only_where_the_name_is_repeated(
    place: Place, swarm: Swarm
) -> None:
    ran(place)
    for force, by_name in ((None, False), ("other", False), (STACK, True), (DOMAIN, True)):
        target = resolve(place, DOMAIN, force=force)
        assert target == Target(STACK, ours=True, forced=by_name)
        remove(place, target, lock_timeout=0)
        assert swarm.claims.pop() == Claim(STACK, by_name=by_name)


def test_an_app_is_removed_under_its_lock_and_its_runs_are_told(place: Place, swarm: Swarm) -> None:
    mine, other = ran(place), ran(place, stack="other")
    assert remove(place, Target(STACK, ours=True), lock_timeout=0).gone
    assert swarm.locked == [True]
    assert swarm.config(lock_name(STACK)) is None
    assert gone(place) == {mine.id: True, other.id: False}


def test_a_run_that_lives_keeps_its_files_and_its_app(place: Place, swarm: Swarm) -> None:
    ended, alive = ran(place, env_file="/ended.env"), ran(place, ends=False, env_file="/live.env")
    assert remove(place, Target(STACK, ours=True), lock_timeout=0).gone
    assert swarm.files == [Path("/ended.env")]
    assert gone(place) == {ended.id: True, alive.id: False}
    alive.drop()


def test_a_run_whose_app_was_not_removed_is_not_told_so(place: Place, swarm: Swarm) -> None:
    mine = ran(place)
    swarm.left = ("volume data",)
    assert remove(place, Target(STACK, ours=True), lock_timeout=0).left == ("volume data",)
    assert gone(place) == {mine.id: False}


def test_nothing_is_removed_while_a_run_works_on_it(
    place: Place, swarm: Swarm, tmp_path: Path
) -> None:
    with (
        hold(swarm, STACK, "r", folder=tmp_path / "elsewhere"),
        pytest.raises(Held, match="is being worked on"),
    ):
        remove(place, Target(STACK, ours=True), lock_timeout=0)
    assert swarm.claims == []
