"""An upgrade on a stage: the repository, the run's folder and the report are real.

Putting a revision on the swarm and removing it are played, for they have tests of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.recipes.repositories import commit, make_repository

from ccci.actions import deploy, upgrade
from ccci.deployers import App, Deployment, Revision
from ccci.deployers import stack as stack_deployer
from ccci.deployers.plan import DeployPlan
from ccci.deployers.plan import make as make_plan
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.recipe import checkouts
from ccci.recipe.source import locate
from ccci.records import runs
from ccci.removal import teardown as removal
from ccci.removal.teardown import Ending
from ccci.report.model import Report
from ccci.steps import Steps, teardown
from ccci.steps.follow import Outcome
from ccci.steps.revision import Judged
from ccci.steps.workspace import Choices, Workspace
from ccci.swarm.judge.rollout import Policy, begin
from ccci.terminal.output import Output

FILES = {"compose.yml": "version: '3.8'\nservices: {app: {image: 'a:1'}}\n", ".env.sample": "A=1\n"}
Ends = Verdict | CcciError


class Deployer:
    """Makes an app's `.env` and reads a recipe, and excuses nothing."""

    name = "stack"

    def __init__(self) -> None:
        self.read: list[str] = []

    def new_app(self, app: App, revision: Revision) -> None:
        stack_deployer.new_env(app, revision)

    def plan(self, app: App, revision: Revision) -> DeployPlan:
        self.read.append(revision.commit)
        return make_plan(app, revision, None)

    def excuses(self, code: int, output: str) -> bool:  # noqa: ARG002
        return False


class Engine:
    """A swarm with these services of the stack, and the images of the recipe."""

    host = "tcp://elsewhere"

    def __init__(self, *services: dict[str, Any]) -> None:
        self.there = services

    def services(self, stack: str = "") -> tuple[dict[str, Any], ...]:  # noqa: ARG002
        return self.there

    def image(self, name: str) -> dict[str, str] | None:
        return {"Id": name} if name.startswith("a:") else None

    def networks(self) -> tuple[dict[str, Any], ...]:
        return ({"Name": "proxy", "Scope": "swarm"},)

    def nothing(self) -> tuple[dict[str, Any], ...]:
        return ()

    configs = secrets = volumes = nothing


@dataclass
class Held:
    """A lock; `lost` is what asking for it says."""

    lost: CcciError | None = None
    intended: list[bool] = field(default_factory=list)

    def intend(self, *, keep: bool) -> None:
        self.intended.append(keep)

    def check(self) -> None:
        if self.lost is not None:
            raise self.lost


@dataclass
class Stage:
    """A workspace, what the revisions come to, and what was done."""

    workspace: Workspace
    ends: dict[str, Ends] = field(default_factory=dict)
    deployed: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    left: tuple[str, ...] = ()
    removed: list[str] = field(default_factory=list)
    held: Held = field(default_factory=Held)
    soaks: list[float | None] = field(default_factory=list)
    looks: list[Callable[..., Judged]] = field(default_factory=list)

    def deploy(self, *arguments: Any) -> Judged:
        return (self.looks[-1] if self.looks else self.put)(*arguments)

    def put(
        self,
        workspace: Workspace,
        _: App,
        revision: Revision,
        why: str,
        recorded: dict[str, str],
        __: object = None,
    ) -> Judged:
        self.deployed.append((why, revision.version or revision.commit, dict(recorded)))
        self.soaks.append(workspace.choices.options.soak)
        ended = self.ends.get(why, Verdict.CONVERGED)
        if isinstance(ended, CcciError):
            raise ended
        stopped = 15 if ended is Verdict.INTERRUPTED else None
        begun = begin(None, Policy(), 0.0)
        outcome = Outcome(ended, f"{why} ended {ended}", begun, signal=stopped)
        summary = f"{why} is {ended.value}"
        deployment = Deployment((), {}, Path())
        return Judged(
            ended, summary, outcome, deployment, (), specs={f"{why}-spec": revision.commit[:8]}
        )

    def watch_deploys(self, look: Callable[..., Judged]) -> None:
        """Let `look` stand for `put` in an upgrade."""
        self.looks.append(look)

    def tear_down(
        self, engine: object, claim: object, *, check: Callable[[], None], **_: object
    ) -> Ending:
        del engine, claim
        check()
        self.removed.append("stack")
        return Ending(left=self.left)


Make = Callable[..., Stage]


def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a function that makes a stage of a repository with a release and a head."""
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))

    def stage(
        *services: dict[str, Any],
        base_files: dict[str, str] | None = None,
        head_files: dict[str, str] | None = None,
        releases: tuple[str, ...] = (),
        **ends: Ends,
    ) -> Stage:
        folder = make_repository(tmp_path / f"{len(list(tmp_path.iterdir()))}" / "shop")
        commit(folder, {**FILES, **(base_files or {})}, tag="1.0.0+1")
        for release in releases:
            commit(folder, {"more": release}, tag=release)
        compose = FILES["compose.yml"].replace("a:1", "a:2")
        commit(folder, {"compose.yml": compose, **(head_files or {})})
        run = runs.begin(tmp_path / "runs", "upgrade", "shop")
        abra_dir = run.path(runs.CHECKOUTS)
        clone = checkouts.clone(str(folder), abra_dir / "recipes" / "shop", run.path(runs.JOURNAL))
        steps = Steps(Output(verbosity=-1))
        engine: Any = Engine(*services)
        deployer: Any = Deployer()
        place = Workspace(
            run,
            locate(str(folder)),
            clone,
            engine,
            deployer,
            Choices(resolve_image="never"),
            steps,
            steps.output,
        )
        made = Stage(place, ends)

        @contextmanager
        def locked(_: Workspace, __: App) -> Iterator[Held]:
            yield made.held

        for action in (upgrade, deploy):
            monkeypatch.setattr(action, "deploy_revision", made.deploy)
            monkeypatch.setattr(action, "locked", locked)
        monkeypatch.setattr(upgrade, "prepare", lambda *_: None)
        monkeypatch.setattr(teardown, "refuse_foreign_data", lambda *_: None)
        monkeypatch.setattr(removal, "claim_of", lambda *_, **__: None)
        monkeypatch.setattr(removal, "tear_down", made.tear_down)
        return made

    return stage


def run(stage: Stage, **wanted: Any) -> Report:
    request = upgrade.Request("shop", "main", stage.workspace.choices, **wanted)
    return upgrade._upgraded(request, stage.workspace)


def put(stage: Stage, **wanted: Any) -> Report:
    request = deploy.Request("shop", stage.workspace.choices, **wanted)
    return deploy._deployed(request, stage.workspace)


def head_of(stage: Stage) -> str:
    return checkouts.resolve(stage.workspace.checkout, "main")
