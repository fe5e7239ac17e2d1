"""A bad connection to the Engine, an Engine that restarts, and whoever has no right to ask."""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.engine.proxy import Proxy, proxy
from support.sandbox.stagings import Stage, app, check, failing
from support.sandbox.swarms import NOBODY, NOBODYS_ID, Swarm, wait_for

from ccci.exits import Verdict
from ccci.host.process import run
from ccci.sandbox import daemon

NEVER = {"healthcheck": check("false", start_period="100s", retries=1)}
BAD = failing("echo bad; sleep 2; exit 6")


@pytest.fixture
def between(stage: Stage) -> Iterator[Proxy]:
    """Give a proxy between ccci and the Engine; the test itself asks the Engine."""
    with (
        tempfile.TemporaryDirectory(prefix="ccci-proxy-") as folder,
        proxy(Path(folder), stage.swarm.host) as made,
    ):
        stage.environment["DOCKER_HOST"] = made.host
        yield made


def test_an_event_stream_that_is_cut_again_and_again_misses_nothing(
    stage: Stage, between: Proxy
) -> None:
    stage.base(app=app())
    over = threading.Event()

    def cut() -> None:
        while not over.wait(0.4):
            between.cut("/events")

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        told = stage.roll(app=BAD)
    finally:
        over.set()
        cutter.join()
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")
    assert between.cuts > 5


def test_an_engine_that_answers_slowly_is_waited_for(stage: Stage, between: Proxy) -> None:
    stage.base(app=app())
    between.fault = lambda _path: 0.8
    told = stage.roll("--timeout=90s", app=BAD)
    told.as_expected(Verdict.ROLLED_BACK, "exit-nonzero")


def test_calls_that_are_never_answered_are_asked_again(stage: Stage, between: Proxy) -> None:
    stage.base(app=app())

    def hang() -> None:
        stage.wait_status("updating")
        between.hang("/tasks", 2)

    told = stage.roll("--timeout=120s", app=BAD, during=hang)
    told.as_expected(Verdict.ROLLED_BACK)


def test_an_engine_that_is_gone_for_good_makes_us_unable(stage: Stage, between: Proxy) -> None:
    stage.base(app=app())

    def gone() -> None:
        stage.wait_status("updating")
        between.close()

    told = stage.roll("--timeout=12s", app=app("sleep 99999", **NEVER), during=gone)
    assert (told.verdict, told.code) == (Verdict.UNABLE, 3)
    assert "out of reach" in told.report["summary"]


def test_a_daemon_that_restarts_mid_roll_leaves_it_inconclusive(stage_alone: Stage) -> None:
    stage = stage_alone
    sandbox = stage.swarm.sandbox
    assert sandbox is not None
    (node,) = sandbox.nodes
    stage.base(app=app())

    def restart() -> None:
        stage.wait_status("updating")
        os.kill(int(node.pidfile.read_text()), signal.SIGTERM)
        wait_for(lambda: not daemon.alive(node), "the end of dockerd")
        daemon.start(sandbox, node)
        daemon.await_up(node)

    late = app("sleep 4; touch /ok; sleep 99999", healthcheck=check("test -f /ok"))
    told = stage.roll(app=late, during=restart, keep="orchestrator-restarted")
    told.as_expected(Verdict.DISTURBED, "orchestrator-restarted")


def test_a_leader_that_changes_mid_roll_leaves_it_inconclusive(stage_of_managers: Stage) -> None:
    stage = stage_of_managers
    sandbox = stage.swarm.sandbox
    assert sandbox is not None
    (leading,) = (
        number
        for number, host in enumerate(stage.swarm.hosts, 1)
        if any(node["Self"] and node["ManagerStatus"] == "Leader" for node in _nodes(stage, number))
    )
    staying = leading % 3 + 1
    stage.environment["DOCKER_HOST"] = stage.swarm.hosts[staying - 1]
    (name,) = (node["Hostname"] for node in _nodes(stage, staying) if node["Self"])
    there = {"placement": {"constraints": [f"node.hostname == {name}"]}}
    stage.base(app=app(deploy=there))

    def depose() -> None:
        stage.wait_status("updating")
        node = sandbox.nodes[leading - 1]
        os.kill(int(node.pidfile.read_text()), signal.SIGTERM)

    slow = check("test -f /ok", start_period="60s")
    late = app("sleep 9; touch /ok; sleep 99999", healthcheck=slow, deploy=there)
    told = stage.roll("--timeout=90s", app=late, during=depose, keep="leader-changed")
    told.as_expected(Verdict.DISTURBED, "orchestrator-restarted")


