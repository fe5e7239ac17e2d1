"""How tasks, slots, jobs and nodes fool a watcher, staged for real: second half of the list.

The quirks and their sources are in docs/explanation/swarm.md.
"""

import shlex

from support.sandbox.images import BUSYBOX
from support.sandbox.stagings import Stage, app, check, failing
from support.sandbox.swarms import Swarm, wait_for

from ccci.exits import Verdict


def job(stage: Stage, command: str) -> str:
    """Return the shell words that run this command once as a job of the stack, never retried.

    Not by `docker stack deploy`, which knows no jobs in Debian 12's docker CLI (20.10).
    """
    words = ["--detach", "--no-resolve-image", "--mode=replicated-job", "--restart-condition=none"]
    words += [f"--name={stage.full()}", f"--label=com.docker.stack.namespace={stage.stack}"]
    return shlex.join(["docker", "service", "create", *words, BUSYBOX, "sh", "-c", command])


def test_stop_first_is_exclusive_for_sixty_seconds_only(stage: Stage) -> None:
    deaf = "trap '' TERM; while true; do sleep 1; done"
    stop_first = {"order": "stop-first", "monitor": "1s"}
    stage.base(app=app(deaf, update=stop_first, stop_grace_period="100s"))
    head = app(update=stop_first, stop_grace_period="100s")
    told = stage.roll("--timeout=120s", app=head, keep="stop-first-overlaps")
    told.as_expected(Verdict.CONVERGED)
    assert told.seconds > 60
    assert any("beside the new one" in note for note in told.report["notes"])


def test_an_old_task_that_does_not_stop_is_what_a_time_out_names(stage: Stage) -> None:
    deaf = "trap '' TERM; while true; do sleep 1; done"
    stop_first = {"order": "stop-first"}
    stage.base(app=app(deaf, update=stop_first, stop_grace_period="50s"))
    head = app(update=stop_first, stop_grace_period="50s")
    told = stage.roll("--timeout=6s", app=head, keep="old-task-not-stopping")
    told.as_expected(Verdict.TIMED_OUT, "old-task-not-stopping")


def test_unhealthy_but_graceful_is_no_error_to_swarm(stage: Stage) -> None:
    stage.base(app=app())
    sick = app(
        "trap 'exit 0' TERM; touch /ok; sleep 2; rm /ok; while true; do sleep 1; done",
        restart={"condition": "on-failure", "delay": "200ms"},
        update={"monitor": "1s"},
        healthcheck=check("test -f /ok || { echo gone sour; exit 1; }"),
    )
    told = stage.roll("--soak=20s", app=sick, keep="unhealthy-but-graceful")
    told.as_expected(Verdict.UNSTABLE, "unhealthy")
    assert "gone sour" in "".join(told.service()["cause"]["health"])
    assert told.service()["cause"]["exit_code"] == 0


def test_an_unhealthy_task_is_listed_as_running_until_it_has_stopped(stage: Stage) -> None:
    stage.base(app=app())
    # It turns unhealthy at once after the monitor, and is deaf for all its grace.
    sour = app(
        "trap '' TERM; touch /ok; sleep 2; rm /ok; while true; do sleep 1; done",
        update={"monitor": "1s"},
        stop_grace_period="12s",
        healthcheck=check("test -f /ok || { echo gone sour; exit 1; }", retries=1),
    )
    told = stage.roll(app=sour, keep="unhealthy-while-it-stops")
    told.as_expected(Verdict.UNSTABLE, "unhealthy")
    assert told.states() == ["updating", "completed"]


def test_a_task_that_is_starting_is_not_running_until_its_first_good_probe(stage: Stage) -> None:
    stage.base(app=app())
    slow = app("sleep 4; touch /ok; sleep 99", healthcheck=check("test -f /ok", start_period="30s"))
    told = stage.roll(app=slow, keep="starting-until-healthy")
    told.as_expected(Verdict.CONVERGED)
    assert told.states() == ["updating", "completed"]
    assert told.seconds > 9


def test_a_ratio_lets_swarm_tolerate_a_dead_slot_and_ccci_does_not(stage: Stage) -> None:
    two = {"replicas": 2}
    stage.base(app=app(deploy=two))
    head = app(
        "test $SLOT = 2 && exit 1; sleep 100000",
        environment={"SLOT": "{{.Task.Slot}}"},
        update={"max_failure_ratio": 0.5},
        deploy=two,
    )
    told = stage.roll(app=head, keep="ratio-tolerates-a-dead-slot")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    assert stage.status() == "completed"


def test_a_rollback_replaces_healthy_tasks_which_are_no_evidence(stage: Stage) -> None:
    three = {"replicas": 3}
    stage.base(app=app("sleep 100000", deploy=three))
    head = failing(
        "test $SLOT = 3 && exit 7; sleep 100000",
        environment={"SLOT": "{{.Task.Slot}}"},
        deploy=three,
        update={"parallelism": 3},
    )
    told = stage.roll(app=head, keep="rollback-replaces-healthy-tasks")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert told.service()["cause"]["exit_code"] == 7


def test_a_rollback_is_per_service_and_leaves_the_stack_mixed(stage: Stage) -> None:
    stage.base(app=app(), worker=app())
    told = stage.roll(app=failing(), worker=app("sleep 99999"), keep="mixed-stack")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert told.service("worker")["verdict"] == "converged"


