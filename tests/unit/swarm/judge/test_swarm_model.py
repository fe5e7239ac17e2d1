"""The model of Swarm does what swarmkit's source says: else what is proven with it is void."""

from dataclasses import replace

from support.swarm_model.model import Behaviour, Cluster, Revision, SimService, one_node, submit
from support.swarm_model.updater import advance, restart_orchestrator

from ccci.swarm.model import Mode, RestartPolicy, TaskState, UpdatePolicy, UpdateState

ROLLBACK = UpdatePolicy(failure_action="rollback", order="start-first")
BASE = Revision("base", update=ROLLBACK)
HEAD = Revision("head", update=ROLLBACK)
DIES = Behaviour(starts=6.0, lives=2.0)


def rolled(head: Revision, base: Revision = BASE, wait: float = 60.0) -> tuple[Cluster, SimService]:
    cluster = one_node()
    submit(cluster, "app", base)
    advance(cluster, 30.0)
    submit(cluster, "app", head)
    advance(cluster, 30.0 + wait)
    return cluster, cluster.services["app"]


def running(service: SimService) -> list[str]:
    return [t.revision.template for t in service.tasks if t.state == TaskState.RUNNING]


def state(service: SimService) -> UpdateState | None:
    return service.status.state if service.status else None


def test_a_first_deploy_and_a_scaling_have_no_status() -> None:
    cluster = one_node()
    submit(cluster, "app", BASE)
    advance(cluster, 10.0)
    submit(cluster, "app", replace(BASE, replicas=3))
    advance(cluster, 20.0)
    service = cluster.services["app"]
    assert (service.status, running(service)) == (None, ["base"] * 3)


def test_a_good_update_completes_a_monitor_after_its_last_slot() -> None:
    _, service = rolled(HEAD)
    assert service.states == ["updating", "completed"]
    assert running(service) == ["head"]


def test_a_rollback_puts_the_previous_spec_back_and_forgets_it() -> None:
    cluster, service = rolled(replace(HEAD, behaviour=DIES), wait=7.0)
    assert service.status is not None
    begun = service.status.started_at
    advance(cluster, 90.0)
    assert service.states == ["updating", "rollback_started", "rollback_completed"]
    assert (service.spec, service.previous, running(service)) == (BASE, None, ["base"])
    assert (service.status.started_at, service.status.message) == (begun, "rollback completed")


def test_completed_is_a_timer_and_not_health() -> None:
    _, service = rolled(replace(HEAD, behaviour=Behaviour(lives=6.0)))
    assert state(service) == UpdateState.COMPLETED
    assert sum(t.state == TaskState.FAILED for t in service.tasks) > 1


def test_history_keeps_five_tasks_a_slot() -> None:
    _, service = rolled(replace(HEAD, behaviour=Behaviour(lives=6.0)), wait=300.0)
    assert len(service.tasks) <= 6


def test_attempts_run_out_in_silence() -> None:
    policy = replace(ROLLBACK, failure_action="continue")
    only = RestartPolicy(delay=0.5, max_attempts=2)
    head = replace(HEAD, update=policy, restart=only, behaviour=Behaviour(lives=1.0))
    _, service = rolled(head)
    assert state(service) == UpdateState.COMPLETED
    assert not running(service)
    assert sum(t.revision.template == "head" for t in service.tasks) == 3


def test_an_identical_redeploy_in_the_middle_disarms_the_updater() -> None:
    bad = replace(HEAD, behaviour=DIES)
    cluster, service = rolled(bad, wait=2.0)
    submit(cluster, "app", bad)
    advance(cluster, 120.0)
    assert service.status is None
    assert service.previous is not None
    assert service.previous[0] == bad
    assert service.states == ["updating"]


def test_a_label_only_redeploy_in_the_middle_removes_the_old_task_at_once() -> None:
    never = replace(HEAD, behaviour=Behaviour(stuck=TaskState.STARTING))
    cluster, service = rolled(never, wait=2.0)
    submit(cluster, "app", replace(never, labels="other"))
    advance(cluster, 60.0)
    assert state(service) == UpdateState.COMPLETED
    assert not running(service)


def test_a_pause_leaves_the_other_slots_alone() -> None:
    pause = UpdatePolicy()
    base = replace(BASE, replicas=2, update=pause)
    head = replace(HEAD, replicas=2, update=pause, behaviour=Behaviour(unhealthy=True))
    _, service = rolled(head, base)
    assert state(service) == UpdateState.PAUSED
    assert running(service) == ["base"]


def test_a_rollback_to_a_broken_spec_pauses() -> None:
    base = replace(BASE, behaviour=Behaviour(lives=2.0))
    _, service = rolled(replace(HEAD, behaviour=DIES), base)
    assert state(service) == UpdateState.ROLLBACK_PAUSED


def test_a_restarted_orchestrator_forgets_what_the_update_made() -> None:
    cluster, service = rolled(replace(HEAD, behaviour=DIES), wait=2.0)
    restart_orchestrator(cluster)
    advance(cluster, 120.0)
    assert state(service) == UpdateState.COMPLETED
    assert cluster.reign == 2


def test_more_than_the_ratio_of_first_failures_trips_and_all_of_them_is_not_more_than_one() -> None:
    def ends(ratio: float) -> UpdateState | None:
        policy = replace(ROLLBACK, max_failure_ratio=ratio)
        base = replace(BASE, replicas=2, update=policy)
        first_fails = Behaviour(lives=1.0, faults=1)
        return state(rolled(replace(base, template="head", behaviour=first_fails), base)[1])

    assert ends(0.5) == UpdateState.ROLLBACK_COMPLETED
    assert ends(1.0) == UpdateState.COMPLETED


def test_each_update_of_a_job_is_a_new_iteration() -> None:
    done = Behaviour(lives=1.0, exit_code=0)
    job = Revision("job", mode=Mode.REPLICATED_JOB, behaviour=done)
    _, service = rolled(job, job)
    assert (service.iteration, service.status) == (1, None)
    ended = {t.iteration for t in service.tasks if t.state == TaskState.COMPLETE}
    assert ended == {0, 1}
