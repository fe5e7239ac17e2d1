"""What COMMAND can send to the recording Engine, and what the real one can answer it."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccci.errors import EngineError
from ccci.planning.build import build
from ccci.planning.facts import Asked, There
from ccci.planning.fate import Fate
from ccci.planning.objects import Kind, Write
from ccci.planning.recording_engine import request, shape
from ccci.planning.recording_engine import session as recording
from ccci.planning.recording_engine.refusals.refused import Refused
from ccci.steps.recorder import Recorder, look
from ccci.swarm.engine.answers import Passed
from ccci.swarm.engine.client import Engine

pytestmark = pytest.mark.slow

SPEC = {
    "Name": "s_web",
    "Labels": {"com.docker.stack.namespace": "s"},
    "TaskTemplate": {"ContainerSpec": {"Image": "box:1"}},
}


class Real:
    """The Engine behind: notes what is passed on to it, and has nothing."""

    api_version = "1.45"

    def __init__(self) -> None:
        self.passed: list[tuple[str, str]] = []

    def sibling(self, *_: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def services(self) -> list[Any]:
        return []

    networks = configs = secrets = services

    def passed_on(self, method: str, path: str, _: object) -> Passed:
        self.passed.append((method, path))
        return Passed(200, b"{}", {})


class Bench:
    """A recording Engine and a raw connection to it."""

    def __init__(self, host: str, session: recording.Session, real: Real) -> None:
        self.host, self.session, self.real = host.removeprefix("unix://"), session, real

    def ask(self, raw: bytes) -> int:
        """Return the status of the first answer to these bytes; what follows is read away."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(self.host)
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            said = b""
            while chunk := connection.recv(65536):
                said += chunk
        return int(said.split(b" ", 2)[1])

    def post(self, path: str, body: object) -> int:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        return self.ask(head.encode() + content)

    @property
    def wrote(self) -> list[Write]:
        return self.session.recorded.writes


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    real = Real()
    with recording.recording(cast("Engine", real), folder, "now") as (host, session):
        yield Bench(host, session, real)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(recording, "ENDS_WITHIN", 0.002)
    with opened(tmp_path) as made:
        yield made


def raw(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    lines = (f"{method} {target} HTTP/1.1", "Host: x", *headers, "", "")
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "target",
    [
        *("/v1.41/%73ervices/create", "/v1.41//services/create", "//services/create"),
        *("/v1.41/x/../services/create", "/v1.41/%2e%2e/services/create", "/./services/create"),
        *("/v1.41/services%2fcreate", "/v1.41/Services/create", "/v1.41/v1.41/services/create"),
        *("http://x/v1.41/services/create", "/containers/create", "/v1.41/swarm/leave?force=1"),
        *("/v1.41/services/create#x", "/v1.41/services/create%00", "/v1.41/services%5ccreate"),
        *("/v1.41/exec/x/start", "/v1.41/volumes/x", "/session", "/v1.41/services/create/"),
        *("/%2576ervices/create", "*", "services/create"),
    ],
)
def test_no_write_is_passed_on_however_its_path_is_spelled(
    bench: Bench, method: str, target: str
) -> None:
    body = json.dumps(SPEC).encode()
    bench.ask(raw(method, target, f"Content-Length: {len(body)}", body=body))
    bench.ask(raw(method, target, "X-HTTP-Method-Override: GET"))
    assert bench.real.passed == []


@pytest.mark.parametrize(
    ("target", "passes"),
    [
        ("/v1.41/info", True),
        ("/v1.41/images/docker.io/library/nginx:1/json", True),
        ("/v1.41/images/docker.io%2Fnginx/json", True),
        ("/v1.41/%65vents", False),
        ("/v1.41/events/", False),
        ("/v1.41//events", False),
        ("/v1.41/../events", False),
        ("http://x/info", False),
    ],
)
def test_a_read_is_passed_on_where_its_path_is_plain(
    bench: Bench, target: str, *, passes: bool
) -> None:
    bench.ask(raw("GET", target))
    assert bench.real.passed == ([("GET", target)] if passes else [])