def test_what_the_docker_cli_says_of_a_rollback_is_not_taken(stage: Stage) -> None:
    stage.base(app=app())
    stage.write({"app": failing("sleep 1; exit 1", rollback={"monitor": "6s"})})
    deploy = f"docker stack deploy --resolve-image=never -c head.json {stage.stack}"
    attached = "docker stack deploy --help | grep -q -e --detach && wait=--detach=false"
    told = stage.converge(f"{attached}; {deploy} $wait", keep="cli-ends-before-the-rollback")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert not told.report["command_exit_code"]
    assert told.states()[-1] == "rollback_completed"


def test_a_job_is_done_when_it_completed(stage: Stage) -> None:
    told = stage.converge(job(stage, "sleep 8"), keep="job-completes")
    told.as_expected(Verdict.CONVERGED)
    assert told.seconds > 8


def test_a_job_that_fails_and_is_not_retried_never_ends_for_swarm(stage: Stage) -> None:
    told = stage.converge(job(stage, "echo oh no; exit 4"), "--timeout=30s", keep="job-fails")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    assert told.service()["cause"]["exit_code"] == 4


def test_an_identical_update_runs_a_job_again(stage: Stage) -> None:
    first = shlex.split(job(stage, "sleep 6; echo done"))
    stage.swarm.docker(*first[1:])
    wait_for(lambda: _completed(stage) == 1, "the job's end")
    again = f"docker service update --detach --no-resolve-image {stage.full()}"
    told = stage.converge(again, keep="job-runs-again")
    told.as_expected(Verdict.CONVERGED)
    assert told.seconds > 6
    assert _completed(stage) == 2


def _completed(stage: Stage) -> int:
    return stage.swarm.states(stage.full()).count("complete")


def test_a_slot_without_attempts_left_stays_empty_in_silence(stage: Stage) -> None:
    stage.base(app=app())
    head = app(
        "exit 5",
        # Under start-first a task that fails at once leaves the old one, and Swarm tries again.
        update={"failure_action": "continue", "monitor": "10s", "order": "stop-first"},
        restart={"condition": "any", "delay": "100ms", "max_attempts": 1},
    )
    told = stage.roll(app=head, keep="attempts-run-out")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    assert "no attempts left" in told.service()["detail"]


def test_a_global_service_is_not_expected_on_a_drained_node(
    stage_of_three: Stage, swarm_three: Swarm
) -> None:
    stage = stage_of_three
    everywhere = {"mode": "global"}
    stage.base(app=app(deploy=everywhere))
    names = swarm_three.docker("node", "ls", "--format={{.Hostname}}").stdout.split()
    swarm_three.docker("node", "update", "--availability=drain", names[-1])
    told = stage.roll(app=app("sleep 99999", deploy=everywhere), keep="global-with-a-drained-node")
    told.as_expected(Verdict.CONVERGED)
    up = [task for task in told.service()["tasks"] if task["state"] == "running"]
    assert len({task["node"] for task in up if task["up_to_date"]}) == 2
    assert any(names[-1] in note for note in told.report["notes"])


def test_stop_first_that_has_not_begun_is_not_taken_for_done(stage: Stage) -> None:
    stop_first = {"order": "stop-first"}
    stage.base(app=app(update=stop_first))
    old = stage.swarm.running(stage.full())[0]["ID"]
    told = stage.roll(app=app("sleep 99999", update=stop_first), keep="stop-first")
    told.as_expected(Verdict.CONVERGED)
    up = [task for task in told.service()["tasks"] if task["desired"] == "running"]
    assert [task["id"] == old for task in up] == [False]


def test_a_failure_while_another_slot_still_starts_is_not_counted(stage: Stage) -> None:
    # The updater reads failures only between slots and after the last: what failed while the last
    # slots start is then older than `monitor` (swarmkit updater.go, wg.Wait).
    two = {"replicas": 2}
    stage.base(app=app(deploy=two))
    head = app(
        "test $SLOT = 1 && exit 1; sleep 7; touch /ok; sleep 99999",
        environment={"SLOT": "{{.Task.Slot}}"},
        healthcheck=check("test -f /ok", start_period="60s"),
        update={"parallelism": 2, "monitor": "2s"},
        deploy=two,
    )
    told = stage.roll(app=head, keep="failure-unseen-by-the-updater")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    assert stage.status() == "completed"


def test_a_slot_may_hold_two_new_tasks_after_a_crash_during_start_first(stage: Stage) -> None:
    # The old task's restart is of the new spec, too (swarmkit restart.go).
    stage.base(running=False, app=app("sleep 3; exit 1"))
    slow = app(
        "sleep 6; touch /ok; sleep 99999",
        healthcheck=check("test -f /ok", start_period="60s"),
        update={"monitor": "1s"},
    )
    deploy = stage.write({"app": slow})
    told = stage.converge(f"{deploy} && sleep 2 && {deploy}", "--timeout=40s", keep="two-in-a-slot")
    assert (told.verdict, told.code) == (Verdict.TIMED_OUT, 12)
    up = [task for task in told.service()["tasks"] if task["desired"] == "running"]
    assert [task["state"] for task in up] == ["running"] * 2
    assert "slot 1 holds 2 tasks" in told.report["summary"]
    assert "deploy again" in told.service()["cause"]["hint"]
    stage.redeploy()
    wait_for(lambda: len(stage.swarm.running(stage.full())) == 1, "one task of the slot")
