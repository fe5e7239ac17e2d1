"""What ends or runs nowhere although it ran before is not what was asked for, on a real Swarm."""

from support.sandbox.stagings import Stage, app, check

from ccci.exits import Verdict

ON_FAILURE = {"condition": "on-failure", "delay": "200ms"}


def test_a_worker_that_ends_with_0_after_the_upgrade_is_no_one_shot(stage: Stage) -> None:
    stage.base(worker=app(restart=ON_FAILURE))
    told = stage.roll(worker=app("sleep 4; echo usage", restart=ON_FAILURE), keep="worker-ends")
    told.as_expected(Verdict.UNSTABLE, "exited-early", "worker")


def test_a_first_deploy_of_a_one_shot_is_said_to_run_nowhere(stage: Stage) -> None:
    told = stage.roll(app=app(), migrate=app("echo migrated", restart=ON_FAILURE))
    told.as_expected(Verdict.CONVERGED)
    assert "migrate runs nowhere (ended with 0)" in told.report["summary"]


def test_a_service_left_without_a_replica_is_judged_once_its_tasks_have_stopped(
    stage: Stage,
) -> None:
    slow = "trap 'sleep 2; exit 0' TERM; while :; do sleep 0.1; done"
    stage.base(app=app(slow, stop_grace_period="5s", deploy={"replicas": 2}))
    told = stage.roll(app=app(deploy={"replicas": 0}), keep="no-replica-left")
    told.as_expected(Verdict.CONVERGED)
    assert told.report["summary"] == "app runs nowhere (0 replicas asked for)"
    states = set(stage.swarm.states(stage.full()))
    assert "running" not in states


def test_a_command_that_scales_to_nothing_is_told_so(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.converge(f"docker service scale --detach {stage.full()}=0")
    told.as_expected(Verdict.CONVERGED)
    assert "app runs nowhere" in told.report["summary"]


def test_a_global_service_that_no_node_fits_any_more_is_stalled(stage: Stage) -> None:
    stage.base(agent=app(deploy={"mode": "global"}))
    placement = {"placement": {"constraints": ["node.labels.zone == eu"]}}
    head = app("sleep 99999", deploy={"mode": "global", **placement})
    told = stage.roll(agent=head, keep="global-fits-nowhere")
    told.as_expected(Verdict.STALLED, "no-suitable-node", "agent")
    assert "node.labels.zone == eu" in told.service("agent")["cause"]["hint"]


def test_a_worker_that_command_made_anew_and_that_ends_with_0_is_no_one_shot(stage: Stage) -> None:
    stage.base(worker=app(restart=ON_FAILURE))
    deploy = stage.write({"worker": app("sleep 1; echo usage", restart=ON_FAILURE)})
    told = stage.converge(f"docker service rm {stage.full('worker')}; {deploy}")
    told.as_expected(Verdict.UNSTABLE, "exited-early", "worker")


def test_a_one_shot_on_another_node_may_have_been_stopped_for_its_check(
    stage_of_three: Stage,
) -> None:
    stage = stage_of_three
    away = stage.swarm.docker("node", "ls", "--format={{.Hostname}}").stdout.split()[-1]
    there = {"placement": {"constraints": [f"node.hostname == {away}"]}}
    once = {"restart": {"condition": "none"}, "deploy": there}
    stops = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
    sick = app(stops, healthcheck=check("false"), **once)
    # This one ends before a check of its own can have failed three times.
    quick = app("sleep 1", healthcheck=check("false", interval="20s", retries=3), **once)
    told = stage.roll(sick=sick, quick=quick)
    told.as_expected(Verdict.UNSTABLE, "exited-early", "sick")
    assert away in told.service("sick")["cause"]["hint"]
    assert told.service("quick")["verdict"] == "converged"
