"""A watch on an Engine that lies, hangs or talks nonsense."""

import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from support.engine.server import EngineServer, Refusal, Request, recorded

from ccci.exits import Verdict
from ccci.host.process import Running
from ccci.steps.follow import Options, follow
from ccci.swarm.baseline import take
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Observation
from ccci.swarm.watching.watch import Watch

pytestmark = pytest.mark.slow

IDS = {each["Spec"]["Name"]: each["ID"] for each in recorded("services")}


class NoView:
    def show(self, rollout: Rollout, seen: Observation) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def watch(server: EngineServer, engine: Engine) -> Iterator[Watch]:
    for kind in ("services", "tasks"):
        for each in recorded(kind):
            server.routes[f"/{kind}/{each['ID']}"] = each
    with Watch(engine, "t") as watch:
        yield watch


def looks(watch: Watch, seen: Iterator[Observation]) -> Observation:
    watch._snapshots.changed()
    watch.wake_at = watch.now() + 0.05
    return next(seen)


@pytest.mark.parametrize(
    "answer", [b"", None, [], recorded("services")[:1], recorded("services")[1:]]
)
def test_one_list_of_services_that_is_not_whole_is_a_look_that_could_not_be_read(
    server: EngineServer, watch: Watch, answer: Any
) -> None:
    seen = watch.observations()
    next(seen)
    server.routes["/services"] = answer
    assert looks(watch, seen).unreachable is not None
    server.routes["/services"] = recorded("services")
    assert [each.name for each in looks(watch, seen).services] == ["app", "glob", "plain"]


@pytest.mark.parametrize("answer", [b"", None, [], recorded("tasks")[:1], recorded("tasks")[1:]])
def test_one_list_of_tasks_that_is_not_whole_is_a_look_that_could_not_be_read(
    server: EngineServer, watch: Watch, answer: Any
) -> None:
    seen = watch.observations()
    next(seen)
    server.routes["/tasks"] = answer
    assert looks(watch, seen).unreachable is not None
    server.routes["/tasks"] = recorded("tasks")
    assert len(looks(watch, seen).services) == 3


def test_a_service_that_is_there_by_name_is_not_gone_however_often_the_list_lacks_it(
    server: EngineServer, watch: Watch
) -> None:
    seen = watch.observations()
    next(seen)
    server.routes["/services"] = recorded("services")[1:]
    said = [looks(watch, seen).unreachable or "" for _ in range(3)]
    assert all("it lacks the service" in each for each in said)


def test_a_service_that_is_gone_by_name_is_looked_for_twice(
    server: EngineServer, watch: Watch
) -> None:
    seen = watch.observations()
    next(seen)
    del server.routes[f"/services/{IDS['t_app']}"]
    server.routes["/services"] = [
        each for each in recorded("services") if each["ID"] != IDS["t_app"]
    ]
    assert "not there any more" in (looks(watch, seen).unreachable or "")
    assert [each.name for each in looks(watch, seen).services] == ["glob", "plain"]


@pytest.mark.parametrize(
    "spoilt", [{"Spec": None}, {"Version": {}}, {"ID": 7}, {"UpdateStatus": 3}]
)
def test_a_service_that_makes_no_sense_is_a_look_that_could_not_be_read(
    server: EngineServer, watch: Watch, spoilt: dict[str, Any]
) -> None:
    seen = watch.observations()
    before = next(seen)
    first, *rest = recorded("services")
    server.routes["/services"] = [{**first, **spoilt}, *rest]
    assert looks(watch, seen).unreachable is not None
    server.routes["/services"] = recorded("services")
    again = looks(watch, seen).services
    assert [each.spec for each in again] == [each.spec for each in before.services]


