import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import EngineServer, Refusal, Request, recorded

from ccci.errors import EngineError, EngineUnavailable
from ccci.host.process import Running
from ccci.swarm.engine.client import Engine
from ccci.swarm.watching import events, recording, watch
from ccci.swarm.watching import snapshot as look
from ccci.swarm.watching.trace import Trace
from ccci.swarm.watching.watch import Watch

pytestmark = pytest.mark.slow

SERVICE = {"Type": "service", "Action": "update", "Actor": {"Attributes": {"name": "t_app"}}}


@pytest.fixture
def slow_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but what happens wake a watch."""
    for name in ("SOON", "QUIET"):
        monkeypatch.setattr(watch, name, 60.0)


@pytest.fixture
def quick_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a watch look again soon, for what is not about when it looks."""
    for name in ("SOON", "QUIET"):
        monkeypatch.setattr(watch, name, 0.05)
    monkeypatch.setattr(watch, "_BACKOFF", (0.05,))
    monkeypatch.setattr(events, "_RETRIES", (0.05,))


def asked(server: EngineServer) -> list[str]:
    """Return what was asked since, apart from the subscription."""
    paths = [each.path for each in server.requests if each.path != "/events"]
    server.requests.clear()
    return paths


def refuse(status: int, message: str) -> Any:
    def answer(_: Request) -> None:
        raise Refusal(status, message)

    return answer


def container(action: str, **attributes: str) -> dict[str, Any]:
    named = {"com.docker.stack.namespace": "t", **attributes}
    return {"Type": "container", "Action": action, "Actor": {"ID": "c", "Attributes": named}}


def node(**attributes: str) -> dict[str, Any]:
    return {"Type": "node", "Action": "update", "Actor": {"ID": "n", "Attributes": attributes}}


AWAY = node(name="n", **{"state.old": "ready", "state.new": "down"})


def test_the_first_look_is_at_once_and_whole(server: EngineServer, engine: Engine) -> None:
    with Watch(engine, "t") as watching:
        seen = next(watching.observations())
    assert [each.name for each in seen.services] == ["app", "glob", "plain"]
    assert all(task.up_to_date for each in seen.services for task in each.tasks)
    assert seen.nodes[0].leader
    assert seen.orchestrator == f"{seen.nodes[0].id}@2026-11-23T21:00:00Z"
    assert seen.unreachable is None
    assert seen.absent_images == frozenset()
    # Services before tasks, tasks before Swarm's own test of them: a race reads as not up to date.
    assert asked(server) == [
        "/services",
        "/tasks",
        "/info",
        "/nodes",
        "/networks/bridge",
        "/tasks",
        "/images/eng:1/json",
    ]


def test_a_quiet_look_is_two_listings(server: EngineServer, engine: Engine) -> None:
    with Watch(engine, "t") as watching:
        watching.look()
        asked(server)
        watching.look()
    assert asked(server) == ["/services", "/tasks"]


@pytest.mark.usefixtures("slow_pace")
def test_between_events_only_the_tasks_are_listed(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "QUIET", 0.01)
    monkeypatch.setattr(watch, "SOON", 0.01)
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        asked(server)
        for _ in range(3):
            assert len(next(seen).services) == 3
        assert asked(server) == ["/tasks"] * 3


