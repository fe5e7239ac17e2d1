"""What Swarm does in an update that fools a watcher, staged for real: first half of the list.

The quirks and their sources are in docs/explanation/swarm.md.
"""

from pathlib import Path
from typing import Any

from support.sandbox.stagings import Stage, app, check, failing

from ccci.exits import Verdict

NEVER = {"healthcheck": check("false", start_period="100s", retries=1)}


def test_an_identical_redeploy_by_somebody_else_disarms_the_updater(stage: Stage) -> None:
    stage.base(app=app())

    def again() -> None:
        stage.wait_status("updating")
        stage.redeploy()

    told = stage.roll(app=app("sleep 99999", **NEVER), during=again, keep="identical-redeploy")
    told.as_expected(Verdict.DISTURBED, "interference")
    assert stage.status() is None


def test_an_identical_redeploy_by_command_itself_never_passes_the_old_task(stage: Stage) -> None:
    stage.base(app=app())
    deploy = stage.write({"app": app("sleep 99999", **NEVER)})
    told = stage.converge(f"{deploy} && sleep 2 && {deploy}", keep="identical-redeploy-of-our-own")
    told.as_expected(Verdict.DISTURBED, "interference")
    assert any(not task["up_to_date"] for task in told.service()["tasks"])


def test_a_label_only_redeploy_mid_roll_completes_over_a_task_that_starts(stage: Stage) -> None:
    stage.base(app=app())
    head = app("sleep 99999", **NEVER)
    first = stage.write({"app": head})
    labelled = {**head, "deploy": {**head["deploy"], "labels": {"a": "b"}}}
    second = stage.write({"app": labelled}, "labelled")
    told = stage.converge(
        f"{first} && sleep 2 && {second}", "--timeout=12s", keep="label-only-redeploy-mid-roll"
    )
    told.as_expected(Verdict.TIMED_OUT, "start-timeout")
    assert stage.status() == "completed"


def test_a_crash_after_the_monitor_is_unstable_although_swarm_says_completed(stage: Stage) -> None:
    stage.base(app=app())
    head = app("echo going; sleep 3; exit 3", update={"monitor": "1s"})
    told = stage.roll(app=head, keep="crash-after-monitor")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    assert told.service()["cause"]["exit_code"] == 3
    assert "completed" in told.states()


def test_failure_action_continue_reports_nothing_and_is_unstable(stage: Stage) -> None:
    stage.base(app=app())
    head = app("echo no use; exit 1", update={"failure_action": "continue"})
    told = stage.roll(app=head, keep="failure-action-continue")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    cause = told.service()["cause"]
    assert "no use" in "".join(cause["logs"])
    assert told.seconds < 40


