"""What a killed run left under an app's name is removed before another run makes anything."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ccci.deployers import App
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.recipe.source import Source
from ccci.records import runs
from ccci.records.runs import Run
from ccci.removal.objects import Claim
from ccci.removal.teardown import Ending
from ccci.report.model import Report
from ccci.steps import Steps, leftovers
from ccci.steps.workspace import Choices, Workspace
from ccci.terminal.output import Output

STACK = "shop_test"


class Stage:
    """A workspace below a folder of runs, and what is removed there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = folder / "runs"
        self.removed: list[str] = []
        self.left: tuple[str, ...] = ()
        self.checks: list[Callable[[], None]] = []
        nothing: Any = None
        output = Output(verbosity=-1)
        run = runs.begin(self.root, "upgrade", "shop")
        self.workspace = Workspace(
            run,
            Source("shop", str(folder)),
            nothing,
            nothing,
            nothing,
            Choices(),
            Steps(output),
            output,
        )
        self.app = App("shop", "shop.test", STACK, folder)
        monkeypatch.setenv("CCCI_RUNS_DIR", str(self.root))
        monkeypatch.setattr(leftovers, "claim_of", lambda *_, **__: None)
        monkeypatch.setattr(leftovers, "tear_down", self._tear_down)

    def _tear_down(self, *_: object, check: Callable[[], None], **__: object) -> Ending:
        self.checks.append(check)
        self.removed.append(STACK)
        return Ending(left=self.left)

    def earlier(self, *, keep: bool | None, stack: str = STACK, gone: bool = False) -> Run:
        """Record a run that has ended."""
        run = runs.begin(self.root, "upgrade", "shop")
        run.note(stack=stack, keep=keep, gone=gone)
        run.finish(Report("upgrade", Verdict.CONVERGED, "s", stack=stack))
        return run

    def clear(self, predecessor: object = None) -> None:
        held: Any = SimpleNamespace(predecessor=predecessor, check=lambda: None)
        leftovers.clear(self.workspace, self.app, held)
        assert all(check is held.check for check in self.checks)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


def test_what_a_run_meant_to_remove_is_removed_under_our_lock(stage: Stage) -> None:
    killed = stage.earlier(keep=False)
    stage.clear()
    assert stage.removed == [STACK]
    assert len(stage.checks) == 1
    again = next(each for each in runs.recent(stage.root) if each.id == killed.id)
    assert again.gone


@pytest.mark.parametrize(
    ("keep", "stack", "gone"),
    [(True, STACK, False), (None, STACK, False), (False, "other", False), (False, STACK, True)],
)
def test_what_was_meant_to_stay_or_is_gone_or_another_s_is_left_alone(
    stage: Stage, keep: bool | None, stack: str, *, gone: bool
) -> None:
    stage.earlier(keep=keep, stack=stack, gone=gone)
    stage.clear()
    assert stage.removed == []


def test_the_newest_run_decides(stage: Stage) -> None:
    stage.earlier(keep=False)
    stage.earlier(keep=True)
    newest, before = runs.recent(stage.root)[:2]
    kept = newest if newest.keep else before
    stage.clear()
    assert stage.removed == ([] if kept is newest else [STACK])


@pytest.mark.parametrize(("keep", "removed"), [(False, [STACK]), (True, []), (None, [])])
def test_a_dead_holder_of_another_host_is_believed_by_its_lock(
    stage: Stage, keep: bool | None, removed: list[str]
) -> None:
    stage.clear(SimpleNamespace(run="r", host="elsewhere", keep=keep))
    assert stage.removed == removed


def test_what_cannot_be_removed_stops_the_run(stage: Stage) -> None:
    stage.earlier(keep=False)
    stage.left = ("volume data",)
    with pytest.raises(CcciError, match="cannot be removed: volume data"):
        stage.clear()


def test_an_app_is_there_where_one_of_two_answers_shows_it() -> None:
    app = [{"ID": "s"}]
    for answers, there in (([[], app], app), ([app], app), ([[], []], [])):
        rest: list[Any] = list(answers)
        engine: Any = SimpleNamespace(services=lambda _, rest=rest: rest.pop(0))
        assert leftovers.services(engine, STACK) == there
        assert rest == []


def test_an_app_that_is_there_after_all_is_not_removed_at_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {"ID": "s", "Spec": {"Name": f"{STACK}_app"}}
    nothing: Any = SimpleNamespace(
        services=lambda _: [listed], volumes=list, secrets=list, configs=list
    )
    monkeypatch.setattr(leftovers, "claim_of", lambda *_, **__: Claim(STACK))
    workspace = replace(stage.workspace, engine=nothing)
    with pytest.raises(CcciError, match=f"service {STACK}_app"):
        leftovers.refuse_foreign_data(workspace, stage.app)


def test_nothing_of_a_strangers_is_taken_along(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "look", lambda *_: ())
    leftovers.refuse_foreign_data(stage.workspace, stage.app)
    stage.app.env_file.parent.mkdir(parents=True)
    stage.app.env_file.write_text("A=1\n")
    with pytest.raises(CcciError, match="what this run did not make"):
        leftovers.refuse_foreign_data(stage.workspace, stage.app)