def _nodes(stage: Stage, number: int) -> list[dict[str, Any]]:
    return list(stage.swarm.json("node", "ls", "--format={{json .}}", node=number))


def test_a_service_that_is_removed_mid_roll_is_removed(stage: Stage) -> None:
    stage.base(app=app())

    def remove() -> None:
        stage.wait_status("updating")
        stage.swarm.docker("service", "rm", stage.full())

    told = stage.roll(app=app("sleep 99999", **NEVER), during=remove, keep="removed")
    assert (told.verdict, told.code) == (Verdict.REMOVED, 18)


def test_a_stack_that_does_not_exist(stage: Stage) -> None:
    told = stage.converge(None)
    assert (told.verdict, told.code) == (Verdict.UNABLE, 3)
    assert stage.stack in told.report["summary"]


def test_a_node_that_is_no_manager(stage_of_three: Stage, swarm_three: Swarm) -> None:
    stage_of_three.environment["DOCKER_HOST"] = swarm_three.hosts[1]
    told = stage_of_three.converge(None)
    assert (told.verdict, told.code) == (Verdict.UNABLE, 3)
    assert "manager" in told.report["summary"]


def test_a_socket_that_we_may_not_use(stage: Stage, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.fail("this test needs root, to become somebody else")
    source = Path(__file__).parents[2]
    # Who has no home keeps the run among temporary files.
    os.chown(tmp_path, NOBODYS_ID, NOBODYS_ID)
    environment = {"DOCKER_HOST": stage.swarm.host, "PYTHONPATH": str(source), "HOME": "/nowhere"}
    environment["TMPDIR"] = str(tmp_path)
    argv = (*NOBODY, sys.executable, "-m", "ccci", "converge", stage.stack)
    finished = run(argv, env={**environment, "PATH": os.environ["PATH"]}, check=False)
    assert finished.code == 3, finished.stderr
    assert "Traceback" not in finished.stderr
    assert "no permission" in finished.stderr
    assert [path.name for path in tmp_path.glob("ccci-run-*/report.json")] == ["report.json"]


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_ends_it_with_what_was_known(
    stage: Stage, stop: signal.Signals, code: int
) -> None:
    stage.base(app=app())
    deploy = stage.write({"app": app("sleep 99999", **NEVER)})
    told = stage.converge(
        f"{deploy}; sleep 600", during=lambda: stage.wait_seen("updating"), stop=stop
    )
    assert (told.verdict, told.code) == (Verdict.INTERRUPTED, code)
    assert told.report["exit_code"] == code
    assert "app" in told.report["summary"]
    assert told.seconds < 20


@pytest.mark.parametrize("stubborn", [False, True], ids=["heeds TERM", "heeds nothing"])
def test_the_end_comes_soon_after_the_deadline_though_dockerd_is_stopped(
    stage_alone: Stage, stubborn: bool, tmp_path: Path
) -> None:
    stage_alone.base(app=app())
    sandbox = stage_alone.swarm.sandbox
    assert sandbox is not None
    dockerd = int(sandbox.nodes[0].pidfile.read_text())
    shell = stage_alone.write({"app": BAD})
    trap = "trap '' TERM INT; " if stubborn else ""
    started = tmp_path / "started"

    def stop() -> None:
        stage_alone.wait_status("updating")
        os.kill(dockerd, signal.SIGSTOP)

    try:
        told = stage_alone.converge(
            f"{trap}date +%s.%N >{started}; {shell}; while :; do sleep 1; done",
            "--timeout=20s",
            during=stop,
        )
    finally:
        os.kill(dockerd, signal.SIGCONT)
    assert told.verdict is Verdict.UNABLE, told
    over = datetime.fromisoformat(told.report["finished_at"]).timestamp()
    assert over - float(started.read_text()) < 25
    assert "Traceback" not in told.errors
