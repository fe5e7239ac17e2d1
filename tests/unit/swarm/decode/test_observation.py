from typing import Any

import pytest
from support.engine.server import recorded

from ccci.errors import EngineError
from ccci.swarm.decode import observation, specs
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.model import (
    HealthCheck,
    HealthSource,
    Identity,
    Mode,
    RestartPolicy,
    TaskState,
    UpdatePolicy,
    UpdateState,
)

DATE = "Mon, 23 Nov 2026 21:31:45 GMT"


def look(**changes: Any) -> dict[str, Any]:
    tasks = recorded("tasks")
    return {
        "at": 1.0,
        "wall": "2026-11-23T21:31:45.000Z",
        "services": recorded("services"),
        "tasks": tasks,
        "up_to_date": [each["ID"] for each in tasks],
        "nodes": recorded("nodes"),
        "date": DATE,
        "images": {"eng:1": recorded("image")},
        "orchestrator": "o",
        **changes,
    }


def task(**changes: Any) -> dict[str, Any]:
    return {
        "ID": "task",
        "ServiceID": "service",
        "Slot": 1,
        "NodeID": "node",
        "CreatedAt": "2026-11-23T21:31:40.5Z",
        "Status": {"State": "running", "Timestamp": "2026-11-23T21:31:41.123456789Z"},
        "DesiredState": "running",
        **changes,
    }


def since(*, created: str, entered: str) -> float | None:
    made = task(CreatedAt=created, Status={"State": "running", "Timestamp": entered})
    return (
        observation.observation(look(services=[{"ID": "service"}], tasks=[made]))
        .services[0]
        .tasks[0]
        .since
    )


def test_a_recorded_look_becomes_an_observation() -> None:
    seen = observation.observation(look(command={"argv": ["docker", "x"], "code": 0}))
    assert [each.name for each in seen.services] == ["app", "glob", "plain"]
    app, glob, plain = seen.services
    assert app.full_name == "t_app"
    assert app.spec.identity == Identity("1.0+2", "eng:1", "abcdef12", dirty=True)
    assert app.spec.update == UpdatePolicy("rollback", "start-first", 2.0)
    assert app.spec.rollback == UpdatePolicy()
    assert app.spec.restart == RestartPolicy("on-failure", 1.0)
    assert app.spec.health == HealthCheck(interval=1.0)
    assert app.spec.health_source is HealthSource.DEFINED
    assert app.spec.memory_limit == 64 * 2**20
    assert app.spec.constraints == ("node.role==manager",)
    assert app.spec.stop_grace == 1.0
    assert glob.spec.mode is Mode.GLOBAL
    assert glob.spec.replicas is None
    assert glob.spec.stop_grace == 0.0
    assert glob.tasks[0].slot == glob.tasks[0].node == seen.nodes[0].id
    assert plain.spec.stop_grace == 10.0
    assert plain.spec.update == UpdatePolicy(parallelism=1)
    assert plain.tasks[0].slot == "1"
    assert plain.tasks[0].state is TaskState.RUNNING
    assert plain.tasks[0].up_to_date
    assert seen.nodes[0].leader
    assert seen.nodes[0].usable
    assert seen.command is not None
    assert seen.command.code == 0
    assert not seen.absent_images


def test_a_tasks_own_spec_has_the_fingerprint_of_the_service_it_was_made_from() -> None:
    for service in observation.observation(look()).services:
        assert {each.template for each in service.tasks} == {service.spec.template}


def test_only_tasks_that_swarm_calls_up_to_date_are() -> None:
    seen = observation.observation(look(up_to_date=["98b9zarnm2zkuwoa4sesm7ul9"]))
    fresh = {service.name: service.tasks[0].up_to_date for service in seen.services}
    assert fresh == {"app": True, "glob": False, "plain": False}


def test_a_failed_look_is_an_observation_that_says_so() -> None:
    seen = observation.observation({"at": 2.0, "wall": "w", "unreachable": "refused"})
    assert seen.unreachable == "refused"
    assert seen.services == ()


def test_an_image_that_is_not_there_is_absent_and_one_with_a_check_is_inherited() -> None:
    check = {"Test": ["CMD", "true"], "Retries": 5}
    seen = observation.observation(
        look(images={"gone:1": None, "eng:1": {"Config": {"Healthcheck": check}}})
    )
    assert seen.absent_images == {"gone:1"}
    assert seen.inherited == (("eng:1", HealthCheck(retries=5)),)


