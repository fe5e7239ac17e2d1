"""Under an app's lock nothing of an earlier run is left, and no removal still under way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.engine.lock_store import FakeStore

from ccci.deployers import App
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.locks.swarm_lock import lock_name
from ccci.recipe.source import Source
from ccci.records import runs
from ccci.removal.teardown import Ending
from ccci.report.model import Report
from ccci.steps import Steps, leftovers
from ccci.steps.lock import locked
from ccci.steps.workspace import Choices, Workspace
from ccci.terminal.output import Output

STACK = "shop_test"
GOING = {
    "ID": "task1" * 3,
    "DesiredState": "shutdown",
    "NodeID": "n",
    "Status": {"State": "running"},
}


class Swarm(FakeStore):
    """Configs for locks, and the tasks of the stack: those of each look in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[list[dict[str, Any]]] = []
        self.app: list[dict[str, Any]] = []
        self.removed: list[bool] = []

    @contextmanager
    def sibling(self) -> Iterator["Swarm"]:
        yield self

    def services(self, stack: str) -> list[dict[str, Any]]:
        assert stack == STACK
        return self.app

    def tasks(self, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        assert STACK in filters["label"][0]
        if len(self.looks) > 1:
            return self.looks.pop(0)
        return self.looks[0] if self.looks else []

    def is_locked(self) -> bool:
        return self.config(lock_name(STACK)) is not None

    def tear_down(self, *_: object, **__: object) -> Ending:
        self.removed.append(self.is_locked())
        return Ending()


@pytest.fixture
def swarm() -> Swarm:
    return Swarm()


@pytest.fixture
def workspace(swarm: Swarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(leftovers, "claim_of", lambda *_: None)
    monkeypatch.setattr(leftovers, "tear_down", swarm.tear_down)
    monkeypatch.setattr(leftovers, "_LOOK_EVERY", 0.0)
    nothing: Any = None
    engine: Any = swarm
    output = Output(verbosity=-1)
    return Workspace(
        runs.begin(tmp_path / "runs", "deploy", "shop"),
        Source("shop", str(tmp_path)),
        nothing,
        engine,
        nothing,
        Choices(lock_timeout=0.0),
        Steps(output),
        output,
    )


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App("shop", "shop.test", STACK, tmp_path)


def test_the_lock_is_held_for_the_block_and_given_back(
    workspace: Workspace, app: App, swarm: Swarm
) -> None:
    with locked(workspace, app) as held:
        held.check()
        assert held.holder.run == workspace.run.id
        assert swarm.is_locked()
    assert not swarm.is_locked()
    assert swarm.removed == []


def test_what_a_killed_run_left_goes_under_the_lock_before_anything_is_made(
    workspace: Workspace, app: App, swarm: Swarm, tmp_path: Path
) -> None:
    killed = runs.begin(tmp_path / "runs", "upgrade", "shop")
    killed.note(stack=STACK, keep=False)
    killed.finish(Report("upgrade", Verdict.INTERRUPTED, "s", stack=STACK))
    with locked(workspace, app):
        assert swarm.removed == [True]
    assert [each.name for each in workspace.steps.done] == ["lock", "leftovers"]


def test_the_end_of_a_removal_that_somebody_began_is_waited_for(
    workspace: Workspace, app: App, swarm: Swarm
) -> None:
    swarm.looks = [[GOING], [GOING], [GOING], []]
    with locked(workspace, app):
        assert swarm.looks == [[]]
    assert [each.name for each in workspace.steps.done] == ["lock", "removal"]


def test_a_removal_that_does_not_end_is_told_with_what_is_left(
    workspace: Workspace, app: App, swarm: Swarm
) -> None:
    swarm.looks = [[GOING]]
    with pytest.raises(CcciError, match="is being removed, and still has task task1task1ta"):
        leftovers.settle(workspace, app, patience=0.0)


def test_an_app_that_has_services_is_not_being_removed(
    workspace: Workspace, app: App, swarm: Swarm
) -> None:
    swarm.app, swarm.looks = [{"ID": "s"}], [[GOING]]
    leftovers.settle(workspace, app, patience=0.0)
    swarm.app, swarm.looks = [], [[{**GOING, "Status": {"State": "shutdown"}}]]
    leftovers.settle(workspace, app, patience=0.0)
    assert workspace.steps.done == []
