"""Every cause that ccci names, staged for real: the code, the words, and one next step."""

import shlex
import sys
from typing import Any

from support.sandbox.stagings import QUICK, Stage, app, check, failing
from support.sandbox.swarms import compose, wait_for

from ccci.exits import Verdict


def story(told: Any, name: str = "app") -> dict[str, Any]:
    cause = told.service(name)["cause"]
    assert cause["hint"]
    return dict(cause)


def test_a_kill_by_the_kernels_out_of_memory_killer(stage: Stage) -> None:
    stage.base(app=app())
    tight = {"resources": {"limits": {"memory": "16M"}}}
    told = stage.roll(app=failing("echo eating; tail /dev/zero", deploy=tight), keep="oom")
    told.as_expected(Verdict.ROLLED_BACK, "oom-killed")
    cause = story(told)
    assert cause["exit_code"] == 137
    assert "stop-first" in cause["hint"]


def test_a_kill_after_a_failed_health_check_is_not_out_of_memory(stage: Stage) -> None:
    stage.base(app=app())
    sick = check("echo no database; exit 1")
    told = stage.roll(app=failing("sleep 99999", healthcheck=sick), keep="unhealthy")
    told.as_expected(Verdict.ROLLED_BACK, "unhealthy")
    cause = story(told)
    assert cause["exit_code"] == 137
    assert "no database" in "".join(cause["health"])


def test_an_exit_with_zero_where_it_should_stay(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll(app=failing("echo all done"), keep="exited-early")
    told.as_expected(Verdict.ROLLED_BACK, "exited-early")
    assert story(told)["exit_code"] == 0


def test_a_crash_loop_of_a_first_deploy_is_said_early(stage: Stage) -> None:
    told = stage.roll(app=app("echo cannot; exit 8"), keep="first-deploy-crashes")
    told.as_expected(Verdict.UNSTABLE, "exit-nonzero")
    cause = story(told)
    assert cause["exit_code"] == 8
    assert "cannot" in "".join(cause["logs"])
    assert told.seconds < 30


def test_an_image_that_is_not_there_rolls_back(stage: Stage) -> None:
    stage.base(app=app())
    told = stage.roll(app=app(image="ccci-test/nowhere:1"), keep="image-missing")
    told.as_expected(Verdict.ROLLED_BACK, "image-unavailable")
    assert "ccci-test/nowhere" in story(told)["detail"]


def test_an_image_that_is_not_there_stalls_a_first_deploy(stage: Stage) -> None:
    told = stage.roll(app=app(image="ccci-test/nowhere:1"), keep="image-missing-at-first")
    told.as_expected(Verdict.STALLED, "image-unavailable")
    assert told.seconds < 45


def test_a_bind_source_that_is_not_there(stage: Stage) -> None:
    stage.base(app=app())
    bind = {"volumes": [{"type": "bind", "source": "/nowhere/at/all", "target": "/data"}]}
    told = stage.roll(app=app(**bind), keep="bind-source-missing")
    told.as_expected(Verdict.ROLLED_BACK, "mount-failed")
    assert "/nowhere/at/all" in story(told)["detail"]


def test_constraints_that_no_node_satisfies(stage: Stage) -> None:
    nobody = {"placement": {"constraints": ["node.labels.floor == 13"]}}
    told = stage.roll(app=app(deploy=nobody), keep="constraints-unsatisfied")
    told.as_expected(Verdict.STALLED, "no-suitable-node")
    assert "label" in story(told)["hint"]


def test_a_health_check_that_never_passes_in_a_first_deploy(stage: Stage) -> None:
    never = check("echo still nothing; exit 1")
    told = stage.roll("--timeout=60s", app=app(healthcheck=never), keep="never-healthy-at-first")
    told.as_expected(Verdict.UNSTABLE, "unhealthy")
    assert "still nothing" in "".join(story(told)["health"])


def test_a_network_without_free_addresses(stage: Stage) -> None:
    tiny = {"tiny": {"driver": "overlay", "ipam": {"config": [{"subnet": "10.99.99.0/29"}]}}}
    crowd = app(deploy={"replicas": 8, "endpoint_mode": "dnsrr"})
    crowd["networks"] = ["tiny"]
    told = stage.roll(app=crowd, top={"networks": tiny}, keep="network-full")
    told.as_expected(Verdict.STALLED, "network-unavailable")


def test_a_config_that_changed_under_its_name(stage: Stage) -> None:
    def with_config(text: str, name: str) -> str:
        (stage.folder / f"{name}.txt").write_text(text)
        reads = app(configs=["settings"])
        top = {"configs": {"settings": {"file": f"./{name}.txt"}}}
        return stage.write({"app": reads}, name, **top)

    stage.converge(with_config("one", "first")).as_expected(Verdict.CONVERGED)
    told = stage.converge(with_config("two", "second"))
    assert (told.verdict, told.code) == (Verdict.DEPLOY_FAILED, 4)
    assert told.report["refusal"] == "config-immutable"
    assert "raise the version" in told.report["hint"]


def test_an_update_out_of_sequence_is_a_conflict(stage: Stage) -> None:
    stage.base(app=app())
    script = (
        "import docker\n"
        f"api = docker.APIClient({stage.swarm.host!r})\n"
        f"spec = api.inspect_service({stage.full()!r})['Spec']\n"
        "try:\n"
        f"    api.update_service({stage.full()!r}, 1, spec['TaskTemplate'], name=spec['Name'])\n"
        "except docker.errors.APIError as refused:\n"
        "    raise SystemExit(str(refused))\n"
    )
    (stage.folder / "late.py").write_text(script)
    told = stage.converge(f"{shlex.quote(sys.executable)} late.py")
    assert (told.verdict, told.code) == (Verdict.DEPLOY_FAILED, 4)
    assert told.report["refusal"] == "conflict"


def test_without_command_what_is_there_is_judged(stage: Stage) -> None:
    stage.base(app=app())
    stage.converge(None).as_expected(Verdict.UNCHANGED)
    # A rollback is a failure also afterwards, at any age.
    stage.swarm.deploy(stage.stack, compose({"app": failing(restart=QUICK)}))
    wait_for(lambda: stage.status() == "rollback_completed", "the rollback")
    stage.converge(None).as_expected(Verdict.ROLLED_BACK, "exit-nonzero")


def test_a_container_that_somebody_restarts_by_hand_is_told_so(stage: Stage) -> None:
    stage.base(app=app())

    def restart() -> None:
        label = f"label=com.docker.swarm.service.name={stage.full()}"

        def new() -> str:
            listed = ("ps", "--no-trunc", "--filter", label, "--format={{.ID}} {{.Command}}")
            lines = stage.swarm.docker(*listed).stdout.splitlines()
            return next((line.split()[0] for line in lines if "99999" in line), "")

        wait_for(lambda: bool(new()), "the new container")
        stage.swarm.docker("restart", "--time=0", new())

    told = stage.roll(app=failing("sleep 99999"), during=restart)
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    cause = told.service()["cause"]
    assert cause["exit_code"] == 137
    assert "its container was started again outside of Swarm" in cause["detail"]
    assert "docker service update --force" in cause["hint"]