CHUNKED = "Transfer-Encoding: chunked"
SMUGGLED = b"POST /v1.41/services/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Content-Length: -5",), SMUGGLED),
        (("Content-Length: +5",), SMUGGLED),
        (("Content-Length: 1_0",), SMUGGLED),
        (("Content-Length: 999999999999",), b""),
        (("Content-Length: 5", "Content-Length: 6"), SMUGGLED),
        (("Content-Length: 5", CHUNKED), SMUGGLED),
        ((CHUNKED, CHUNKED), SMUGGLED),
        (("Transfer-Encoding: gzip, chunked",), SMUGGLED),
        ((CHUNKED,), b"-5\r\n" + SMUGGLED),
        ((CHUNKED,), b"fffffffffff\r\n{}"),
        ((CHUNKED,), b"2\r\n{}" + SMUGGLED),
        ((CHUNKED,), b"x" * 5000),
        ((CHUNKED,), b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * 5 + b"x" * 2000),
        (("Content-Length: 10",), b"{}"),
    ],
)
def test_a_body_that_is_not_clear_is_refused_and_nothing_behind_it_is_read(
    bench: Bench, headers: tuple[str, ...], body: bytes
) -> None:
    assert bench.ask(raw("POST", "/v1.41/services/create", *headers, body=body)) == 400
    assert bench.wrote == []


def test_a_body_in_parts_is_read(bench: Bench) -> None:
    text = json.dumps(SPEC).encode()
    parts = b"%x;a=b\r\n%s\r\n%x\r\n%s\r\n0\r\nA: b\r\n\r\n"
    body = parts % (10, text[:10], len(text) - 10, text[10:])
    assert bench.ask(raw("POST", "/v1.41/services/create", CHUNKED, body=body)) == 201
    assert [each.name for each in bench.wrote] == ["s_web"]


def test_a_body_that_drips_is_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "WITHIN", 0.2)
    monkeypatch.setattr(recording._Handler, "timeout", 0.2)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(bench.host)
        connection.sendall(raw("POST", "/v1.41/services/create", "Content-Length: 10", body=b"{"))
        assert b" 400 " in connection.recv(65536)


ODD: list[Any] = [None, 5, "x", [], [1], {}, {"x": 1}, True, 1e300, [[]], [None], {"": None}]
PLACES = [
    *("Labels", "Mode", "EndpointSpec", "Networks", "UpdateConfig", "TaskTemplate"),
    *("Mode.Replicated", "Mode.Replicated.Replicas", "EndpointSpec.Ports", "Mode.Global"),
    *("TaskTemplate.ContainerSpec", "TaskTemplate.Resources.Limits", "TaskTemplate.Placement"),
    *("TaskTemplate.ContainerSpec.Env", "TaskTemplate.ContainerSpec.Configs"),
    *("TaskTemplate.ContainerSpec.Mounts", "TaskTemplate.ContainerSpec.Secrets.File"),
    *("TaskTemplate.ContainerSpec.Healthcheck", "TaskTemplate.LogDriver", "TaskTemplate.Networks"),
    *("TaskTemplate.Resources.Reservations.MemoryBytes", "TaskTemplate.Placement.Constraints"),
    *("UpdateConfig.Order", "TaskTemplate.RestartPolicy", "TaskTemplate.RestartPolicy.Delay"),
]


def put(spec: Any, place: str, value: Any) -> Any:
    key, _, rest = place.partition(".")
    inner = spec.get(key) if isinstance(spec.get(key), dict) else {}
    return {**spec, key: put(inner, rest, value) if rest else value}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_spec_of_any_types_is_planned_or_refused(place: str, value: Any) -> None:
    plannable(put(SPEC, place, value))
    plannable(put(SPEC, place, [value]))


def plannable(spec: Any) -> None:
    """Plan a spec that is let in; a traceback fails."""
    try:
        taken = shape.sent(Kind.SERVICE, spec)
    except Refused:
        return
    live = {"ID": "1", "Version": {"Index": 1}, "Spec": SPEC}
    node = {"ID": "n", "Description": {}, "Status": {"State": "ready"}, "Spec": {}}
    for services in ([], [live], [{**live, "Spec": {**taken, "Name": "s_web"}}]):
        there = There(services, nodes=[node])
        write = Write("update", Kind.SERVICE, "1", "s_web", taken, live if services else None)
        build("s", there, Asked([write], code=0))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(sorted({part for place in PLACES for part in place.split(".")})),
            below,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_no_spec_ends_in_anything_but_a_plan_or_a_refusal(spec: Any) -> None:
    plannable({**SPEC, **spec} if isinstance(spec, dict) else spec)


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from([kind.value for kind in Kind]), JSON)
def test_whatever_is_sent_is_answered(bench: Bench, kind: str, body: Any) -> None:
    assert bench.post(f"/v1.41/{kind}/create", body) in {201, 400, 409}


