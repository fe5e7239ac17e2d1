"""The Engine's answers as a real one gives them, and its refusals."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import recorded
from support.sandbox.swarms import NOBODY, Swarm, compose, wait_for

from ccci.errors import EngineError, EngineUnavailable
from ccci.swarm.decode import observation
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Service

CONNECT = """
from ccci.errors import CcciError
from ccci.swarm.engine.client import Engine
try:
    Engine.connect(timeout=2)
except CcciError as error:
    print(type(error).__name__, error.message, "|", error.hint)
"""


@pytest.fixture
def engine(swarm: Swarm) -> Iterator[Engine]:
    with Engine.connect(environ=swarm.environment) as connected:
        yield connected


def services(engine: Engine, stack: str) -> dict[str, Service]:
    filters = {"label": [f"com.docker.stack.namespace={stack}"]}
    tasks = engine.answer("/tasks", params={"filters": filters})
    clean = engine.tasks({**filters, "_up-to-date": ["true"]})
    found = observation.services(
        engine.services(stack),
        tasks.value or [],
        up_to_date=[each["ID"] for each in clean],
        date=tasks.date,
    )
    return {each.name: each for each in found}


VARIED: dict[str, dict[str, Any]] = {
    "plain": {},
    "rich": {
        "environment": {"A": "b", "EMPTY": ""},
        "healthcheck": {"test": ["CMD", "true"], "interval": "1s", "retries": 2},
        "logging": {"driver": "json-file", "options": {"max-size": "1m"}},
        "networks": {"one": {"aliases": ["other"]}, "two": {}},
        "labels": {"x": "y"},
        "hostname": "h",
        "init": True,
        "read_only": True,
        "user": "1000",
        "working_dir": "/",
        "stop_signal": "SIGINT",
        "cap_add": ["NET_ADMIN"],
        "dns": ["127.0.0.1"],
        "extra_hosts": ["a:127.0.0.1"],
        "sysctls": {"net.ipv4.ip_forward": "1"},
        "ulimits": {"nofile": 1000},
        "tmpfs": ["/t"],
        "volumes": ["data:/data", {"type": "tmpfs", "target": "/m", "tmpfs": {"size": 1024}}],
        "configs": ["settings"],
        "secrets": [{"source": "key", "mode": 0o400}],
        "tty": True,
        "deploy": {
            "resources": {
                "limits": {"memory": "64M", "cpus": "0.5", "pids": 100},
                "reservations": {"memory": "8M"},
            },
            "restart_policy": {"condition": "on-failure", "max_attempts": 3, "window": "5s"},
            "placement": {
                "constraints": ["node.role==manager"],
                "preferences": [{"spread": "node.id"}],
            },
        },
    },
    "everywhere": {"deploy": {"mode": "global", "restart_policy": {"delay": "0s"}}},
}


def test_a_tasks_own_spec_has_the_fingerprint_of_its_service(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    swarm.deploy(
        stack,
        compose(
            VARIED,
            networks={"one": {}, "two": {}},
            volumes={"data": {}},
            configs={"settings": {"file": __file__}},
            secrets={"key": {"file": __file__}},
        ),
    )
    found = wait_for(
        lambda: (
            each
            if len(each := services(engine, stack)) == 3 and all(one.tasks for one in each.values())
            else None
        ),
        "a task of each service",
    )
    for service in found.values():
        for task in service.tasks:
            assert task.template == service.spec.template, service.name
            assert task.up_to_date
            assert task.image == service.spec.identity.image


def test_a_change_of_placement_alone_that_fits_is_up_to_date(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    # Quirk of swarmkit orchestrator/task.go: IsTaskDirtyPlacementConstraintsOnly.
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")
    before = services(engine, stack)["app"]
    placement = {"deploy": {"placement": {"constraints": ["node.role==manager"]}}}
    swarm.deploy(stack, compose({"app": placement}))
    after = wait_for(
        lambda: each if (each := services(engine, stack)["app"]).version > before.version else None,
        "the new spec",
    )
    assert after.spec.template == before.spec.template
    assert after.spec.whole != before.spec.whole
    (task,) = after.tasks
    assert task.up_to_date
    assert task.id == before.tasks[0].id


def test_a_change_of_the_template_makes_the_old_task_out_of_date(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")
    old = services(engine, stack)["app"].tasks[0].id
    swarm.deploy(stack, compose({"app": {"environment": {"A": "b"}}}))

    def rolled() -> Service | None:
        service = services(engine, stack)["app"]
        return service if len(service.tasks) > 1 else None

    service = wait_for(rolled, "a second task")
    by_id = {each.id: each for each in service.tasks}
    assert not by_id[old].up_to_date
    assert service.previous is not None
    assert by_id[old].template == service.previous.template != service.spec.template
    (new,) = (each for each in service.tasks if each.id != old)
    assert new.up_to_date
    assert new.template == service.spec.template


def test_jobs_carry_their_iteration(swarm: Swarm, stack: str, engine: Engine) -> None:
    name = f"{stack}_job"
    label = f"com.docker.stack.namespace={stack}"
    swarm.docker(
        *("service", "create", "--detach", "--mode", "replicated-job", "--replicas", "2"),
        *("--name", name, "--label", label, "ccci-test/busybox:latest", "true"),
    )

    def completed() -> Service | None:
        service = services(engine, stack)["job"]
        done = [each for each in service.tasks if each.state.value == "complete"]
        return service if len(done) == 2 else None

    service = wait_for(completed, "two completed tasks")
    assert service.spec.mode.value == "replicated-job"
    assert service.spec.replicas == 2
    assert service.iteration is not None
    assert {each.iteration for each in service.tasks} == {service.iteration}
    assert {each.exit_code for each in service.tasks} == {0}
    assert {each.template for each in service.tasks} == {service.spec.template}


def test_seconds_in_a_state_are_counted_by_the_engines_clock(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    swarm.deploy(stack, compose({"app": {}}))
    swarm.wait_running(f"{stack}_app")

    def old_enough() -> float | None:
        since = services(engine, stack)["app"].tasks[0].since
        assert since is None or since < 60
        return since if since and since > 2 else None

    assert wait_for(old_enough, "a task that ran for 2 s")


def test_configs_are_locks(stack: str, engine: Engine) -> None:
    name = f"{stack}_lock"
    made = engine.create_config(name, b"x", {"holder": "one"})
    try:
        with pytest.raises(EngineError) as taken:
            engine.create_config(name, b"y", {"holder": "two"})
        assert taken.value.status == 409
        found = engine.config(name)
        assert found is not None
        spec = {**found["Spec"], "Labels": {"holder": "three"}}
        engine.update_config(made, found["Version"]["Index"], spec)
        with pytest.raises(EngineError, match="update out of sequence"):
            engine.update_config(made, found["Version"]["Index"], spec)
        assert [each["ID"] for each in engine.configs(filters={"name": [name]})] == [made]
    finally:
        engine.remove_config(made)
    assert engine.config(name) is None
    with pytest.raises(EngineError) as gone:
        engine.remove_config(made)
    assert gone.value.status == 404


def keys(value: object) -> object:
    """Return the shape of an answer: its keys, and those of what is in it."""
    if isinstance(value, dict):
        return {key: keys(each) for key, each in value.items() if key not in {"Labels", "Options"}}
    return [keys(each) for each in value[:1]] if isinstance(value, list) else None


def has(real: object, wanted: object, where: str = "") -> None:
    if isinstance(wanted, dict):
        assert isinstance(real, dict), where
        for key, each in wanted.items():
            assert key in real, f"{where}.{key}"
            has(real[key], each, f"{where}.{key}")
    if isinstance(wanted, list) and wanted and isinstance(real, list) and real:
        has(real[0], wanted[0], f"{where}[]")


def test_the_recorded_answers_have_the_shape_of_real_ones(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    swarm.deploy(stack, compose({"plain": {"networks": ["default"]}}))
    swarm.wait_running(f"{stack}_plain")
    plain = next(each for each in recorded("services") if each["Spec"]["Name"] == "t_plain")
    (service,) = engine.services(stack)
    has(service, {key: keys(plain[key]) for key in ("ID", "Version", "Spec", "Endpoint")})
    task = next(each for each in recorded("tasks") if each["ServiceID"] == plain["ID"])
    (real,) = engine.tasks({"service": [service["ID"]]})
    wanted = ("ID", "Version", "Spec", "Status", "DesiredState", "ServiceID", "NodeID", "Slot")
    has(real, {key: keys(task[key]) for key in wanted})
    has(engine.nodes()[0], {key: keys(recorded("nodes")[0][key]) for key in ("ID", "Status")})
    has(engine.version(), {"ApiVersion": None, "MinAPIVersion": None, "Version": None})


def test_who_may_not_use_the_socket_is_told_so(swarm_alone: Swarm, tmp_path: Path) -> None:
    socket = Path(swarm_alone.host.removeprefix("unix://"))
    socket.chmod(0o660)
    environ = {"DOCKER_HOST": swarm_alone.host, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    told = subprocess.run(
        [*NOBODY, sys.executable, "-c", CONNECT],
        env=environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "EngineUnavailable no permission to use the Docker Engine" in told.stdout, told.stderr
    assert "socket's group" in told.stdout


def test_an_engine_without_a_swarm_is_told_from_a_manager(swarm_alone: Swarm) -> None:
    with Engine.connect(environ=swarm_alone.environment) as engine:
        engine.require_manager()
        swarm_alone.docker("swarm", "leave", "--force")
        with pytest.raises(EngineUnavailable, match="not in swarm mode"):
            engine.require_manager()
        with pytest.raises(EngineUnavailable, match="not in swarm mode"):
            engine.services()


def test_a_worker_is_told_from_a_manager(swarm_three: Swarm) -> None:
    with Engine.connect(environ={"DOCKER_HOST": swarm_three.hosts[1]}) as engine:
        with pytest.raises(EngineUnavailable, match="is a worker of its swarm"):
            engine.require_manager()
        with pytest.raises(EngineUnavailable, match="is a worker of its swarm"):
            engine.services()


def test_the_choice_of_the_engine_is_handed_on(swarm: Swarm, engine: Engine) -> None:
    environ = {**engine.environment(), "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/"}
    told = subprocess.run(
        ["docker", "info", "--format", "{{json .Swarm.NodeID}}"],
        env=environ, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(told.stdout) == engine.info()["Swarm"]["NodeID"]
    assert swarm.host == engine.host
