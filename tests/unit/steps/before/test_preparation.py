"""A revision is deployed only after all that can be known before was asked."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from support.recipes import upgrade_stage
from support.recipes.upgrade_stage import Engine

from ccci.deployers import Deployment
from ccci.deployers.plan import DeployPlan
from ccci.errors import CcciError, DeployRefused
from ccci.recipe import checkouts
from ccci.recipe.source import Source
from ccci.records import runs
from ccci.steps import Steps
from ccci.steps.before import preconditions
from ccci.steps.before.preparation import BASE, HEAD, Ready, prepare
from ccci.steps.reach import ownership
from ccci.steps.workspace import Choices, Workspace
from ccci.swarm.labels import STACK_LABEL
from ccci.terminal.output import Output

COMMIT = "abcdef12" + "0" * 32
APP = "services: {app: {image: 'a:1'%s}}\n"
MOUNTS = "version: '3.8'\n" + APP % ", volumes: ['/etc:/host']"
OUTSIDE = "version: '3.8'\n" + APP % "" + "networks: {default: {external: true, name: abroad}}\n"
CONFIG = (
    "version: '3.8'\n"
    + APP % ", configs: [conf]"
    + "configs: {conf: {file: app.conf, name: 'shop_conf_v1'}}\n"
)


class Swarm(Engine):
    """A swarm with a config of this content."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content

    def configs(self) -> tuple[dict[str, Any], ...]:
        data = base64.b64encode(self._content).decode()
        return (
            {
                "ID": "c",
                "Spec": {
                    "Name": "shop_conf_v1",
                    "Data": data,
                    "Labels": {STACK_LABEL: "shop_test"},
                },
            },
        )


class Deployer(upgrade_stage.Deployer):
    """One that has nothing to make, and something to run."""

    def generate_secrets(self, plan: DeployPlan) -> tuple[str, ...]:
        del plan
        return ()

    def prepare(self, plan: DeployPlan) -> Deployment:
        return Deployment(("deploy",), {}, plan.app.checkout)


Make = Callable[..., Workspace]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Give a function that makes a workspace with this recipe checked out."""
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setattr(checkouts, "moved", lambda *_: False)

    def workspace(compose: str, *, engine: Engine | None = None, **files: str) -> Workspace:
        run = runs.begin(tmp_path / "runs", "deploy", "shop")
        folder = run.path(runs.CHECKOUTS) / "recipes" / "shop"
        folder.mkdir(parents=True)
        for name, text in {"compose.yml": compose, ".env.sample": "A=1\n", **files}.items():
            (folder / name).write_text(text)
        steps = Steps(Output(verbosity=-1))
        there: Any = engine or Engine()
        source, clone, deployer = (
            Source("shop", "/shop"),
            cast("Any", None),
            cast("Any", Deployer()),
        )
        return Workspace(run, source, clone, there, deployer, Choices(), steps, steps.output)

    return workspace


def ready(workspace: Workspace, why: str = HEAD, **chosen: Any) -> Ready:
    choices = Choices(resolve_image="never", domain="shop.test", **chosen)
    workspace = replace(workspace, choices=choices)
    app, revision = workspace.app(COMMIT), workspace.revision(COMMIT, None)
    workspace.deployer.new_app(app, revision)
    return prepare(workspace, app, revision, why)


def test_a_revision_that_nothing_hinders_is_ready(make: Make) -> None:
    workspace = make("version: '3.8'\n" + APP % "")
    found = ready(workspace)
    assert found.deployment.argv == ("deploy",)
    assert [each.name for each in workspace.steps.done] == [
        *("head secrets", "head check", "head images"),
    ]


@pytest.mark.parametrize("why", [BASE, HEAD])
def test_what_the_swarm_lacks_is_told_before_anything_is_deployed(make: Make, why: str) -> None:
    with pytest.raises(CcciError, match="the external network abroad is not on this swarm"):
        ready(make(OUTSIDE), why)


def test_a_config_that_changed_under_its_old_name_is_refused(make: Make) -> None:
    changed = make(CONFIG, engine=Swarm(b"before"), **{"app.conf": "after"})
    with pytest.raises(DeployRefused, match=r"config-immutable: app\.conf changed"):
        ready(changed)
    same = make(CONFIG, engine=Swarm(b"after"), **{"app.conf": "after"})
    assert ready(same).plan.resolved.configs == {"shop_conf_v1": b"after"}


def test_a_path_of_the_host_is_refused_where_the_user_refuses_them(make: Make) -> None:
    with pytest.raises(DeployRefused, match="/etc"):
        ready(make(MOUNTS), refuse_host_paths=True)
    workspace = make(MOUNTS)
    allowed = ready(workspace, refuse_host_paths=True, allow_host_paths=("/etc",))
    assert allowed.plan.images == {"app": "a:1"}


def test_what_a_revision_reaches_of_the_host_is_told_once(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = make(MOUNTS)
    told = [each for each in ready(workspace).deployment.notes if "/etc" in each]
    assert len(told) == 1
    assert told[0] in capsys.readouterr().err


def test_what_a_deploy_before_makes_is_not_missed(make: Make) -> None:
    workspace = make(OUTSIDE.replace("abroad", "proxy"))
    plan = replace(ready(workspace).plan, networks=("abroad",))
    owners = ownership.owners(workspace.engine, plan.app.stack)
    preconditions.check(workspace.engine, plan, owners, coming={"abroad"})
    with pytest.raises(CcciError, match="abroad is not on this swarm"):
        preconditions.check(workspace.engine, plan, owners)