def test_what_is_deep_or_endless_is_refused(bench: Bench) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": deep}
    assert bench.post("/v1.41/services/create", {**SPEC, "x": deep}) == 400
    for text in (b"[" * 100_000, b'{"Name": "s_web", "x": ' + b"9" * 5000 + b"}", b"\xff", b""):
        assert bench.post("/v1.41/services/create", text) == 400
    assert bench.post("/v1.41/services/create", {**SPEC, "x": 1e999}) == 400
    assert bench.wrote == []


@pytest.mark.parametrize("kind", ["services", "tasks", "nodes", "networks", "configs", "secrets"])
@pytest.mark.parametrize(
    "answer",
    [{}, {"ID": 5, "Id": 5, "Spec": {}}, {"ID": "1", "Id": "1", "Spec": [1], "Name": []}],
    ids=repr,
)
def test_a_senseless_answer_of_the_real_engine_is_told_as_such(kind: str, answer: Any) -> None:
    real = Real()
    for each in ("services", "tasks", "nodes", "networks", "configs", "secrets"):
        setattr(real, each, lambda each=each: [answer] if each == kind else [])
    with pytest.raises(EngineError, match=f"/{kind} makes no sense"):
        look(cast("Engine", real))


def test_tasks_that_swarm_does_not_call_clean_are_dirty() -> None:
    real = Real()
    listed = [{"ID": "old"}, {"ID": "new"}]
    clean = [{"ID": "new"}, {"ID": "made in between"}]
    answers: dict[str, Any] = {
        "tasks": lambda filters=None: clean if filters == {"_up-to-date": ["true"]} else listed,
        "nodes": list,
    }
    for name, answer in answers.items():
        setattr(real, name, answer)
    assert look(cast("Engine", real)).dirty == {"old"}


def test_a_deploy_on_top_of_a_recorded_one_meets_the_tasks_of_that(tmp_path: Path) -> None:
    real = Real()
    service = {"ID": "1", "Version": {"Index": 1}, "Spec": SPEC}
    node = {"ID": "n", "Description": {}, "Status": {"State": "ready"}, "Spec": {}}
    task = {"ID": "t", "ServiceID": "1", "DesiredState": "running", "Spec": SPEC["TaskTemplate"]}
    setattr(real, "services", lambda: [service])  # noqa: B010 -- mypy
    there = There([service], [task], [node], dirty=frozenset({"t"}))
    with recording.recording(cast("Engine", real), tmp_path, "now") as (host, session):
        recorder = Recorder(cast("Engine", real), host, session, there)
        session.recorded.update(Kind.SERVICE, "1", 1, put(SPEC, IMAGE, "box:2"))
        recorder.begin()
        session.recorded.update(Kind.SERVICE, "1", 2, put(SPEC, IMAGE, "box:2"))
        plan = build("s", recorder.there, Asked(tuple(recorder.writes), code=0))
    assert [each.fate for each in plan.services] == [Fate.UNCHANGED]


IMAGE = "TaskTemplate.ContainerSpec.Image"


@pytest.mark.parametrize(
    ("version", "stored"),
    [("/v1.45", {"StartInterval": 5}), ("/v1.43", {}), ("", {"StartInterval": 5})],
)
def test_what_the_engine_passes_over_is_not_recorded_and_is_told(
    bench: Bench, version: str, stored: Any
) -> None:
    spec = put(SPEC, "TaskTemplate.ContainerSpec.Healthcheck", {"StartInterval": 5})
    assert bench.post(f"{version}/services/create", put(spec, OOM, 9)) == 201
    (write,) = bench.wrote
    container = write.spec["TaskTemplate"]["ContainerSpec"]
    assert container == {"Image": "box:1", "Healthcheck": stored}
    notes = ["s_web: this Engine knows no OomScoreAdj, and passes it over"]
    if not stored:
        notes.insert(0, "s_web: this Engine knows no Healthcheck.StartInterval, and passes it over")
    assert bench.session.passed_over == notes


OOM = "TaskTemplate.ContainerSpec.OomScoreAdj"
