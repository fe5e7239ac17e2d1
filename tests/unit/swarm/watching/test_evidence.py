import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.engine.server import EngineServer, Refusal, Request

from ccci.swarm.decode import observation
from ccci.swarm.decode.events import Event
from ccci.swarm.decode.events import event as decode_event
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Evidence
from ccci.swarm.watching import evidence
from ccci.swarm.watching.evidence import Collector

pytestmark = pytest.mark.slow

LOG = b"\x01\x00\x00\x00\x00\x00\x00\x0dhello 5ecr3t\n"
STATE = {
    "Status": "exited",
    "ExitCode": 3,
    "StartedAt": "2026-11-23T21:31:40Z",
    "FinishedAt": "2026-11-23T21:31:42.5Z",
}


@pytest.fixture
def server(server: EngineServer) -> EngineServer:
    for name in ("task", *(f"t{number}" for number in range(9))):
        server.routes |= {
            f"/containers/c-{name}/json": {"State": STATE, "Config": {"Env": []}},
            f"/containers/c-{name}/logs": LOG,
            f"/tasks/{name}/logs": LOG,
        }
    return server


@pytest.fixture
def collector(engine: Engine) -> Iterator[Collector]:
    collector = Collector(engine)
    yield collector
    collector.close()


def event(action: str = "die", task: str = "task", code: str = "3", **changes: str) -> Event:
    attributes = {
        "com.docker.stack.namespace": "t",
        "com.docker.swarm.task.id": task,
        "com.docker.swarm.task.name": f"t_app.1.{task}",
        "com.docker.swarm.service.id": "service",
    }
    if action == "die":
        attributes["exitCode"] = code
    actor = {"ID": f"c-{task}", "Attributes": attributes | changes}
    found = decode_event({"Type": "container", "Action": action, "Actor": actor})
    assert found is not None
    return found


def listed(
    name: str = "task", *, state: str = "failed", desired: str = "shutdown", **changes: Any
) -> dict[str, Any]:
    status = {"State": state, "ContainerStatus": {"ContainerID": f"c-{name}", "ExitCode": 3}}
    status["Timestamp"] = changes.pop("timestamp", "2026-11-23T21:31:40Z")
    return {
        "ID": name,
        "ServiceID": "service",
        "Slot": 1,
        "NodeID": "here",
        "DesiredState": desired,
        "Status": status,
        **changes,
    }


def show(collector: Collector, *tasks: dict[str, Any], **spec: Any) -> None:
    service = {"ID": "service", "Spec": {"Name": "t_app", **spec}}
    raw = {"at": 1.0, "wall": "w", "services": [service], "tasks": list(tasks)}
    collector.look(raw, observation.observation(raw), "here")


def refuse(status: int, message: str) -> Callable[[Request], None]:
    def answer(_: Request) -> None:
        raise Refusal(status, message)

    return answer


def only(collector: Collector) -> Evidence:
    assert collector.settle(5)
    (found,) = collector.found.values()
    return found


def test_a_container_that_dies_is_looked_into_at_once(collector: Collector) -> None:
    collector.event(event())
    assert only(collector) == Evidence(
        "task", local=True, exit_code=3, logs=("hello 5ecr3t",), ran_for=2.5
    )


def test_secrets_of_the_container_and_of_the_services_are_hidden(
    server: EngineServer, collector: Collector
) -> None:
    health = {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no other5ecr3t"}]}
    server.routes["/containers/c-task/json"] = {
        "State": {**STATE, "Health": health},
        "Config": {"Env": ["A_TOKEN=5ecr3t"]},
    }
    spec = {"TaskTemplate": {"ContainerSpec": {"Env": ["A_PASSWORD=other5ecr3t"]}}}
    show(collector, **spec)
    collector.event(event())
    assert only(collector).logs == ("hello ***",)
    assert only(collector).health == ("exit 1: no ***",)
    assert collector.secrets == {"other5ecr3t"}


def test_out_of_memory_is_told_by_the_inspection_or_by_an_event_and_the_kill(
    server: EngineServer, collector: Collector
) -> None:
    server.routes["/containers/c-t1/json"] = {"State": {**STATE, "OOMKilled": True}}
    server.routes["/containers/c-t2/json"] = {"State": {**STATE, "ExitCode": 137}}
    for task in ("t1", "t2", "t3"):
        if task != "t1":
            collector.event(event("oom", task))
        collector.event(event("die", task))
    assert collector.settle(5)
    found = {name: each.oom_killed for name, each in collector.found.items()}
    # The third's out-of-memory was of a child; its parent ended with 3.
    assert found == {"t1": True, "t2": True, "t3": False}


@pytest.mark.parametrize("at_once", [True, False])
def test_a_container_that_starts_after_it_died_was_started_outside_of_swarm(
    collector: Collector, at_once: bool
) -> None:
    collector.event(event("start"))
    collector.event(event("die", code="137"))
    assert at_once or not only(collector).started_again
    collector.event(event("start"))
    assert only(collector).started_again


def test_an_unhealthy_container_is_looked_into_before_it_is_killed(
    server: EngineServer, collector: Collector
) -> None:
    log = [
        {"ExitCode": 0, "Output": "fine"},
        {"ExitCode": 1, "Output": " bad\n"},
        {"ExitCode": -1, "Output": ""},
    ]
    server.routes["/containers/c-task/json"] = {
        "State": {"Status": "running", "Health": {"Status": "unhealthy", "Log": log}}
    }
    collector.event(event("health_status: unhealthy"))
    before = only(collector)
    assert before.unhealthy
    assert collector.unhealthy == {"task"}
    assert before.health == ("exit 1: bad", "exit -1")
    assert before.exit_code is None
    assert before.ran_for is None
    server.routes["/containers/c-task/json"] = refuse(404, "gone")
    collector.event(event("die", code="137"))
    after = only(collector)
    assert after.unhealthy
    assert after.local
    assert after.health == before.health
    assert after.exit_code == 137


def test_a_healthy_container_is_none_of_its_business(
    server: EngineServer, collector: Collector
) -> None:
    collector.event(event("health_status: healthy"))
    collector.event(event("start"))
    collector.event(event(**{"com.docker.swarm.task.id": ""}))
    assert collector.settle(5)
    assert server.requests == []


def test_a_task_that_was_asked_to_stop_is_not_looked_into(
    server: EngineServer, collector: Collector
) -> None:
    show(collector, listed(state="running"))
    collector.event(event(code="143"))
    show(collector, listed(state="complete"))
    show(collector, listed(state="shutdown"))
    assert collector.settle(5)
    assert server.requests == []


def test_a_task_that_turned_unhealthy_is_looked_into_though_asked_to_stop(
    collector: Collector,
) -> None:
    show(collector, listed(state="running"))
    collector.event(event("health_status: unhealthy"))
    collector.event(event(code="143"))
    assert only(collector).unhealthy


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("running", "running"), ("failed", "shutdown")),
        (("running", "running"), ("complete", "shutdown")),
        (("starting", "running"), ("rejected", "shutdown")),
    ],
)
def test_a_task_that_a_look_shows_ended_is_looked_into(
    collector: Collector, before: tuple[str, str], after: tuple[str, str]
) -> None:
    show(collector, listed(state=before[0], desired=before[1]))
    show(collector, listed(state=after[0], desired=after[1]))
    show(collector, listed(state=after[0], desired=after[1]))
    assert only(collector).exit_code == 3