def test_seconds_in_a_state_are_by_the_engines_own_clock() -> None:
    created = "2026-11-23T21:31:40Z"
    assert since(created=created, entered="2026-11-23T21:31:41.5Z") == 3.5
    assert since(created=created, entered="2026-11-23T21:31:45.9Z") == 0.0  # the header is cut
    assert since(created=created, entered="2026-11-23T21:32:45Z") is None  # from the future
    assert since(created=created, entered="2026-11-23T21:31:39Z") is None  # before it was made
    assert since(created=created, entered="0001-01-01T00:00:00Z") is None
    assert since(created=created, entered="soon") is None


def test_a_date_header_that_makes_no_sense_is_no_clock() -> None:
    for date in (None, "", "soon", "Mon, 99 Nov 2026 21:31:45 GMT"):
        seen = observation.observation(look(date=date))
        assert {each.since for service in seen.services for each in service.tasks} == {None}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, UpdatePolicy()),
        ({}, UpdatePolicy(parallelism=0)),
        ({"Parallelism": 0, "Monitor": 0}, UpdatePolicy(parallelism=0, monitor=5.0)),
        (
            {
                "Parallelism": 2,
                "Delay": 3_000_000_000,
                "FailureAction": "continue",
                "Monitor": 500_000_000,
                "MaxFailureRatio": 0.5,
                "Order": "start-first",
            },
            UpdatePolicy("continue", "start-first", 0.5, 0.5, 2, 3.0),
        ),
    ],
)
def test_what_a_policy_leaves_out_is_what_swarm_does(raw: Any, expected: UpdatePolicy) -> None:
    assert specs.spec({"UpdateConfig": raw, "RollbackConfig": raw}).update == expected
    assert specs.spec({"UpdateConfig": raw, "RollbackConfig": raw}).rollback == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, RestartPolicy()),
        ({"Condition": "none", "Delay": 0}, RestartPolicy("none", 0.0)),
        (
            {"Condition": "any", "MaxAttempts": 3, "Window": 2_000_000_000},
            RestartPolicy("any", 5.0, 3, 2.0),
        ),
    ],
)
def test_what_a_restart_policy_leaves_out_is_what_swarm_does(
    raw: Any, expected: RestartPolicy
) -> None:
    assert specs.spec({"TaskTemplate": {"RestartPolicy": raw}}).restart == expected


@pytest.mark.parametrize(
    ("raw", "check", "source"),
    [
        (None, None, HealthSource.INHERITED),
        ({}, None, HealthSource.INHERITED),
        ({"Interval": 5}, None, HealthSource.INHERITED),
        ({"Test": []}, None, HealthSource.INHERITED),
        ({"Test": ["NONE"]}, None, HealthSource.DISABLED),
        ({"Test": ["CMD", "x"], "Retries": 0}, HealthCheck(), HealthSource.DEFINED),
        (
            {"Test": ["CMD-SHELL", "x"], "Retries": 1, "StartPeriod": 2_000_000_000},
            HealthCheck(retries=1, start_period=2.0),
            HealthSource.DEFINED,
        ),
    ],
)
def test_a_health_check_is_defined_disabled_or_inherited(
    raw: Any, check: HealthCheck | None, source: HealthSource
) -> None:
    found = specs.spec({"TaskTemplate": {"ContainerSpec": {"Healthcheck": raw}}})
    assert (found.health, found.health_source) == (check, source)


@pytest.mark.parametrize(
    ("raw", "mode", "replicas"),
    [
        ({}, Mode.REPLICATED, 1),
        ({"Replicated": {}}, Mode.REPLICATED, 1),
        ({"Replicated": {"Replicas": 0}}, Mode.REPLICATED, 0),
        ({"Global": {}}, Mode.GLOBAL, None),
        ({"GlobalJob": {}}, Mode.GLOBAL_JOB, None),
        ({"ReplicatedJob": {}}, Mode.REPLICATED_JOB, 1),
        ({"ReplicatedJob": {"MaxConcurrent": 2}}, Mode.REPLICATED_JOB, 2),
        ({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 4}}, Mode.REPLICATED_JOB, 4),
    ],
)
def test_a_mode_says_how_many_tasks(raw: Any, mode: Mode, replicas: int | None) -> None:
    found = specs.spec({"Mode": raw})
    assert (found.mode, found.replicas) == (mode, replicas)


