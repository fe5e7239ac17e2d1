import base64
from pathlib import Path
from typing import Any, cast

import pytest

from ccci.deployers import App, Revision
from ccci.errors import DeployRefused
from ccci.locks import swarm_lock
from ccci.steps.reach import strays
from ccci.swarm.engine.client import Engine

APP = App("shop", "shop.test", "shop_test", Path("/nowhere"))
HEAD = Revision("7ae7b0f7" + "0" * 32)
RELEASE = Revision("eb96de94" + "0" * 32, version="0.7.0+3.3.1", chaos=False)


def service(stack: str, name: str, recipe: str | None = None, **stamps: str) -> dict[str, Any]:
    labels = {"com.docker.stack.namespace": stack}
    if recipe:
        labels[f"coop-cloud.{stack}.recipe"] = recipe
    for stamp, text in stamps.items():
        labels[f"coop-cloud.{stack}.{stamp.replace('_', '-')}"] = text
    return {"ID": f"id-{stack}-{name}", "Spec": {"Name": f"{stack}_{name}", "Labels": labels}}


def lock(stack: str) -> dict[str, Any]:
    since = "2026-01-01T00:00:00Z"
    holder = swarm_lock.Holder(stack, "another run", "elsewhere", "root", 1, "theirs", "t", since)
    data = base64.b64encode(swarm_lock.DATA).decode()
    spec = {"Name": swarm_lock.lock_name(stack), "Data": data, "Labels": holder.labels()}
    return {"ID": f"lock-{stack}", "Version": {"Index": 1}, "Spec": spec}


class Swarm:
    """An Engine that lists these services and locks."""

    def __init__(self, services: tuple[dict[str, Any], ...], locked: tuple[str, ...]) -> None:
        self.listed = services
        self.locks = [lock(stack) for stack in locked]

    def services(self) -> list[dict[str, Any]]:
        return list(self.listed)

    def configs(self) -> list[dict[str, Any]]:
        return self.locks


def refuse(
    *services: dict[str, Any],
    revision: Revision = HEAD,
    before: tuple[dict[str, Any], ...] = (),
    was_locked: tuple[str, ...] = (),
    locked: tuple[str, ...] = (),
    touched: bool = False,
    succeeded: bool = True,
) -> tuple[str, ...]:
    there = strays.There(
        {each["ID"]: each["Spec"]["Labels"] for each in before}, frozenset(was_locked)
    )
    engine = cast("Engine", Swarm(services, locked))
    return strays.refuse(engine, APP, revision, there, touched=touched, succeeded=succeeded)


def test_a_stack_of_this_recipe_that_came_up_beside_the_runs_own_is_named() -> None:
    with pytest.raises(DeployRefused, match=r"to the stack node-next,.*: node-next_app, node"):
        refuse(service("node-next", "app", "shop"), service("node-next", "db"))


@pytest.mark.parametrize(
    ("revision", "stamps"),
    [(HEAD, {"chaos_version": "7ae7b0f7+U"}), (RELEASE, {"version": "0.7.0+3.3.1"})],
)
def test_one_that_carries_this_revisions_label_is_this_runs_doing(
    revision: Revision, stamps: dict[str, str]
) -> None:
    with pytest.raises(DeployRefused, match="the stack elsewhere,"):
        refuse(service("elsewhere", "app", "shop", **stamps), revision=revision)


@pytest.mark.parametrize(
    ("revision", "stamps"),
    [(HEAD, {"chaos_version": "0c865a4a"}), (RELEASE, {"version": "0.9.0+3.5.0"})],
)
def test_one_that_carries_anothers_label_is_of_another_run(
    revision: Revision, stamps: dict[str, str]
) -> None:
    refuse(service("elsewhere", "app", "shop", **stamps), revision=revision)


def test_where_the_apps_own_stack_was_deployed_the_other_is_somebody_elses_and_told() -> None:
    (note,) = refuse(service("elsewhere", "app", "shop"), touched=True)
    assert "to the stack elsewhere meanwhile: elsewhere_app" in note
    assert refuse(service("elsewhere", "app", "shop"), touched=True, locked=("elsewhere",)) == ()


def test_one_that_another_run_holds_the_lock_of_or_held_is_its_own() -> None:
    refuse(service("elsewhere", "app", "shop"), locked=("elsewhere",))
    refuse(service("elsewhere", "app", "shop"), was_locked=("elsewhere",))
    with pytest.raises(DeployRefused, match="the stack elsewhere,"):
        refuse(service("elsewhere", "app", "shop"), locked=("elsewhere-2",))


def test_what_was_there_is_the_runs_own_or_is_of_another_recipe_is_nobodys_concern() -> None:
    refuse(
        service("shop_test", "app", "shop"),
        service("blog", "app", "blog"),
        service("old", "app", "shop"),
        service("plain", "web"),
        before=(service("old", "app", "shop"),),
    )


OLD = {"chaos_version": "0c865a4a", "chaos": "true"}
NEW = {"chaos_version": "7ae7b0f7", "chaos": "true"}


@pytest.mark.parametrize(
    ("revision", "old", "new"),
    [
        (HEAD, OLD, NEW),
        (HEAD, {"version": "0.7.0+3.3.1", "chaos": "false"}, NEW),
        (RELEASE, OLD, {"version": "0.7.0+3.3.1", "chaos": "false"}),
    ],
)
def test_a_live_stack_that_was_overwritten_is_named_and_not_to_be_removed(
    revision: Revision, old: dict[str, str], new: dict[str, str]
) -> None:
    with pytest.raises(DeployRefused, match=r"over the stack live, .*: live_app, live_db") as error:
        refuse(
            service("live", "app", "shop", **new),
            service("live", "db"),
            revision=revision,
            before=(service("live", "app", "shop", **old),),
        )
    assert "deploy to live again what it had" in error.value.hint
    assert "stack rm" not in error.value.hint


def test_whoever_changes_a_live_stack_otherwise_is_not_blamed() -> None:
    live = (service("live", "app", "shop", **OLD),)
    now = service("live", "app", "shop", **NEW)
    assert refuse(service("live", "app", "shop", **OLD), before=live) == ()
    assert refuse(now, before=(now,)) == ()
    assert refuse(service("live", "app", "shop", chaos_version="eb96de94"), before=live) == ()
    assert refuse(service("live", "app", "blog", **NEW), before=live) == ()
    assert refuse(now, before=live, locked=("live",)) == ()
    assert refuse({**now, "UpdateStatus": {"State": "rollback_started"}}, before=live) == ()
    for told in (refuse(now, before=live, touched=True), refuse(now, before=live, succeeded=False)):
        assert "to the stack live meanwhile: live_app" in told[0]
