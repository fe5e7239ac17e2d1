"""What Swarm applies where a file says nothing."""

import pytest

from ccci.compose.service import Healthcheck, RestartPolicy, Service, UpdateConfig
from ccci.swarm.model import Mode, UpdatePolicy
from ccci.sweep.policy import CheckSource, effective

SECOND = 10**9


def test_nothing_written_means_swarms_defaults() -> None:
    policy = effective(Service("app"))
    assert policy.update == UpdatePolicy("pause", "stop-first", 5.0, 0.0, 1, 0.0)
    assert policy.rollback == policy.update
    assert not policy.update_declared
    assert (policy.mode, policy.replicas) == (Mode.REPLICATED, 1)
    assert policy.restart.condition == "any"
    assert policy.stop_grace == 10.0
    assert policy.health is CheckSource.NONE


def test_a_monitor_of_zero_is_five_seconds() -> None:
    assert effective(Service("app", update=UpdateConfig(monitor=0))).update.monitor == 5.0


def test_parallelism_zero_stays_and_means_all_at_once() -> None:
    assert effective(Service("app", update=UpdateConfig(parallelism=0))).update.parallelism == 0


@pytest.mark.parametrize("mode", ["global", "global-job"])
def test_a_global_service_has_no_replicas(mode: str) -> None:
    assert effective(Service("app", mode=mode, replicas=3)).replicas is None


@pytest.mark.parametrize(
    ("check", "health"),
    [
        (None, CheckSource.NONE),
        (Healthcheck(), CheckSource.INHERITED),
        (Healthcheck(test=("NONE",)), CheckSource.DISABLED),
        (Healthcheck(test=("CMD-SHELL", "NONE")), CheckSource.DEFINED),
        (Healthcheck(disable=True), CheckSource.DISABLED),
        (Healthcheck(test=("CMD", "true")), CheckSource.DEFINED),
    ],
)
def test_where_the_health_check_comes_from(check: Healthcheck | None, health: CheckSource) -> None:
    assert effective(Service("app", healthcheck=check)).health is health


def test_a_block_without_a_test_still_has_its_start_period() -> None:
    check = Healthcheck(start_period=20 * SECOND)
    assert effective(Service("app", healthcheck=check)).start_period == 20.0
    assert effective(Service("app", healthcheck=Healthcheck(disable=True))).start_period is None
    assert effective(Service("app")).start_period is None


def test_a_check_without_numbers_has_dockers() -> None:
    policy = effective(Service("app", healthcheck=Healthcheck(test=("CMD", "a"), interval=0)))
    assert policy.check is not None
    assert (policy.check.interval, policy.check.timeout, policy.check.retries) == (30.0, 30.0, 3)


@pytest.mark.parametrize(
    ("word", "condition", "attempts"),
    [("always", "any", 0), ("no", "any", 0), ("on-failure:3", "on-failure", 3), ("", "any", 0)],
)
def test_the_older_restart_counts_where_there_is_no_policy(
    word: str, condition: str, attempts: int
) -> None:
    restart = effective(Service("app", restart=word)).restart
    assert (restart.condition, restart.max_attempts) == (condition, attempts)


def test_a_restart_policy_stands_above_restart() -> None:
    service = Service("app", restart="on-failure", restart_policy=RestartPolicy(delay=2 * SECOND))
    assert effective(service).restart.condition == "any"
    assert effective(service).restart.delay == 2.0
