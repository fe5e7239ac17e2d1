"""The words for what a rollout waits for, in the head line of the table."""

import pytest
from support.sandbox.rollouts import CHECK, baseline, fold, look, service, task

from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Command, HealthSource, Observation
from ccci.terminal.awaited import awaited

BEFORE = baseline(service("base", task("a1")))
OLD = task("a1", up_to_date=False)
RUNNING = Command(("docker", "stack", "deploy"))


def waits(*looks: Observation, at: float | None = None) -> str:
    rollout: Rollout = fold(BEFORE, looks)
    return awaited(rollout, looks[-1], looks[-1].at if at is None else at)


def rolling(*tasks: object, **changes: object) -> Observation:
    return look(1, service("head", OLD, *tasks, update="updating", **changes))  # type: ignore[arg-type]


def test_before_its_first_change_command_is_waited_for() -> None:
    assert waits(look(1, service("base", task("a1")), command=RUNNING)) == "COMMAND's first change"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("preparing", "the image of app, and its start"),
        ("pending", "a node for app"),
        ("starting", "app"),
    ],
)
def test_what_a_task_waits_for_is_named(state: str, words: str) -> None:
    assert waits(rolling(task("b1", state))) == words


def test_a_health_check_is_waited_for_until_it_has_to_be_unhealthy() -> None:
    checked = {"health": CHECK, "health_source": HealthSource.DEFINED}
    most = CHECK.start_period + CHECK.unhealthy_after
    told = waits(rolling(task("b1", "starting", since=1.0), spec=checked))
    assert told == f"app's health check, up to {most - 1:.0f}s"


def test_a_soak_is_waited_for_by_its_seconds() -> None:
    up = [
        look(at, service("head", task("b1", since=at - 1), update="completed")) for at in (1.0, 2.0)
    ]
    assert waits(*up).startswith("app to stay up, up to ")


def test_a_rollback_is_swarms() -> None:
    back = look(2, service("base", task("a1"), task("b1", "failed"), update="rollback_started"))
    assert waits(rolling(task("b1")), back) == "Swarm to roll app back"


def test_others_are_counted_and_what_only_soaks_comes_last() -> None:
    soaking = service("head", task("c1"), name="web", update="completed")
    app = service("head", OLD, task("b1", "pending"), update="updating")
    assert waits(look(1, soaking, app)) == "a node for app, and 1 more"


def test_where_all_is_done_nothing_is_waited_for() -> None:
    done = [look(at, service("head", task("b1"), update="completed")) for at in (1.0, 100.0)]
    assert waits(*done) == ""
