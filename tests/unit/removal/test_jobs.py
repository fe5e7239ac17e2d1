"""Ending jobs before they are removed, on an Engine that keeps what is sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.engine.server import EngineServer, Refusal, Request, engine_server

from ccci.removal import jobs
from ccci.removal.jobs import end_jobs, is_at_work
from ccci.swarm.decode.tasks import TaskEntry
from ccci.swarm.engine.client import Engine

pytestmark = pytest.mark.slow

JOB = {"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 5}}


class Jobs:
    """The services and tasks of a stack `t`, whose tasks end once no more of them are wanted."""

    def __init__(self, server: EngineServer) -> None:
        self.server = server
        self.sent: list[dict[str, Any]] = []
        self.services: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.refusals = 0
        server.routes["/services"] = lambda _: list(self.services)
        server.routes["/tasks"] = lambda _: list(self.tasks)

    def add(self, name: str, mode: dict[str, Any], *states: str, desired: str = "complete") -> None:
        spec = {
            "Name": name,
            "Mode": mode,
            "TaskTemplate": {"Placement": {"Constraints": ["a==b"]}},
        }
        self.services.append({"ID": name, "Version": {"Index": 7}, "Spec": spec})
        self.tasks += [
            {
                "ID": f"{name}{n}",
                "ServiceID": name,
                "DesiredState": desired,
                "NodeID": "n",
                "Status": {"State": state},
            }
            for n, state in enumerate(states)
        ]
        self.server.routes[f"/services/{name}/update"] = self._update

    def _update(self, request: Request) -> dict[str, Any]:
        assert request.method == "POST"
        if self.refusals:
            self.refusals -= 1
            raise Refusal(500, "update out of sequence")
        self.sent.append(request.body)
        self.tasks = []
        return {}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Jobs]:
    with engine_server(tmp_path) as server:
        yield Jobs(server)


@pytest.fixture
def engine(stack: Jobs) -> Iterator[Engine]:
    with Engine.connect(environ=stack.server.environ) as engine:
        yield engine


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_LOOK_EVERY", 0.0)


@pytest.mark.parametrize("state", ["pending", "preparing", "running"])
def test_a_job_at_work_is_asked_for_no_task_more(stack: Jobs, engine: Engine, state: str) -> None:
    stack.add("t_job", JOB, state)
    assert end_jobs(engine, "t") == ()
    (sent,) = stack.sent
    assert sent["Mode"] == {"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 0}}
    assert sent["TaskTemplate"] == stack.services[0]["Spec"]["TaskTemplate"]


def test_a_global_job_is_sent_where_there_is_no_node(stack: Jobs, engine: Engine) -> None:
    stack.add("t_job", {"GlobalJob": {}}, "running")
    assert end_jobs(engine, "t") == ()
    (sent,) = stack.sent
    assert sent["TaskTemplate"]["Placement"] == {"Constraints": ["node.id==none"]}
    assert sent["Mode"] == {"GlobalJob": {}}


def test_what_ended_and_what_is_no_job_is_left_as_it_is(stack: Jobs, engine: Engine) -> None:
    stack.add("t_job", JOB, "complete", "failed")
    stack.add("t_app", {"Replicated": {"Replicas": 1}}, "running", desired="running")
    assert end_jobs(engine, "t") == ()
    assert stack.sent == []


def test_a_change_between_two_looks_is_no_failure(stack: Jobs, engine: Engine) -> None:
    stack.refusals = 2
    stack.add("t_job", JOB, "running")
    assert end_jobs(engine, "t") == ()
    assert len(stack.sent) == 1


def test_a_job_that_does_not_end_is_named(stack: Jobs, engine: Engine) -> None:
    stack.refusals = 10**9
    stack.add("t_job", JOB, "running")
    assert end_jobs(engine, "t", within=0.05) == ("t_job",)


def test_one_that_was_asked_already_is_asked_no_more(stack: Jobs, engine: Engine) -> None:
    stack.add("t_job", {"ReplicatedJob": {"TotalCompletions": 0}}, "running")
    stack.add("t_each", {"GlobalJob": {}}, "running")
    stack.services[1]["Spec"]["TaskTemplate"]["Placement"]["Constraints"] = ["node.id==none"]
    assert end_jobs(engine, "t", within=0.05) == ("t_job", "t_each")
    assert stack.sent == []


@pytest.mark.parametrize(
    ("state", "desired", "node", "said"),
    [
        ("running", "remove", "n", True),
        ("pending", "remove", "", True),
        ("pending", "complete", "", False),
        ("running", "complete", "n", True),
        ("complete", "complete", "n", False),
        ("failed", "shutdown", "n", False),
        ("shutdown", "remove", "n", True),
        ("a state of tomorrow", "running", "n", True),
    ],
)
def test_a_task_is_at_work_while_a_node_has_it(
    state: str, desired: str, node: str, *, said: bool
) -> None:
    task = {"Status": {"State": state}, "DesiredState": desired, "NodeID": node}
    assert is_at_work(TaskEntry(task)) is said
