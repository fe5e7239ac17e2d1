"""`ccci sandbox` for real: up, down, status, whatever happened to it in between."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.sandbox.swarms import NOBODY, SANDBOXES, Swarm, compose, of_sandbox, wait_for

from ccci.sandbox.layout import Sandbox

pytestmark = pytest.mark.swarm
CCCI = (sys.executable, "-m", "ccci")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for a sandbox, which is taken down at the end."""
    assert os.geteuid() == 0, "The tests of the sandbox need root"
    chosen = Path(f"{os.environ[SANDBOXES]}-{secrets.token_hex(3)}")
    yield chosen
    ccci("down", "--folder", str(chosen))
    assert trace(chosen) == []


def ccci(
    verb: str, *words: str, json: bool = False, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    argv = [*CCCI, *(["--json"] if json else []), "sandbox", verb, *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False, env=env)


def trace(folder: Path) -> list[str]:
    """Return what there is of a sandbox on this machine, found without the code under test."""
    key = Sandbox(folder).key
    found = [str(folder)] if folder.exists() else []
    # dockerd and all that it starts have the sandbox's DOCKER_CONFIG.
    found += [f"process {each}" for each in processes(f"DOCKER_CONFIG={folder}/") + marked(folder)]
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [line for line in mounts if f"{folder}/" in line or f"/{key}-" in line]
    found += [str(path) for path in Path("/run/netns").glob(f"{key}*")]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{key}")]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(key)]
    return found


def processes(word: str) -> list[str]:
    """Return the processes that have this in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word.encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


def marked(folder: Path) -> list[str]:
    """Return the processes of the tasks that `run_marked_tasks` runs."""
    return processes(f"MARK={folder}")


def run_marked_tasks(folder: Path, nodes: int = 1) -> Swarm:
    """Run tasks with a volume, a network and a published port that survive any SIGTERM."""
    swarm = of_sandbox(Sandbox(folder, nodes))
    service = {
        "environment": {"MARK": str(folder)},
        "volumes": ["data:/data"],
        "ports": ["8000:80"],
        "deploy": {"replicas": 2},
    }
    swarm.deploy("s", compose({"app": service}, volumes={"data": {}}))
    swarm.wait_running("s_app", 2)
    return swarm


def strays(swarm: Swarm) -> set[Path]:
    """Return the files that the Swarm's dockerd has outside of its folder."""
    assert swarm.sandbox is not None
    dockerd = swarm.sandbox.nodes[0].pidfile.read_text()
    words = Path(f"/proc/{dockerd}/net/unix").read_text().split()
    sockets = {Path(word) for word in words if word.startswith("/run/containerd/s/")}
    networks = swarm.docker("network", "ls", "--quiet", "--no-trunc").stdout.split()
    balancers = {Path("/var/lib/docker/network/files", f"lb_{network}") for network in networks}
    return {path for path in sockets | balancers if path.exists()}


def test_up_twice_and_down_twice(folder: Path) -> None:
    before = ccci("status", "--folder", str(folder))
    assert before.returncode == 3
    assert "there is no sandbox" in before.stdout

    first = ccci("up", "--folder", str(folder), json=True)
    assert (first.returncode, json.loads(first.stdout)["verdict"]) == (0, "done")
    assert " is up (" in json.loads(first.stdout)["summary"]
    described = json.loads(first.stdout)["sandbox"]
    process = Path(folder, "1/pid").read_text()
    second = ccci("up", "--folder", str(folder), json=True)
    assert (second.returncode, json.loads(second.stdout)["verdict"]) == (0, "done")
    assert "was up already" in json.loads(second.stdout)["summary"]
    assert json.loads(second.stdout)["sandbox"] == described
    assert Path(folder, "1/pid").read_text() == process

    status = ccci("status", "--folder", str(folder), json=True)
    assert status.returncode == 0
    assert json.loads(status.stdout)["sandbox"] == described
    assert ccci("down", "--folder", str(folder)).returncode == 0
    assert trace(folder) == []
    again = ccci("down", "--folder", str(folder))
    assert (again.returncode, "there was no sandbox" in again.stdout) == (0, True)


def test_up_says_how_to_use_it(folder: Path) -> None:
    plain = ccci("up", "--folder", str(folder))
    export = f"export DOCKER_HOST=unix://{folder}/1/docker.sock"
    assert export in plain.stdout
    assert f"ccci sandbox down --folder {folder}" in plain.stdout
    assert ccci("up", "--folder", str(folder), "--export").stdout == f"{export}\n"


@pytest.mark.parametrize("cli", ["/usr/local/bin/docker", "/usr/bin/docker", "docker"])
def test_every_docker_cli_of_this_machine_can_use_it(swarm: Swarm, stack: str, cli: str) -> None:
    if not Path(cli).exists():
        cli = "docker"
    text = compose({"app": {}})
    swarm.deploy(stack, text, cli=cli)
    swarm.wait_running(f"{stack}_app")


def test_down_leaves_no_trace_of_running_tasks(folder: Path) -> None:
    ccci("up", "--folder", str(folder))
    elsewhere = strays(run_marked_tasks(folder))
    assert any(part.startswith("process") for part in trace(folder))
    down = ccci("down", "--folder", str(folder))
    assert down.returncode == 0
    assert "processes" in down.stdout
    assert trace(folder) == []
    assert len(elsewhere) >= 3
    assert [path for path in elsewhere if path.exists()] == []


def test_down_leaves_no_trace_after_its_dockerd_was_killed(folder: Path) -> None:
    ccci("up", "--folder", str(folder))
    elsewhere = strays(run_marked_tasks(folder))
    os.kill(int(Path(folder, "1/pid").read_text()), signal.SIGKILL)
    status = ccci("status", "--folder", str(folder))
    assert status.returncode == 3
    assert "no dockerd runs for node1" in status.stdout
    assert ccci("down", "--folder", str(folder)).returncode == 0
    assert trace(folder) == []
    assert len(elsewhere) >= 3
    assert [path for path in elsewhere if path.exists()] == []


def test_up_rebuilds_a_sandbox_whose_dockerd_was_killed(folder: Path) -> None:
    ccci("up", "--folder", str(folder))
    run_marked_tasks(folder)
    os.kill(int(Path(folder, "1/pid").read_text()), signal.SIGKILL)
    up = ccci("up", "--folder", str(folder))
    assert up.returncode == 0
    assert "is broken (no dockerd runs for node1): rebuilding" in up.stderr
    swarm = of_sandbox(Sandbox(folder))
    assert swarm.docker("service", "ls", "--quiet").stdout == ""
    assert swarm.docker("ps", "--all", "--quiet").stdout == ""
    assert len(marked(folder)) == 0


def test_down_removes_what_is_left_when_the_folder_was_deleted_by_hand(folder: Path) -> None:
    ccci("up", "--folder", str(folder))
    for file in (folder / "sandbox.json", folder / "1/pid", folder / "1/docker.sock"):
        file.unlink()
    subprocess.run(["rm", "-rf", str(folder)], check=False, capture_output=True)
    assert trace(folder)
    (folder / "sandbox.json").write_text("{")
    assert ccci("down", "--folder", str(folder)).returncode == 0
    assert trace(folder) == []


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["sandbox.json", "1/dockerd.log", "2/docker.sock", "3/pid"])
def test_an_interrupted_up_leaves_nothing(
    folder: Path, stage: str, signal_number: signal.Signals
) -> None:
    argv = [*CCCI, "sandbox", "up", "--nodes", "3", "--folder", str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as up:
        wait_for(lambda: (folder / stage).exists() or up.poll() is not None, stage)
        up.send_signal(signal_number)
        _, said = up.communicate(timeout=60)
    assert up.returncode == 128 + signal_number, said.decode()
    assert trace(folder) == []


def test_an_up_that_was_killed_is_recognised_and_made_again(folder: Path) -> None:
    argv = [*CCCI, "sandbox", "up", "--folder", str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as up:
        wait_for((folder / "1/docker.sock").exists, "the socket")
        up.kill()
        up.communicate(timeout=60)
    status = ccci("status", "--folder", str(folder))
    assert status.returncode == 3
    assert "never finished" in status.stdout
    assert ccci("up", "--folder", str(folder)).returncode == 0
    assert ccci("status", "--folder", str(folder)).returncode == 0


def test_two_at_once_of_one_up_make_one_sandbox(folder: Path) -> None:
    argv = [*CCCI, "--json", "sandbox", "up", "--folder", str(folder)]
    both = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    said = [json.loads(each.communicate(timeout=60)[0])["summary"] for each in both]
    assert sorted("was up already" in each for each in said) == [False, True], said


def test_a_sandbox_of_another_size_is_not_replaced(folder: Path) -> None:
    ccci("up", "--folder", str(folder))
    other = ccci("up", "--nodes", "2", "--folder", str(folder))
    assert other.returncode == 2
    assert "up with 1 nodes" in other.stderr
    assert ccci("status", "--folder", str(folder)).returncode == 0


def test_a_folder_that_is_something_else_is_never_touched() -> None:
    folder = Path(f"{os.environ[SANDBOXES]}-{secrets.token_hex(3)}")
    folder.mkdir()
    precious = folder / "precious"
    precious.write_text("x")
    try:
        for verb in ("up", "down", "status"):
            refused = ccci(verb, "--folder", str(folder))
            assert refused.returncode == 2
            assert "not a sandbox" in refused.stderr
        assert precious.read_text() == "x"
    finally:
        precious.unlink()
        folder.rmdir()


def test_sandboxes_live_side_by_side(swarm: Swarm, stack: str, folder: Path) -> None:
    ccci("up", "--folder", str(folder))
    other = run_marked_tasks(folder)
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")
    assert ccci("down", "--folder", str(folder)).returncode == 0
    assert other.docker("info", check=False).code != 0
    swarm.wait_running(f"{stack}_app")


def test_an_image_is_made_on_every_node(folder: Path) -> None:
    missing = ccci("image", "--folder", str(folder))
    assert missing.returncode == 3
    ccci("up", "--nodes", "2", "--folder", str(folder))
    assert ccci("image", "tiny:1", "--folder", str(folder)).returncode == 0
    swarm = of_sandbox(Sandbox(folder, 2))
    for node in (1, 2):
        said = swarm.docker("run", "--rm", "tiny:1", "sh", "-c", "ls -d /data && id -un", node=node)
        assert said.stdout.split() == ["/data", "root"]


def test_three_nodes_run_tasks_that_reach_each_other_over_an_overlay_network(
    swarm_three: Swarm,
) -> None:
    service = {
        "hostname": "{{.Node.Hostname}}",
        "command": ["sh", "-c", "hostname > /tmp/index.html; exec httpd -f -p 80 -h /tmp"],
        "deploy": {"mode": "global", "endpoint_mode": "dnsrr"},
    }
    swarm_three.deploy("s", compose({"web": service}))
    swarm_three.wait_running("s_web", 3)
    assert len({task["NodeID"] for task in swarm_three.running("s_web")}) == 3
    for node in (1, 2, 3):
        (container,) = swarm_three.docker("ps", "--quiet", node=node).stdout.split()
        ask = (
            "for i in $(nslookup tasks.web | awk '/^Address/{print $2}' | grep -v :); do "
            "timeout 5 wget -qO- http://$i/; done"
        )

        def answers(container: str = container, node: int = node, ask: str = ask) -> bool:
            said = swarm_three.docker("exec", container, "sh", "-c", ask, node=node, check=False)
            return set(said.stdout.split()) == {"node1", "node2", "node3"}

        wait_for(answers, f"all three answer node{node}")


def test_managers_may_be_several(folder: Path) -> None:
    up = ccci("up", "--nodes", "3", "--managers", "3", "--folder", str(folder), json=True)
    roles = [node["role"] for node in json.loads(up.stdout)["sandbox"]["nodes"]]
    assert roles == ["manager"] * 3
    swarm = of_sandbox(Sandbox(folder, 3, 3))
    info = swarm.docker("info", "--format", "{{.Swarm.Managers}}", node=3)
    assert info.stdout.strip() == "3"


def test_who_is_not_root_is_told_so_and_nothing_is_made(folder: Path) -> None:
    argv = [*NOBODY, *CCCI, "sandbox"]
    for verb in ("up", "down", "status"):
        refused = subprocess.run(
            [*argv, verb, "--folder", str(folder)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": "/nonexistent"},
        )
        assert refused.returncode == 3
        assert "needs root" in refused.stderr
    assert trace(folder) == []


def test_a_dockerd_that_does_not_come_up_is_shown_with_its_log(
    folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "dockerd"
    broken.write_text("#!/bin/sh\necho it is broken here\nexit 1\n")
    broken.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    up = ccci("up", "--folder", str(folder), env=env)
    assert up.returncode == 3
    assert "it is broken here" in up.stderr
    assert trace(folder) == []


@pytest.mark.soak
@pytest.mark.parametrize("how", ["whole", "killed", "stopped"])
def test_twenty_sandboxes_come_and_go_without_trace(folder: Path, how: str) -> None:
    for _ in range(20):
        assert ccci("up", "--folder", str(folder)).returncode == 0
        elsewhere = strays(run_marked_tasks(folder))
        if how != "whole":
            kind = signal.SIGKILL if how == "killed" else signal.SIGSTOP
            os.kill(int(Path(folder, "1/pid").read_text()), kind)
        assert ccci("down", "--folder", str(folder)).returncode == 0
        assert trace(folder) == []
        assert [path for path in elsewhere if path.exists()] == []
