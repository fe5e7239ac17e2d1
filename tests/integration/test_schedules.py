"""What ends by design, and what is looked at after a rollback, on a real Swarm."""

from support.sandbox.stagings import Stage, app, failing
from support.sandbox.swarms import wait_for

from ccci.exits import Verdict

DAILY = {"condition": "any", "delay": "24h"}
ONCE = {"condition": "none"}


def test_a_service_that_runs_by_its_restart_delay_passes_and_is_told_so(stage: Stage) -> None:
    prune = app("sleep 1; echo reclaimed", restart=DAILY, deploy={"mode": "global"})
    told = stage.roll(prune=prune, keep="cron-by-restart")
    told.as_expected(Verdict.CONVERGED, name="prune")
    assert told.report["summary"] == ("prune runs nowhere (ended with 0, starts again in 24 h)")
    keep_on = {"failure_action": "continue"}
    again = app("sleep 1; echo more", restart=DAILY, update=keep_on, deploy={"mode": "global"})
    told = stage.roll(prune=again, keep="cron-by-restart-again")
    told.as_expected(Verdict.CONVERGED, name="prune")
    paused = failing(
        "sleep 1; echo most",
        restart=DAILY,
        update={"failure_action": "pause"},
        deploy={"mode": "global"},
    )
    told = stage.roll(prune=paused)
    told.as_expected(Verdict.PAUSED, "exited-early", "prune")
    assert "failure_action: continue" in told.service("prune")["cause"]["hint"]


def test_a_one_shot_that_swarm_pauses_for_is_told_as_the_policys_doing(stage: Stage) -> None:
    pauses = {"failure_action": "pause"}
    stage.base(running=False, app=app(), migrate=app("echo 1", restart=ONCE, update=pauses))
    stage.swarm.wait_running(stage.full())
    # One that is still at work when ccci begins has been seen to run until this deploy.
    migrate = stage.full("migrate")
    wait_for(lambda: stage.swarm.states(migrate) == ["complete"], "the base's one-shot to end")
    told = stage.roll(app=app(), migrate=failing("echo 2", restart=ONCE, update=pauses))
    told.as_expected(Verdict.PAUSED, "exited-early", "migrate")
    assert "ended with 0, as it may" in told.service("migrate")["detail"]
    assert "failure_action: continue" in told.service("migrate")["cause"]["hint"]


def test_after_a_rollback_it_is_waited_for_what_serves(stage: Stage) -> None:
    slow = {"condition": "any", "delay": "4s"}
    stop_first = {"order": "stop-first"}
    stage.base(app=app(update=stop_first, restart=slow))
    told = stage.roll(app=failing(update=stop_first, restart=slow), keep="comes-back-late")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert told.service()["runs"] == "1/1 tasks of the previous spec running"


def test_swarm_cronjob_that_fires_during_the_roll_is_told_so(stage: Stage) -> None:
    labels = {"labels": {"swarm.cronjob.enable": "true"}}
    idle = app("sleep 2", restart=ONCE, deploy={"replicas": 0, **labels})
    stage.base(running=False, cron=idle)

    def fire() -> None:
        stage.wait_status("completed", "web", timeout=60)
        fires = ("--detach", "--replicas=1", "--force", stage.full("cron"))
        stage.swarm.docker("service", "update", *fires)

    stage.base(running=False, cron=idle, web=app())
    stage.swarm.wait_running(stage.full("web"))
    changed = app("sleep 99999", update={"monitor": "5s"})
    told = stage.roll(cron=idle, web=changed, during=fire)
    told.as_expected(Verdict.DISTURBED, "interference", "cron")
    assert "swarm-cronjob started it" in told.service("cron")["detail"]
    assert "--service" in told.service("cron")["cause"]["hint"]