def test_a_change_that_is_told_in_two_ways_is_not_believed(
    server: EngineServer, watch: Watch
) -> None:
    seen = watch.observations()
    next(seen)
    told: list[int] = []

    def answer(_: Request) -> list[dict[str, Any]]:
        found = recorded("services")
        found[0]["Version"]["Index"] += 5
        if not told:
            found[0]["Spec"]["TaskTemplate"]["ContainerSpec"]["Command"] = ["other"]
        told.append(1)
        return list(found)

    server.routes["/services"] = answer
    assert "two different things" in (looks(watch, seen).unreachable or "")
    assert looks(watch, seen).unreachable is None


ODD: list[Any] = [
    *(3, "x", None, [], {}, {"Type": 3}, {"Type": "service", "Actor": 7}),
    {"Type": "container", "Actor": {"Attributes": []}},
    {"Type": "node", "Actor": {"Attributes": {"a": 1}}},
]


@pytest.mark.parametrize("event", ODD, ids=map(str, ODD))
def test_an_event_of_any_type_leaves_the_listening_alive(
    server: EngineServer, watch: Watch, event: Any
) -> None:
    seen = watch.observations()
    next(seen)
    server.emit(event)
    server.emit({"Type": "container", "Action": "die"})
    service = {"Type": "service", "Action": "update", "Actor": {"Attributes": {"name": "t_app"}}}
    server.emit(service)
    assert next(seen).unreachable is None
    assert watch._events._thread.is_alive()
    assert len([each for each in server.requests if each.path == "/events"]) == 1


def test_bytes_that_are_no_event_leave_the_listening_alive(
    server: EngineServer, watch: Watch
) -> None:
    seen = watch.observations()
    next(seen)
    for data in (b"\xff\xfe\n", b"{\n", b"[" * 5000 + b"\n", b"1e999\n"):
        for stream in server.streams:
            stream.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            stream.wfile.flush()
    server.emit({"Type": "service", "Actor": {"Attributes": {"name": "t_app"}}})
    assert next(seen).unreachable is None
    assert watch._events._thread.is_alive()


@pytest.mark.parametrize("stubborn", [False, True])
def test_the_end_comes_within_five_seconds_of_the_deadline_whatever_hangs(
    server: EngineServer, watch: Watch, stubborn: bool
) -> None:
    before = take("t", watch.look())
    trap = "trap '' TERM; " if stubborn else ""

    def start() -> Running:
        server.delay = 120  # like a dockerd that was stopped
        return Running(["sh", "-c", f"{trap}while :; do sleep 0.1; done"], lines=print)

    begun = time.monotonic()
    outcome = follow(
        watch, baseline=before, options=Options(timeout=0.2), view=NoView(), start=start
    )
    took = time.monotonic() - begun
    assert outcome.verdict is Verdict.UNABLE
    assert "out of reach" in outcome.summary
    assert took < 0.2 + 5.0


def test_an_engine_that_fails_when_the_deadline_comes_has_another_second(
    server: EngineServer, watch: Watch
) -> None:
    def refuse(_: Request) -> None:
        raise Refusal(500, "on fire")

    def later() -> None:
        threading.Event().wait(0.2)
        server.routes["/tasks"] = refuse
        threading.Event().wait(0.5)
        server.routes["/tasks"] = recorded("tasks")

    for each in server.routes["/services"]:
        each["UpdateStatus"] = {"State": "updating", "StartedAt": "2026-11-23T21:31:40Z"}
    fault = threading.Thread(target=later)
    fault.start()
    options = Options(timeout=0.5)
    outcome = follow(watch, baseline=None, options=options, view=NoView())
    fault.join()
    assert outcome.verdict is Verdict.TIMED_OUT


def test_a_look_at_a_lying_engine_is_recorded_as_one_that_could_not_be_read(
    server: EngineServer, watch: Watch
) -> None:
    seen = watch.observations()
    next(seen)
    server.routes["/services"] = [{"ID": {"deep": [1, 2]}}]
    blind = [looks(watch, seen) for _ in range(3)]
    assert all(each.unreachable for each in blind)
    assert not any(each.services for each in blind)
    assert list(islice(watch.evidence, 1)) == []
