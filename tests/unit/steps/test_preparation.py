"""A revision is deployed only after all that can be known before was asked."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.recipes.upgrade_stage import Engine, Make, Stage, head_of, stages

from ccci.errors import CcciError, DeployRefused
from ccci.steps import ownership, preconditions
from ccci.steps.preparation import BASE, HEAD, Ready, check_out, prepare
from ccci.steps.workspace import Choices
from ccci.swarm.labels import STACK_LABEL

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


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    made = stages(tmp_path, monkeypatch)

    def stage(compose: str, *, engine: Engine | None = None, **files: str) -> Stage:
        found = made(head_files={"compose.yml": compose, **files})
        there: Any = engine or Engine()
        found.workspace = replace(found.workspace, engine=there)
        return found

    return stage


def ready(stage: Stage, why: str = HEAD, **chosen: Any) -> Ready:
    choices = Choices(resolve_image="never", domain="shop.test", **chosen)
    workspace = replace(stage.workspace, choices=choices)
    commit = head_of(stage)
    app, revision = workspace.app(commit), workspace.revision(commit, None)
    check_out(workspace, revision, why)
    workspace.deployer.new_app(app, revision)
    return prepare(workspace, app, revision, why)


def test_a_revision_that_nothing_hinders_is_ready(make: Make) -> None:
    stage = make("version: '3.8'\n" + APP % "")
    found = ready(stage)
    assert found.deployment.argv == ("deploy",)
    assert [each.name for each in stage.workspace.steps.done] == [
        *("head checkout", "head secrets", "head check", "head images"),
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
    stage = make(MOUNTS)
    allowed = ready(stage, refuse_host_paths=True, allow_host_paths=("/etc",))
    assert allowed.plan.images == {"app": "a:1"}


def test_what_a_revision_reaches_of_the_host_is_told_once(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = make(MOUNTS)
    told = [each for each in ready(stage).deployment.notes if "/etc" in each]
    assert len(told) == 1
    assert told[0] in capsys.readouterr().err


def test_what_a_deploy_before_makes_is_not_missed(make: Make) -> None:
    stage = make(OUTSIDE.replace("abroad", "proxy"))
    plan = replace(ready(stage).plan, networks=("abroad",))
    owners = ownership.owners(stage.workspace.engine, plan.app.stack)
    preconditions.check(stage.workspace.engine, plan, owners, coming={"abroad"})
    with pytest.raises(CcciError, match="abroad is not on this swarm"):
        preconditions.check(stage.workspace.engine, plan, owners)
