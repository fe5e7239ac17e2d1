"""The deadline's arithmetic, term by term."""

import pytest
from support.sandbox.rollouts import CHECK, NODE, look, service, spec, task

from ccci.swarm.judge.deadline import derive, health_of, soak_of
from ccci.swarm.model import HealthCheck, HealthSource, Mode, Node, UpdatePolicy


def seconds(**changes: object) -> float:
    return derive(look(0, service("one", task("b1"), spec=changes))).seconds


def test_a_plain_service_may_take_its_start_and_stop_twice_and_the_soak() -> None:
    # (30 to start + 10 stop grace + 5 monitor) + the same for one rollback + 5 soak
    assert seconds() == pytest.approx(45 + 45 + 5)


def test_start_first_needs_no_stop_grace() -> None:
    assert seconds(update=UpdatePolicy(order="start-first")) == pytest.approx(35 + 35 + 5)


@pytest.mark.parametrize(("parallelism", "waves"), [(0, 1), (1, 4), (2, 2), (3, 2), (9, 1)])
def test_waves_and_the_delays_between_them(parallelism: int, waves: int) -> None:
    policy = UpdatePolicy(order="start-first", parallelism=parallelism, delay=7)
    expected = waves * 35 + (waves - 1) * 7 + 35 + 5
    assert seconds(update=policy, replicas=4) == pytest.approx(expected)


def test_a_health_check_may_use_its_start_period_and_all_retries() -> None:
    check = HealthCheck(interval=10, timeout=5, retries=3, start_period=60)
    found = seconds(
        health=check, health_source=HealthSource.DEFINED, update=UpdatePolicy(order="start-first")
    )
    assert found == pytest.approx(2 * (30 + 60 + 45 + 5) + 45)


def test_an_image_that_is_not_local_may_be_pulled_but_not_again_for_a_rollback() -> None:
    seen = look(0, service("one"), absent_images=frozenset({"image:one"}))
    assert derive(seen).seconds == pytest.approx(45 + 300 + 45 + 5)


def test_a_global_service_has_as_many_tasks_as_nodes_that_fit() -> None:
    nodes = (NODE, Node("n2", "two"), Node("n3", "three", ready=False))
    one = service("one", spec={"mode": Mode.GLOBAL, "replicas": None})
    assert derive(look(0, one, nodes=nodes)).seconds == pytest.approx(2 * 45 + 45 + 5)


def test_a_job_may_work_for_a_while_and_has_no_waves_and_no_rollback() -> None:
    assert seconds(mode=Mode.REPLICATED_JOB, replicas=5) == pytest.approx(35 + 300 + 5)


def test_the_slowest_service_sets_the_deadline_and_the_arithmetic_adds_up() -> None:
    slow = service("one", name="slow", spec={"stop_grace": 100.0})
    found = derive(look(0, service("one"), slow))
    assert found.seconds == pytest.approx(2 * 135 + 5)
    assert found.arithmetic == (
        "275s for slow = 30s to start + 100s stop grace + 5s monitor + 135s one rollback + 5s soak"
    )


def test_a_soak_of_the_user_replaces_ours() -> None:
    assert derive(look(0, service("one")), soak=50).seconds == pytest.approx(45 + 45 + 50)


def test_a_recipe_that_asks_for_days_gets_two_hours_and_that_is_said() -> None:
    check = HealthCheck(interval=10, timeout=5, retries=3, start_period=2000 * 3600.0)
    slow = service("one", spec={"health": check, "health_source": HealthSource.DEFINED})
    found = derive(look(0, slow))
    assert found.seconds == 7200
    assert found.arithmetic.startswith(
        "7200s, the most without --timeout (14400225s for app = 30s to start + 7200000s"
    )
    assert derive(look(0, slow), soak=9000).seconds == 16200
    assert derive(look(0, service("one", spec={"stop_grace": 3000.0}))).seconds < 7200


@pytest.mark.parametrize(
    ("monitor", "check", "expected"),
    [
        (5, None, 5),
        (1, None, 5),
        (20, None, 20),
        (5, CHECK, 5),
        (5, HealthCheck(interval=10, timeout=5, retries=2), 30),
        (5, HealthCheck(), 60),
        (300, None, 60),
    ],
)
def test_the_soak_is_the_longer_of_monitor_and_check_within_bounds(
    monitor: float, check: HealthCheck | None, expected: float
) -> None:
    assert soak_of(spec("x", update=UpdatePolicy(monitor=monitor)), check) == expected


def test_an_images_own_check_counts_where_none_is_written() -> None:
    inherited = {"image:x": CHECK}
    assert health_of(spec("x", health_source=HealthSource.INHERITED), inherited) == CHECK
    assert health_of(spec("x", health_source=HealthSource.DISABLED), inherited) is None
    assert health_of(spec("y", health_source=HealthSource.INHERITED), inherited) is None
