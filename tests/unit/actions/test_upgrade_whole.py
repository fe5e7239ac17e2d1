"""A whole upgrade, from its repository to its record, on watches that play what Swarm does.

No Engine is asked what becomes of a deploy, and no command is run: base, head, and the teardown.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.played import Script
from support.recipes.upgrade_stage import Make, Stage, head_of
from support.sandbox.rollouts import look, service, task

from ccci.actions import deploying, upgrade
from ccci.deployers import App, Deployment, Revision
from ccci.deployers.plan import DeployPlan
from ccci.exits import Verdict
from ccci.recipe import checkouts
from ccci.recipe.source import Source
from ccci.records import runs
from ccci.records.runs import Run
from ccci.report.model import Report, Status
from ccci.steps import Steps
from ccci.steps.after import confirmed
from ccci.steps.before.preparation import Ready
from ccci.steps.revision import deploy_revision
from ccci.steps.rolling import rollout
from ccci.steps.workspace import Choices, Workspace
from ccci.swarm.model import Identity, Observation, Service
from ccci.swarm.watching.fake import FakeWatch
from ccci.terminal.output import Output

pytestmark = pytest.mark.slow

OTHER = "99999999"
EMPTY = look(0, command=None)


def running(commit: str, revision: str, **changes: Any) -> Service:
    """Return the service of a revision that runs and says of which commit it is."""
    name = {"base": "a", "head": "b"}[revision]
    identity = {"identity": Identity("1.0.0+1", f"image:{revision}", commit[:8])}
    made = task(f"{name}1", template=revision, since=1.0)
    return service(revision, made, spec=identity, **changes)


def came_up(commit: str) -> list[Observation]:
    return [look(2, running(commit, "base"), command=None)]


def upgraded(base: Service, commit: str) -> list[Observation]:
    new = running(commit, "head", version=2, previous=base.spec, update="completed")
    return [look(3, new, command=None)]


def rolled_back(base: Service) -> list[Observation]:
    status = service("x", update="rollback_completed").update
    dead = task("b1", "failed", template="head", exit_code=3)
    back = replace(
        base,
        version=3,
        previous=service("head").spec,
        update=status,
        tasks=(*base.tasks, dead),
    )
    return [look(3, back, command=None)]


class Played:
    """The watches of an upgrade's rollouts in turn, and what a look sees between them."""

    def __init__(self, *watches: FakeWatch) -> None:
        self.left = list(watches)
        self.open = watches[0]

    def opened(self, engine: object, stack: str, **known: Any) -> AbstractContextManager[FakeWatch]:
        self.open = self.left.pop(0)
        return self.open.opened(engine, stack, **known)

    def observed(self, engine: object, stack: str) -> Observation:
        return self.open.observed(engine, stack)


def whole(stage: Stage, played: Played, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Run the whole of an upgrade on the stage's repository."""

    @contextmanager
    def opened(
        run: Run, source: Source, choices: Choices, steps: Steps, output: Output
    ) -> Iterator[Workspace]:
        recipe = run.path(runs.CHECKOUTS) / "recipes" / source.recipe
        yield replace(
            stage.workspace,
            run=run,
            source=source,
            checkout=checkouts.clone(source.location, recipe, run.path(runs.JOURNAL)),
            choices=choices,
            steps=steps,
            output=output,
            opens=played.opened,
            observes=played.observed,
        )

    def prepared(
        workspace: Workspace, app: App, revision: Revision, _why: str, plan: DeployPlan | None
    ) -> Ready:
        plan = plan or workspace.deployer.plan(app, revision)
        return Ready(Deployment(("deploy",), {}, Path()), plan)

    monkeypatch.setattr(deploying, "opened", opened)
    monkeypatch.setattr(upgrade, "prepare", prepared)
    monkeypatch.setattr(upgrade, "deploy_revision", deploy_revision)
    monkeypatch.setattr(rollout, "Running", Script())
    monkeypatch.setattr(confirmed, "AGAIN_AFTER", 0.0)
    request = upgrade.Request(
        stage.workspace.source.location, "main", stage.workspace.choices, base="1.0.0+1"
    )
    return upgrade.upgrade(request, Output(verbosity=-1))


@pytest.fixture
def stage(make: Make) -> Stage:
    made = make()
    engine: Any = made.workspace.engine
    engine.release = "28.2.2"
    return made


def watches(*looks: list[Observation]) -> Played:
    """Return the watches on these rollouts, each begun at what the one before it came to."""
    before = [EMPTY, *(each[-1] for each in looks)]
    return Played(*(FakeWatch(seen, before=was) for seen, was in zip(looks, before, strict=False)))


def test_an_upgrade_that_converges_is_torn_down_and_recorded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = came_up(OTHER)
    played = watches(base, upgraded(base[-1].services[0], head_of(stage)))
    report = whole(stage, played, monkeypatch)
    assert (report.verdict, report.exit_code) == (Verdict.CONVERGED, 0)
    assert report.summary == f"{head_of(stage)[:8]} runs, upgraded from 1.0.0+1"
    assert [(each.name, each.status) for each in report.steps] == [
        (name, Status.PASSED)
        for name in (
            "head",
            "base",
            "base checkout",
            "head preview",
            "head needs",
            "base deploy",
            "base identity",
            "head checkout",
            "head deploy",
            "head identity",
            "teardown",
        )
    ]
    assert stage.removed == ["stack"]
    assert played.left == []
    (record,) = [each for each in runs.recent(tmp_path / "runs") if each.verdict]
    assert (record.verdict, record.gone) == ("converged", True)
    assert report.run is not None
    folder = Path(report.run.folder)
    assert json.loads((folder / "report.json").read_text())["verdict"] == "converged"


def test_a_head_that_is_rolled_back_is_no_pass_and_is_removed_all_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = came_up(OTHER)
    played = watches(base, rolled_back(base[-1].services[0]))
    report = whole(stage, played, monkeypatch)
    assert (report.verdict, report.exit_code) == (Verdict.ROLLED_BACK, 10)
    assert [each.verdict for each in report.services] == [Verdict.ROLLED_BACK]
    assert stage.removed == ["stack"]


def test_a_head_that_runs_as_another_commit_is_no_pass(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = came_up(OTHER)
    played = watches(base, upgraded(base[-1].services[0], OTHER))
    report = whole(stage, played, monkeypatch)
    assert report.verdict is Verdict.WRONG_IDENTITY
    assert [each.verdict for each in report.services] == [Verdict.CONVERGED]


def test_no_head_goes_on_top_of_a_base_that_never_comes_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = [
        task(f"a{number}", "failed", template="base", exit_code=1, since=float(number))
        for number in range(1, 6)
    ]
    played = watches([look(30, service("base", *dead), command=None)], [EMPTY])
    report = whole(stage, played, monkeypatch)
    assert (report.verdict, report.exit_code) == (Verdict.BASE_BROKEN, 17)
    assert len(played.left) == 1
    assert stage.removed == ["stack"]


def test_what_the_teardown_leaves_is_no_pass(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.left = ("the volume data",)
    base = came_up(OTHER)
    played = watches(base, upgraded(base[-1].services[0], head_of(stage)))
    report = whole(stage, played, monkeypatch)
    assert report.verdict is Verdict.UNABLE
    assert "the teardown left something behind" in report.summary
    assert report.steps[-1].status is Status.FAILED