def test_a_job_that_completes_is_no_failure(server: EngineServer, collector: Collector) -> None:
    mode: dict[str, Any] = {"Mode": {"ReplicatedJob": {}}}
    show(collector, listed(state="running", desired="complete"), **mode)
    show(collector, listed(state="complete", desired="complete"), **mode)
    assert collector.settle(5)
    assert server.requests == []


def test_a_task_without_a_container_has_no_more_to_tell(
    server: EngineServer, collector: Collector
) -> None:
    status = {"State": "rejected", "Err": "No such image"}
    show(collector, listed(), listed("t1", Status=status))
    assert set(found(collector)) == {"task"}
    assert not [each for each in server.requests if "t1" in each.path]


def found(collector: Collector) -> dict[str, Evidence]:
    assert collector.settle(5)
    return dict(collector.found)


def test_of_failures_before_the_first_look_the_latest_of_a_slot_is_looked_into(
    collector: Collector,
) -> None:
    show(
        collector,
        listed("t1", timestamp="2026-11-23T21:31:43Z"),
        listed("t2", timestamp="2026-11-23T21:31:44Z"),
        listed("t3", timestamp="2026-11-23T21:31:42Z"),
        listed("t4", Slot=2),
    )
    assert set(found(collector)) == {"t2", "t4"}


def test_of_a_slot_the_first_three_failures_and_the_latest_are_kept(
    collector: Collector,
) -> None:
    for number in range(7):
        collector.event(event(task=f"t{number}"))
        assert collector.settle(5)
    assert set(collector.found) == {"t0", "t1", "t2", "t6"}


def test_of_a_task_elsewhere_only_its_log_is_asked_for(
    server: EngineServer, collector: Collector
) -> None:
    show(collector, listed(state="running", desired="running", NodeID="there"))
    show(collector, listed(NodeID="there"))
    assert only(collector) == Evidence("task", exit_code=3, logs=("hello 5ecr3t",))
    assert [each.path for each in server.requests] == ["/tasks/task/logs"]


def test_what_cannot_be_had_is_said(server: EngineServer, collector: Collector) -> None:
    server.routes["/containers/c-task/json"] = refuse(500, "on fire")
    server.routes["/tasks/task/logs"] = refuse(501, "no logs of driver none")
    collector.event(event())
    assert only(collector) == Evidence(
        "task",
        exit_code=3,
        incomplete="its container could not be inspected: on fire; "
        "its log could not be had: no logs of driver none",
    )


def test_a_log_that_hangs_is_given_up(
    server: EngineServer, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "EVIDENCE_PATIENCE", 0.2)
    never = threading.Event()
    server.routes["/containers/c-task/logs"] = lambda _: never.wait(5)
    collector.event(event())
    assert not collector.settle(0.01)
    found = only(collector)
    assert found.exit_code == 3
    assert "did not answer within 0.2 s" in found.incomplete
    never.set()


def test_who_wants_to_know_is_told(server: EngineServer) -> None:
    told: list[Evidence] = []
    with Engine.connect(environ=server.environ) as engine:
        collector = Collector(engine, report=told.append, secrets=["5ecr3t"])
        collector.event(event())
        assert only(collector) == told[0]
        assert told[0].logs == ("hello ***",)
        collector.close()
