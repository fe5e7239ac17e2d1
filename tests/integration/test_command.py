"""COMMAND that fails, hangs or touches nothing; baselines; which services are judged."""

from typing import Any

from support.sandbox.stagings import Stage, app, check, failing
from support.sandbox.swarms import compose

from ccci.exits import Verdict

NEVER = {"healthcheck": check("false", start_period="100s", retries=1)}


def test_a_command_that_fails_and_changes_nothing_is_said_at_once(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.converge("echo no such recipe >&2; exit 9")
    assert (told.verdict, told.code) == (Verdict.DEPLOY_FAILED, 4)
    assert told.report["command_exit_code"] == 9
    assert "no such recipe" in told.report["summary"]
    assert told.report["services"] == []  # nothing was waited for
    assert told.seconds < 10


def test_a_command_that_fails_after_a_good_deploy_has_failed_all_the_same(stage: Stage) -> None:
    stage.base(app=app())
    deploy = stage.write({"app": app("sleep 99999")})
    told = stage.converge(f"{deploy}; exit 5")
    assert (told.verdict, told.code) == (Verdict.DEPLOY_FAILED, 4)
    assert told.service()["verdict"] == "converged"


def test_a_command_that_fails_beside_a_failing_service_is_a_note(stage: Stage) -> None:
    stage.base(app=app())
    deploy = stage.write({"app": failing()})
    told = stage.converge(f"{deploy}; exit 5")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert any("5" in note for note in told.report["notes"])


def test_a_command_that_hangs_is_ended_at_the_deadline(stage: Stage) -> None:
    stage.base(app=app())
    deploy = stage.write({"app": app("sleep 99999")})
    told = stage.converge(f"{deploy}; sleep 777", "--timeout=10s")
    assert (told.verdict, told.code) == (Verdict.TIMED_OUT, 12)
    assert told.seconds < 25


def test_a_command_that_hangs_is_ended_at_a_failing_verdict(stage: Stage) -> None:
    stage.base(app=app())
    deploy = stage.write({"app": failing()})
    told = stage.converge(f"{deploy}; sleep 777")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert told.seconds < 40


def test_a_command_that_touches_nothing_is_not_a_pass(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.converge("true")
    assert (told.verdict, told.code) == (Verdict.UNABLE, 3)
    assert "did not touch" in told.report["summary"]
    stage.converge("true", "--allow-untouched").as_expected(Verdict.UNCHANGED)


def test_an_identical_redeploy_does_touch_and_is_unchanged(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll(app=app(), keep="identical")
    told.as_expected(Verdict.UNCHANGED)


def test_a_baseline_saved_in_one_step_judges_the_deploy_of_another(stage: Stage) -> None:
    stage.base(app=app())
    saved = f"--save-baseline={stage.folder}/before.json"
    assert stage.converge(None, saved).code == 0
    stage.swarm.deploy(stage.stack, compose({"app": failing()}))
    told = stage.converge(None, f"--baseline={stage.folder}/before.json")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")


def test_fail_fast_does_not_wait_for_the_rollback(stage: Stage) -> None:
    # A rollback follows the rollback_config of the spec that it puts back (swarmkit updater.go).
    # One slot of the head stays up, so that it has a task to replace and to monitor: an only slot
    # that is empty may be filled with the old spec before the rollback looks at it.
    slow: dict[str, Any] = {
        "rollback": {"monitor": "30s"},
        "update": {"order": "stop-first", "parallelism": 2, "monitor": "15s"},
        "environment": {"SLOT": "{{.Task.Slot}}"},
        "deploy": {"replicas": 2},
        "stop_grace_period": "1s",
    }
    stage.base(app=app(**slow))
    fails = app("sleep 3; test $SLOT = 1 && exit 1; sleep 100000", **slow)
    told = stage.roll("--fail-fast", app=fails, keep="fail-fast")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert told.states()[-1] == "rollback_started"
    assert told.seconds < 25


def test_only_the_services_asked_for_are_judged(stage: Stage) -> None:
    stage.base(app=app(), other=app())
    told = stage.roll("--service=app", app=app("sleep 99999"), other=app("exit 1"))
    told.as_expected(Verdict.CONVERGED)
    assert [each["name"] for each in told.report["services"]] == ["app"]


def test_a_dropped_service_and_an_added_one_and_none_at_all(stage: Stage) -> None:
    stage.base(app=app(), dropped=app())
    nothing = app(deploy={"replicas": 0})
    deploy = stage.write({"app": app(), "added": app(), "empty": nothing})
    told = stage.converge(f"{deploy} --prune", keep="dropped-added-empty")
    told.as_expected(Verdict.CONVERGED)
    assert told.service("added")["verdict"] == "converged"
    assert any("dropped" in note for note in told.report["notes"])


def test_a_one_shot_may_end_and_a_service_may_not(stage: Stage) -> None:
    once = {"condition": "none"}
    told = stage.roll(
        migrate=app("echo migrated", restart=once), app=app(), keep="one-shot-beside-a-service"
    )
    told.as_expected(Verdict.CONVERGED)
    assert "ended as" in told.service("migrate")["runs"]
