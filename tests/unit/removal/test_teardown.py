"""Removing what is claimed, on a small Engine that forgets what is deleted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import EngineServer, Refusal, Request, engine_server

from ccci.errors import CcciError, ConnectionLost
from ccci.host import interrupts
from ccci.locks.lease import Lost
from ccci.removal import teardown
from ccci.removal.objects import Claim
from ccci.removal.teardown import Ending, tear_down
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL
from ccci.terminal.output import Output
from ccci.terminal.waiting import Waiting

pytestmark = pytest.mark.slow

LABELS = {STACK_LABEL: "t"}
CLAIM = Claim("t", by_name=True)


class Stack:
    """What the Engine has of the stack `t`, and what it was told to remove."""

    def __init__(self, server: EngineServer) -> None:
        self.server = server
        self.removed: list[str] = []
        self.refused: set[str] = set()
        self.there: dict[str, list[dict[str, Any]]] = {
            "services": [{"ID": "s1", "Spec": {"Name": "t_app", "Labels": LABELS}}],
            "tasks": [{"ID": "task1", "NodeID": "n", "Labels": {}}],
            "networks": [{"Id": "net1", "Name": "t_default", "Labels": LABELS}],
            "configs": [{"ID": "c1", "Spec": {"Name": "t_conf", "Labels": LABELS}}],
            "secrets": [
                {"ID": "x1", "Spec": {"Name": "t_pw_v1", "Labels": {}}},
                {"ID": "x2", "Spec": {"Name": "other_pw_v1", "Labels": {STACK_LABEL: "other"}}},
            ],
        }
        for kind in self.there:
            server.routes[f"/{kind}"] = self._listed(kind)
        server.routes |= {
            "/containers/json": [],
            "/volumes": {"Volumes": None},
            "/info": {"Swarm": {"NodeID": "n"}},
            "/nodes": [{"ID": "n", "Description": {"Hostname": "one"}}],
        }
        for kind, objects in self.there.items():
            for each in objects:
                identifier = each.get("ID") or each["Id"]
                server.routes[f"/{kind}/{identifier}"] = self._removal(kind, identifier)

    def _listed(self, kind: str) -> Callable[[Request], Any]:
        return lambda _: list(self.there[kind])

    def _removal(self, kind: str, identifier: str) -> Callable[[Request], Any]:
        def remove(request: Request) -> bytes:
            assert request.method == "DELETE"
            if identifier in self.refused:
                raise Refusal(409, f"{identifier} is in use")
            self.removed.append(identifier)
            self.there[kind] = [
                each
                for each in self.there[kind]
                if identifier not in {each.get("ID"), each.get("Id")}
            ]
            if kind == "services":
                self.there["tasks"] = []
            return b""

        return remove


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with engine_server(tmp_path) as server:
        yield Stack(server)


@pytest.fixture
def engine(stack: Stack) -> Iterator[Engine]:
    with Engine.connect(environ=stack.server.environ) as engine:
        yield engine


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teardown, "_LOOK_EVERY", 0.0)


def test_everything_of_the_stack_goes_and_nothing_of_another(
    stack: Stack, engine: Engine, tmp_path: Path
) -> None:
    env = tmp_path / "app.env"
    env.write_text("A=b\n")
    found = tear_down(engine, CLAIM, files=(env,))
    assert found.gone
    assert stack.removed[0] == "s1"  # the rest is in use until its tasks have ended
    assert set(stack.removed) == {"s1", "net1", "c1", "x1"}
    assert not env.exists()


def test_nothing_is_removed_once_the_lock_is_no_longer_ours(
    stack: Stack, engine: Engine, tmp_path: Path
) -> None:
    env = tmp_path / "app.env"
    env.write_text("A=b\n")

    def lost() -> None:
        raise Lost("the lock is no longer ours")

    with pytest.raises(Lost):
        tear_down(engine, CLAIM, files=(env,), check=lost)
    assert stack.removed == []
    assert env.exists()


def test_a_lock_that_is_lost_on_the_way_stops_the_removal(stack: Stack, engine: Engine) -> None:
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) > 2:  # before anything goes, and before the services
            raise Lost("the lock is no longer ours")

    with pytest.raises(Lost):
        tear_down(engine, CLAIM, check=check)
    assert stack.removed == ["s1"]


def test_the_deployer_is_not_asked_without_the_lock(stack: Stack, engine: Engine) -> None:
    asked: list[int] = []

    def lost() -> None:
        raise Lost("the lock is no longer ours")

    with pytest.raises(Lost):
        tear_down(engine, CLAIM, undeploy=lambda: asked.append(1), check=lost)
    assert (asked, stack.removed) == ([], [])


def test_a_deployer_that_fails_to_undeploy_keeps_nothing(stack: Stack, engine: Engine) -> None:
    def undeploy() -> None:
        raise CcciError("abra is confused")

    found = tear_down(engine, CLAIM, undeploy=undeploy)
    assert found.gone
    assert stack.there["services"] == []
    assert any("abra is confused" in each for each in found.notes)


def test_what_stays_is_told_with_the_engines_complaint_and_no_file_goes(
    stack: Stack, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardown, "STUCK_AFTER", 0.0)
    stack.refused.add("net1")
    env = tmp_path / "app.env"
    env.write_text("A=b\n")
    found = tear_down(engine, CLAIM, files=(env,))
    assert not found.gone
    assert found.left == ("network t_default",)
    assert any("net1 is in use" in each for each in found.notes)
    assert env.exists()


def test_an_empty_answer_is_no_word_that_all_is_gone(stack: Stack, engine: Engine) -> None:
    truth = stack.server.routes["/services"]
    stack.server.routes["/services"] = b""
    with pytest.raises(ConnectionLost):
        tear_down(engine, CLAIM)
    stack.server.routes["/services"] = truth
    found = tear_down(engine, CLAIM)
    assert found.gone
    assert "s1" in stack.removed


def test_an_ending_says_what_nobody_could_see() -> None:
    assert Ending(unseen=("two",)).notes == (
        "volumes on these nodes cannot be seen from here: two",
    )
    assert not Ending(left=("network n",)).gone


def test_a_second_ctrl_c_leaves_the_rest_where_it_is(
    stack: Stack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupts, "hurried", lambda: True)
    found = tear_down(engine, CLAIM)
    assert stack.removed == []
    assert not found.gone
    assert any("t_app" in each for each in found.left)


def test_it_says_how_much_is_left(stack: Stack, engine: Engine) -> None:
    said: list[str] = []

    class Heard(Waiting):
        def begin(self, what: str, most: float | None = None) -> None:
            said.append(f"{what} within {most:g}")

        def update(self, what: str) -> None:
            said.append(what)

    tear_down(engine, CLAIM, patience=9.0, waiting=Heard(Output()))
    assert said[0] == "1 config, 1 network, 1 secret, 1 service, 1 task to be gone within 9"
    assert stack.removed


ALL = {"services", "tasks", "containers/json", "networks", "volumes", "secrets", "configs"}


class Slow:
    """Tasks that take some looks to end, and what was asked in each of them."""

    def __init__(self, stack: Stack, looks: int, then: Callable[[], None] = lambda: None) -> None:
        self._stack = stack
        self._left = looks
        self._then = then
        self._task = stack.there["tasks"][0]
        stack.server.routes["/tasks"] = self

    def __call__(self, _: Request) -> list[dict[str, Any]]:
        self._left -= 1
        if self._left == 0:
            self._then()
        return [self._task] if self._left > 0 else []

    def asked(self) -> dict[str, int]:
        lists = [each for each in self._stack.server.requests if each.method == "GET"]
        return {name: sum(each.path == f"/{name}" for each in lists) for name in ALL}


def test_while_tasks_end_nothing_but_tasks_is_asked_for(stack: Stack, engine: Engine) -> None:
    tasks = Slow(stack, looks=40)
    assert tear_down(engine, CLAIM).gone
    asked = tasks.asked()
    # All kinds at first, once the tasks have ended, and before nothing is said to be left.
    assert asked.pop("tasks") == 42
    assert asked.pop("services") <= 6  # once more, for jobs
    assert max(asked.values()) <= 5


def test_what_appears_late_is_removed_as_well(stack: Stack, engine: Engine) -> None:
    def late() -> None:
        stack.there["secrets"].append({"ID": "x1", "Spec": {"Name": "t_late_v1", "Labels": {}}})
        stack.there["services"].append(service)

    [service] = stack.there["services"]
    stack.there["secrets"] = []
    Slow(stack, looks=4, then=late)
    assert tear_down(engine, CLAIM).gone
    assert stack.removed.count("s1") == 2
    assert "x1" in stack.removed


def test_what_appears_while_the_rest_is_stuck_is_found(
    stack: Stack, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardown, "STUCK_AFTER", 0.5)
    stack.refused.add("net1")
    [service] = stack.there["services"]
    there = stack.server.routes["/networks"]

    def listed(request: Request) -> Any:
        if set(stack.removed) == {"s1", "c1", "x1"} and service not in stack.there["services"]:
            stack.there["services"].append(service)
        return there(request)

    stack.server.routes["/networks"] = listed
    found = tear_down(engine, CLAIM)
    assert found.left == ("service t_app", "network t_default")