def test_the_default_failure_action_is_to_pause(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll(app=failing(update={"failure_action": None}), keep="pause-by-default")
    told.as_expected(Verdict.PAUSED, "exit-nonzero")
    assert stage.status() == "paused"


def test_a_rollback_onto_a_broken_spec_says_that_it_is_broken(stage: Stage) -> None:
    back = {"failure_action": "continue", "monitor": "1s"}
    slow = {"condition": "any", "delay": "5s"}
    # It never starts: what dies soon may be seen to run by the one look that decides.
    broken = app(command=["/absent"], rollback=back, restart=slow)
    stage.base(running=False, app=broken)
    told = stage.roll(app=failing(rollback=back, restart=slow), keep="rollback-onto-broken")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert "what came back" in told.service()["detail"]


def test_a_rollback_that_fails_as_well_is_paused(stage: Stage, tmp_path: Path) -> None:
    # One slot of the head fails, the other stays up: the rollback has to replace that one, by a
    # base that does not run again on what the head left. (Where the only slot is empty Swarm may
    # fill it with the old spec before the rollback looks, which then has nothing to do.)
    spoilt = "test -e /data/spent && sleep 2 && exit 9; sleep 100000"
    spoils = "touch /data/spent; sleep 3; test $SLOT = 1 && exit 1; sleep 100000"
    kept: dict[str, Any] = {
        "volumes": [f"{tmp_path}:/data"],
        "update": {"order": "stop-first", "parallelism": 2, "monitor": "15s"},
        "rollback": {"order": "stop-first", "monitor": "15s"},
        "environment": {"SLOT": "{{.Task.Slot}}"},
        "deploy": {"replicas": 2},
        "stop_grace_period": "1s",
    }
    stage.base(app=app(spoilt, **kept))
    told = stage.roll(app=app(spoils, **kept), keep="rollback-paused")
    told.as_expected(Verdict.ROLLBACK_PAUSED, "exit-nonzero")
    assert stage.status() == "rollback_paused"


def test_a_rollback_that_swarm_stops_is_told_by_what_does_not_come_back(
    stage: Stage, tmp_path: Path
) -> None:
    # The head's own failure is why Swarm went back; that it went no further has another cause.
    data = tmp_path / "data"
    data.mkdir()
    kept: dict[str, Any] = {
        "update": {"order": "stop-first", "parallelism": 2, "monitor": "15s"},
        "rollback": {"order": "stop-first", "monitor": "15s"},
        "environment": {"SLOT": "{{.Task.Slot}}"},
        "deploy": {"replicas": 2},
        "stop_grace_period": "1s",
    }
    stage.base(app=app(volumes=[f"{data}:/data"], **kept))
    data.rmdir()
    dies = "sleep 3; test $SLOT = 1 && exit 1; sleep 100000"
    told = stage.roll(app=app(dies, **kept), keep="rollback-cannot-mount")
    told.as_expected(Verdict.ROLLBACK_PAUSED, "mount-failed")
    assert str(data) in told.service()["cause"]["hint"]
    assert "what came back fails, too" in told.service()["detail"]


def test_an_update_that_waits_for_ever_times_out_with_what_it_waited_for(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll("--timeout=8s", app=app("sleep 99999", **NEVER), keep="updating-for-ever")
    told.as_expected(Verdict.TIMED_OUT, "start-timeout")
    assert stage.status() == "updating"


def test_a_host_port_held_by_the_old_task_stalls_start_first(stage: Stage) -> None:
    port = {"ports": [{"target": 80, "published": 18080, "mode": "host"}]}
    stage.base(app=app(**port))
    told = stage.roll(app=app("sleep 99999", **port), keep="host-port-taken")
    told.as_expected(Verdict.STALLED, "port-in-use")
    assert "stop-first" in told.service()["cause"]["hint"]


def test_a_host_port_that_another_service_holds_stalls_a_global_one(stage: Stage) -> None:
    # Its node is given, so that the scheduler tells the reason alone, without "no suitable node".
    # (Where its own old task holds the port Swarm may end that one: at any change of the node it
    # removes the old tasks of a global service beside a new one.)
    port = {"ports": [{"target": 80, "published": 18081, "mode": "host"}]}
    stage.base(holder=app(**port))
    told = stage.roll(holder=app(**port), app=app(**port, deploy={"mode": "global"}))
    told.as_expected(Verdict.STALLED, "port-in-use")


def test_a_reservation_that_no_node_can_give_stalls(stage: Stage) -> None:
    stage.base(app=app())
    huge = {"resources": {"reservations": {"memory": "9000G"}}}
    told = stage.roll(app=app("sleep 99999", deploy=huge), keep="insufficient-resources")
    told.as_expected(Verdict.STALLED, "no-suitable-node")


def test_a_label_only_change_rolls_nothing_and_is_not_waited_for(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll(app=app(deploy={"labels": {"a": "b"}}), keep="label-only")
    told.as_expected(Verdict.UNCHANGED)
    assert not told.states()
    assert told.seconds < 12


def test_scaling_has_no_update_status_and_converges(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll(app=app(deploy={"replicas": 2}), keep="scaled")
    told.as_expected(Verdict.CONVERGED)
    assert (told.states(), stage.status()) == ([], None)


def test_a_placement_only_change_rolls_nothing(stage: Stage) -> None:
    stage.base(app=app())
    fits = {"placement": {"constraints": ["node.role == manager"]}}
    told = stage.roll(app=app(deploy=fits), keep="placement-only")
    told.as_expected(Verdict.UNCHANGED)


def test_the_story_survives_what_swarm_forgets(stage: Stage) -> None:
    stage.base(app=app())
    head = failing("echo I tried; exit 1", update={"failure_action": "pause"})
    head["deploy"]["restart_policy"] = {"condition": "any", "delay": "0s"}
    told = stage.roll(app=head, keep="message-and-task-vanish")
    told.as_expected(Verdict.PAUSED, "exit-nonzero")
    cause = told.service()["cause"]
    assert "I tried" in "".join(cause["logs"])
    assert cause["task"] in stage.swarm.service(stage.full())["UpdateStatus"]["Message"]