def test_an_event_of_a_service_or_the_end_of_a_wait_lists_the_services_again(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        first = next(seen)
        for name in ("SOON", "QUIET"):
            monkeypatch.setattr(watch, name, 60.0)
        asked(server)
        server.emit(SERVICE)
        next(seen)
        assert asked(server) == ["/services", "/tasks"]
        watching.wake_at = watching.now() + 0.05
        assert next(seen).at > first.at
        assert asked(server) == ["/services", "/tasks"]


def test_tasks_that_changed_without_an_event_are_listed_again_after_the_services(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOON", "QUIET"):
        monkeypatch.setattr(watch, name, 0.01)
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        asked(server)
        server.routes["/tasks"][0]["Version"]["Index"] += 1
        next(seen)
        assert asked(server)[:3] == ["/tasks", "/services", "/tasks"]


def test_the_services_are_listed_now_and_then_without_any_event(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOON", "QUIET"):
        monkeypatch.setattr(watch, name, 0.01)
    monkeypatch.setattr(look, "SERVICES_EVERY", 0.0)
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        asked(server)
        next(seen)
        assert asked(server) == ["/services", "/tasks"]


def test_swarms_own_test_is_asked_for_again_when_its_answer_can_differ(
    server: EngineServer, engine: Engine
) -> None:
    with Watch(engine, "t") as watching:
        watching.look()
        asked(server)
        server.routes["/services"][0]["Version"]["Index"] += 1
        watching.look()
        # What changed is listed twice: a verdict may hang on it alone.
        assert asked(server) == ["/services", "/services", "/tasks", "/tasks"]
        forgotten = server.routes["/tasks"].pop()
        watching.look()
        assert asked(server) == ["/services", "/tasks", f"/tasks/{forgotten['ID']}", "/tasks"]


def test_nodes_are_asked_about_now_and_then_only_for_global_services(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "NODES_EVERY", -1.0)
    with Watch(engine, "t") as watching:
        watching.look()
        asked(server)
        watching.look()
        assert "/nodes" in asked(server)
        replicated = [each for each in recorded("services") if "Global" not in each["Spec"]["Mode"]]
        server.routes["/services"] = replicated
        watching.look()
        assert "/nodes" not in asked(server)


def test_an_absent_image_is_asked_for_again_after_a_while(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = server.routes.pop("/images/eng:1/json")
    with Watch(engine, "t") as watching:
        assert watching.look().absent_images == {"eng:1"}
        server.routes["/images/eng:1/json"] = image
        assert watching.look().absent_images == {"eng:1"}
        monkeypatch.setattr(look, "IMAGES_EVERY", -1.0)
        assert watching.look().absent_images == frozenset()
        asked(server)
        watching.look()
        assert asked(server) == ["/services", "/tasks"]


def test_a_stack_without_services_is_seen_as_such(server: EngineServer, engine: Engine) -> None:
    server.routes |= {"/services": [], "/tasks": None}
    with Watch(engine, "t") as watching:
        seen = watching.look()
    assert seen.services == ()
    assert seen.orchestrator


@pytest.mark.usefixtures("slow_pace")
@pytest.mark.parametrize(
    "event",
    [SERVICE, container("die"), container("health_status: healthy"), AWAY],
    ids=["service", "container", "health", "node"],
)
def test_an_event_of_the_stack_is_looked_at_at_once(
    server: EngineServer, engine: Engine, event: dict[str, Any]
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        server.emit(event)
        emitted = time.monotonic()
        next(seen)
    assert time.monotonic() - emitted < 2


def test_a_task_that_was_heard_to_turn_unhealthy_is_seen_as_such(
    server: EngineServer, engine: Engine
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        first = next(seen)
        assert not first.unhealthy
        task = first.services[0].tasks[0].id
        for each in (task, "forgotten"):
            named = {"com.docker.swarm.task.id": each, "com.docker.swarm.task.name": f"t.1.{each}"}
            server.emit(container("health_status: unhealthy", **named))
        while not (found := next(seen).unhealthy):
            pass
    assert found == {task}


def test_events_of_others_are_not_heard(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOON", "QUIET"):
        monkeypatch.setattr(watch, name, 0.2)
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        first = next(seen)
        server.emit({**SERVICE, "Actor": {"Attributes": {"name": "tea_app"}}})
        server.emit(container("die", **{"com.docker.stack.namespace": "other"}))
        server.emit({"Type": "container", "Action": "die"})
        server.emit(node(name="n"))  # it got an address in a network
        assert next(seen).at - first.at >= 0.2


@pytest.mark.usefixtures("slow_pace")
def test_a_burst_of_events_is_few_looks(server: EngineServer, engine: Engine) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        for _ in range(50):
            server.emit(SERVICE)
        server.emit(node(**{"state.new": "unknown"}))
        looks = list(islice(seen, 1))
        while "+1" not in looks[-1].orchestrator:
            looks.append(next(seen))
    assert len(looks) < 10


@pytest.mark.usefixtures("slow_pace")
@pytest.mark.usefixtures("slow_pace")
def test_the_end_of_the_command_is_looked_at_at_once(
    server: EngineServer, engine: Engine, tmp_path: Path
) -> None:
    waits = f"until test -e {tmp_path}/seen; do sleep 0.05; done; exit 7"
    with Watch(engine, "t") as watching:
        watching.command = Running(["sh", "-c", waits], lines=print)
        seen = watching.observations()
        first = next(seen)
        (tmp_path / "seen").touch()
        second = next(seen)
    assert first.command is not None
    assert first.command.code is None
    assert second.command is not None
    assert second.command.code == 7
    assert second.at - first.at < 5
    assert len([each for each in server.requests if each.path == "/services"]) == 2


@pytest.mark.usefixtures("slow_pace")
def test_a_look_is_taken_when_it_was_asked_for(engine: Engine) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        first = next(seen)
        watching.wake_at = first.at + 0.15
        second = next(seen)
        assert 0.12 < second.at - first.at < 5


def test_the_pace_slows_down_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SOON_FOR", 5.0)
    assert watch._pace(time.monotonic() - 4) == watch.SOON
    assert watch._pace(time.monotonic() - 6) == watch.QUIET


def test_an_engine_that_goes_away_and_comes_back_is_seen_both_times(
    server: EngineServer, engine: Engine
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        before = next(seen)
        routes = dict(server.routes)
        server.routes["/services"] = refuse(500, "on fire")
        server.cut()
        gone = next(seen)
        assert gone.unreachable == "on fire"
        assert gone.services == ()
        server.routes.clear()
        server.routes |= routes
        while (back := next(seen)).unreachable is not None:
            pass
        assert back.orchestrator == before.orchestrator
        assert [each.id for each in back.services] == [each.id for each in before.services]


@pytest.mark.usefixtures("quick_pace")
def test_an_engine_that_never_answers_is_unreachable_in_time(
    server: EngineServer, engine: Engine
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        watching._timeout = 0.2
        server.delay = 60
        assert "did not answer within 0.2 s" in (next(seen).unreachable or "")
        server.delay = 0
        while next(seen).unreachable is not None:
            pass


@pytest.mark.usefixtures("quick_pace")
def test_a_cut_event_stream_is_subscribed_to_again_and_is_no_new_leader(
    server: EngineServer, engine: Engine
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        before = next(seen)
        for _ in range(3):
            server.cut()
            while not server.streams:
                assert next(seen).unreachable is None
        assert next(seen).orchestrator == before.orchestrator
        subscriptions = [each for each in server.requests if each.path == "/events"]
        assert len(subscriptions) == 4
    wanted = subscriptions[0].filters
    assert wanted["type"] == ["service", "node", "container"]
    assert not any("exec" in each for each in wanted["event"])


def test_an_engine_that_cannot_be_subscribed_to_is_tried_again(
    server: EngineServer, engine: Engine
) -> None:
    real = server.socket
    away = real.with_name("away.sock")
    real.rename(away)
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        assert next(seen).unreachable is not None
        away.rename(real)
        while next(seen).unreachable is not None:
            pass
        while not server.streams:
            next(seen)


def test_who_is_no_manager_is_refused_at_once(server: EngineServer, engine: Engine) -> None:
    server.routes["/services"] = refuse(503, "This node is not a swarm manager. Use")
    with Watch(engine, "t") as watching, pytest.raises(EngineUnavailable, match="not in swarm"):
        next(watching.observations())


def test_a_subscription_that_is_refused_for_good_is_said_at_once(
    server: EngineServer, engine: Engine
) -> None:
    server.routes["/events"] = refuse(503, "Swarm is encrypted and needs to be unlocked")
    with pytest.raises(EngineUnavailable, match="locked"), Watch(engine, "t"):
        pass


def test_a_command_is_followed_from_the_look_after_it_was_given(engine: Engine) -> None:
    command = Running(["true"], lines=print)
    with Watch(engine, "t", command=command) as watching:
        seen = watching.look()
    command.end()
    assert seen.command is not None
    assert seen.command.argv == ("true",)


def test_an_image_whose_name_is_refused_is_neither_there_nor_absent(
    server: EngineServer, engine: Engine
) -> None:
    server.routes["/images/eng:1/json"] = refuse(400, "invalid reference format")
    with Watch(engine, "t") as watching:
        assert watching.look().absent_images == frozenset()


def test_an_image_store_that_hangs_keeps_no_look_up(server: EngineServer, engine: Engine) -> None:
    def cut(_: Request) -> None:
        raise ConnectionAbortedError

    server.routes["/images/eng:1/json"] = cut
    with Watch(engine, "t") as watching:
        seen = watching.look()
    assert seen.absent_images == frozenset()
    assert len(seen.services) == 3


@pytest.mark.usefixtures("quick_pace")
def test_a_node_that_comes_back_may_say_for_a_while_that_it_is_no_manager(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        next(seen)
        server.routes["/services"] = refuse(500, "starting")
        server.emit(SERVICE)
        assert next(seen).unreachable == "starting"
        server.routes["/services"] = refuse(503, "This node is not a swarm manager. Use")
        assert "not in swarm mode" in (next(seen).unreachable or "")
        monkeypatch.setattr(watch, "_PATIENCE_WITH_A_NODE", 0.0)
        with pytest.raises(EngineUnavailable, match="not in swarm mode"):
            next(seen)


def test_an_answer_that_makes_no_sense_is_no_blip(server: EngineServer, engine: Engine) -> None:
    server.routes["/tasks"][0]["Status"]["State"] = "dancing"
    with Watch(engine, "t") as watching, pytest.raises(EngineError, match="dancing"):
        next(watching.observations())


@pytest.mark.parametrize("how", ["leader", "restart", "unknown"])
def test_a_new_leader_is_told_apart(server: EngineServer, engine: Engine, how: str) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        before = next(seen)
        if how == "leader":
            other = {**recorded("nodes")[0], "ID": "other"}
            server.routes["/nodes"][0]["ManagerStatus"]["Leader"] = False
            server.routes["/nodes"].append(other)
            server.emit(node(**{"leader.new": "false", "leader.old": "true"}))
        elif how == "restart":
            server.routes["/networks/bridge"]["Created"] = "2026-11-23T22:00:00Z"
            server.cut()
        else:
            server.emit(node(**{"state.new": "unknown", "state.old": "ready"}))
        while (after := next(seen)).orchestrator == before.orchestrator:
            assert after.at - before.at < 10
        assert after.orchestrator


@pytest.mark.usefixtures("quick_pace")
def test_an_election_is_no_new_leader(server: EngineServer, engine: Engine) -> None:
    with Watch(engine, "t") as watching:
        seen = watching.observations()
        before = next(seen)
        server.routes["/nodes"][0]["ManagerStatus"]["Leader"] = False
        server.emit(AWAY)
        assert next(seen).orchestrator == before.orchestrator
        server.routes["/nodes"][0]["ManagerStatus"]["Leader"] = True
        assert next(seen).orchestrator == before.orchestrator


def test_an_engine_without_a_default_bridge_is_named_by_its_leader(
    server: EngineServer, engine: Engine
) -> None:
    del server.routes["/networks/bridge"]
    with Watch(engine, "t") as watching:
        seen = watching.look()
    assert seen.orchestrator == f"{seen.nodes[0].id}@"


def test_a_watch_ends_at_once_and_leaves_no_thread(engine: Engine) -> None:
    with Watch(engine, "t") as watching:
        next(watching.observations())
        ear = watching._events._thread
        ended = time.monotonic()
    assert time.monotonic() - ended < 1
    assert not ear.is_alive()


@pytest.mark.usefixtures("quick_pace")
def test_a_trace_of_it_is_the_same_again(
    server: EngineServer, engine: Engine, tmp_path: Path
) -> None:
    for each in (*server.routes["/services"], *server.routes["/tasks"]):
        spec = each["Spec"].get("TaskTemplate") or each["Spec"]
        spec["ContainerSpec"].pop("Env", None)
    path = tmp_path / "trace.jsonl"
    with Trace(path) as writer, Watch(engine, "t", trace=writer) as watching:
        watching.command = Running(["sh", "-c", "exit 3"], lines=print)
        seen = watching.observations()
        live = [next(seen)]
        server.routes["/services"] = refuse(500, "on fire")
        live.append(next(seen))
        server.routes["/services"] = recorded("services")[:1]
        live += [next(seen), next(seen)]
        while live[-1].command is None or live[-1].command.code is None:
            live.append(next(seen))
    assert list(recording.observations(path)) == live
    notes = recording.notes(path)
    assert notes[-1]["code"] == 3
    assert notes[-1]["argv"] == ["sh", "-c", "exit 3"]
