"""What COMMAND did itself is COMMAND's doing, on a real Swarm."""

import json
import subprocess
import sys

from support.sandbox.stagings import Stage, app
from support.sandbox.swarms import wait_for

from ccci.exits import Verdict


def test_a_command_that_removes_the_stack_and_then_fails_is_told_in_its_own_words(
    stage: Stage,
) -> None:
    stage.base(app=app(), db=app())
    fails = f"echo network {stage.stack}_default not found >&2; echo cleaning up; exit 1"
    told = stage.converge(f"docker stack rm {stage.stack}; {fails}")
    told.as_expected(Verdict.DEPLOY_FAILED)
    assert told.report["summary"] == (
        f"COMMAND removed app, db, and then exited with 1: network {stage.stack}_default not found"
    )
    assert "docker network ls" in told.report["hint"]
    assert {each["runs"] for each in told.report["services"]} == {"nothing: it is gone"}


def test_a_command_that_removes_the_stack_on_purpose_is_told_so(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.converge(f"docker stack rm {stage.stack}")
    told.as_expected(Verdict.REMOVED)
    assert told.report["summary"] == "app is gone: COMMAND removed it"
    assert told.cause() is None


def test_a_command_that_removes_one_service_leaves_the_rest_as_it_was(stage: Stage) -> None:
    stage.base(app=app(), old=app())
    told = stage.converge(f"docker service rm {stage.full('old')}")
    told.as_expected(Verdict.UNCHANGED)
    assert "old was dropped by the deploy" in told.report["notes"]
    assert not any("--prune" in note for note in told.report["notes"])


def test_a_command_that_is_the_rollback_passes_once_the_old_spec_runs(stage: Stage) -> None:
    stage.base(app=app())
    stage.roll(app=app("sleep 99999")).as_expected(Verdict.CONVERGED)
    told = stage.converge(f"docker service rollback --detach {stage.full()}", keep="own-rollback")
    told.as_expected(Verdict.CONVERGED)
    assert any("asked for the rollback" in note for note in told.report["notes"])


def test_what_the_engine_refuses_is_told_beside_a_service_that_dies(stage: Stage) -> None:
    stage.base(db=app(), web=app())
    dies = f"docker service update --detach --args 'sh -c \"exit 3\"' {stage.full('db')}"
    refused = f"docker service update --detach --constraint-add nonsense {stage.full('web')}"
    told = stage.converge(f"{dies}; {refused}")
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero", "db")
    (said,) = (note for note in told.report["notes"] if note.startswith("COMMAND exited with 1"))
    assert "constraint" in said


def test_what_was_failing_before_command_is_told_as_such(stage: Stage) -> None:
    stage.base(running=False, app=app(), bad=app("sleep 0.3; exit 1"))
    stage.swarm.wait_running(stage.full())
    wait_for(lambda: len(stage.swarm.tasks(stage.full("bad"))) > 1, "a first failure")
    told = stage.converge(f"docker service update --detach --args 'sleep 9999' {stage.full()}")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero", "bad")
    assert told.service("app")["verdict"] == "converged"
    assert "before COMMAND, which did not touch it" in told.report["summary"]
    assert not any("--prune" in note for note in told.report["notes"])


def test_command_reads_what_is_piped_into_ccci(stage: Stage) -> None:
    shell = stage.write({"app": app()}).replace("-c head.json", "-c -")
    finished = subprocess.run(
        [sys.executable, "-m", "ccci", "--json", "converge", stage.stack, "--", *shell.split()],
        input=(stage.folder / "head.json").read_text(),
        env=stage.swarm.environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=100,
        check=False,
    )
    report = json.loads(finished.stdout)
    assert (finished.returncode, report["verdict"]) == (0, "converged"), report