def test_ports_are_counted_and_those_of_the_host_named() -> None:
    ports = [
        {"PublishMode": "host", "PublishedPort": 80},
        {"PublishMode": "ingress", "PublishedPort": 81},
    ]
    found = specs.spec({"EndpointSpec": {"Ports": ports}})
    assert (found.ports, found.host_ports) == (2, (80,))


@pytest.mark.parametrize(
    ("labels", "commit", "dirty"),
    [
        ({}, None, False),
        ({"chaos-version": "eb96de94"}, "eb96de94", False),
        ({"chaos-version": "eb96de94+U", "chaos": "true"}, "eb96de94", True),
        ({"chaos-version": "eb96de94+U", "chaos": "false"}, None, False),
    ],
)
def test_labels_declare_an_identity(labels: dict[str, str], commit: str, dirty: bool) -> None:
    whole = {f"coop-cloud.my_app.{key}": value for key, value in labels.items()}
    found = specs.identity({"Labels": {**whole, STACK_LABEL: "my_app"}})
    assert (found.commit, found.dirty) == (commit, dirty)


def test_labels_of_another_stack_declare_nothing() -> None:
    labels = {STACK_LABEL: "mine", "coop-cloud.other.chaos-version": "eb96de94"}
    assert specs.identity({"Labels": labels}).commit is None


def test_jobs_carry_their_iteration() -> None:
    made = task(JobIteration={"Index": 7}, Slot=0)
    service = {"ID": "service", "JobStatus": {"JobIteration": {"Index": 7}}}
    found = observation.observation(look(services=[service], tasks=[made])).services[0]
    assert found.iteration == 7
    assert found.tasks[0].iteration == 7
    first = {"ID": "service", "JobStatus": {"JobIteration": {}}}
    assert observation.service(first).iteration == 0
    assert observation.task(task(JobIteration={}), up_to_date=True).iteration == 0
    assert observation.service({"ID": "service"}).iteration is None


def test_an_exit_code_is_of_a_container_that_ended() -> None:
    def code(state: str, **container: Any) -> int | None:
        made = task(Status={"State": state, "ContainerStatus": container})
        return observation.task(made, up_to_date=True).exit_code

    assert code("running", ContainerID="c", ExitCode=0) is None
    assert code("failed", ContainerID="c", ExitCode=3) == 3
    assert code("complete", ContainerID="c", ExitCode=0) == 0
    assert code("failed", ContainerID="", ExitCode=0) is None
    assert code("rejected") is None


def test_an_update_status_is_told_in_the_words_of_the_wire() -> None:
    raw = {"State": "rollback_started", "Message": "m", "StartedAt": "s", "CompletedAt": None}
    found = observation.update_status(raw)
    assert found is not None
    assert found.state is UpdateState.ROLLBACK_STARTED
    assert (found.message, found.started_at, found.completed_at) == ("m", "s", None)
    assert observation.update_status({}) is None
    assert observation.update_status({"State": ""}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": [task(Status={"State": "dancing"})]},
        {"tasks": [task(DesiredState="dancing")]},
        {"services": [{"ID": "s", "UpdateStatus": {"State": "dancing"}}]},
        {"services": [{"ID": "s", "Spec": {"Mode": {"Quantum": {}}}}]},
    ],
)
def test_a_word_no_engine_says_is_a_clear_error(change: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match=r"dancing|Quantum"):
        observation.observation(look(**change))


@pytest.mark.parametrize("key", ["Spec", "Status", "Description", "ManagerStatus", "Version"])
def test_a_node_is_read_whatever_an_engine_leaves_out(key: str) -> None:
    raw = recorded("nodes")[0]
    del raw[key]
    assert observation.node(raw).id == raw["ID"]


def test_services_and_tasks_are_read_whatever_an_engine_leaves_out() -> None:
    found = observation.observation(look(services=[{"ID": "a"}], tasks=[{"ID": "b"}], nodes=[]))
    assert found.services[0].spec.mode is Mode.REPLICATED
    null = {"ID": "a", "Spec": None, "UpdateStatus": None, "PreviousSpec": None}
    lone = {"ID": "b", "ServiceID": "a", "Status": {"ContainerStatus": None}, "Spec": None}
    found = observation.observation(look(services=[null], tasks=[lone], nodes=None, images=None))
    assert found.services[0].tasks[0].state is TaskState.NEW
