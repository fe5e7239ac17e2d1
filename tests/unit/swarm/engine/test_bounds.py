"""An Engine that drips, floods, hangs or answers with anything: each call is over in time."""

import json
import resource
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.engine.server import EngineServer, Request, recorded

from ccci.errors import ConnectionLost, EngineError
from ccci.swarm.engine import answers, client, transport
from ccci.swarm.engine.client import Engine

pytestmark = pytest.mark.slow

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drips(head: bytes, body: bytes, every: float = 0.02) -> Any:
    """Return a route that sends the head at once, and then one byte of the body at a time."""

    def route(_: Request) -> Iterator[bytes]:
        def pieces() -> Iterator[bytes]:
            yield head
            for byte in body * 1000:
                threading.Event().wait(every)
                yield bytes([byte])

        return pieces()

    return route


def floods(_: Request) -> Iterator[bytes]:
    yield HEAD + b"\r\n["
    while True:
        yield b'"' + b"x" * 65534 + b'",'


@pytest.mark.parametrize(
    "route",
    [
        drips(HEAD + b"\r\n", b"[ "),
        drips(HEAD + b"Content-Length: 100000\r\n\r\n", b"[ "),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n[\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        drips(b"", b"HTTP/1.1 200 OK\r\n"),
    ],
    ids=["body", "body of a known length", "chunks", "headers", "first line"],
)
def test_an_answer_that_drips_is_given_up_in_time(
    server: EngineServer, engine: Engine, route: Any
) -> None:
    server.routes["/services"] = route
    begun = time.monotonic()
    with pytest.raises(ConnectionLost, match=r"did not answer within 0.1 s"):
        engine.get("/services", timeout=0.1)
    assert time.monotonic() - begun < 1.5
    assert len(engine.nodes()) == 1  # the next call has a connection of its own


def test_an_answer_without_end_is_given_up_before_it_takes_the_memory(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 2**20)
    server.routes["/services"] = floods
    with pytest.raises(EngineError, match="has no end"):
        engine.services()
    assert len(engine.nodes()) == 1


def test_a_log_without_end_keeps_its_last_part(
    server: EngineServer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LARGEST_LOG", 2**17)
    server.routes["/tasks/t/logs"] = floods
    data, whole = engine.raw_logs("tasks", "t", timeout=2.0)
    assert not whole
    assert 0 < len(data) <= 2**17


def test_a_log_that_drips_is_given_up_in_time(server: EngineServer, engine: Engine) -> None:
    server.routes["/tasks/t/logs"] = drips(HEAD + b"Content-Length: 9999\r\n\r\n", b"line\n")
    begun = time.monotonic()
    data, whole = engine.raw_logs("tasks", "t", timeout=0.2)
    assert not whole
    assert data.startswith(b"line")
    assert time.monotonic() - begun < 2


def test_who_was_left_behind_with_an_answer_that_drips_stops_reading_it() -> None:
    endless = SimpleNamespace(read1=lambda _: b"x", status=200)
    with pytest.raises(ConnectionLost, match=r"did not answer within 3 s"):
        transport._read(cast("Any", endless), time.monotonic() - 1, "unix:///x", 3.0)


def test_all_calls_of_a_look_are_over_when_it_has_to_be(
    server: EngineServer, engine: Engine
) -> None:
    server.delay = 60
    engine.until = time.monotonic() + 0.2
    begun = time.monotonic()
    for _ in range(2):  # the second begins after the time is up
        with pytest.raises(ConnectionLost):
            engine.services()
    assert time.monotonic() - begun < 2.5


def test_an_interrupt_while_an_answer_is_awaited_leaves_the_next_call_free(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(BaseException):
        pass

    def stopped(*_: object) -> None:
        raise Stop

    with monkeypatch.context() as patched:
        patched.setattr(transport._Session, "do", stopped)
        with pytest.raises(Stop):
            engine.services()
    assert len(engine.nodes()) == 1


@pytest.mark.parametrize("body", [b"", b"  ", b"\n"])
def test_an_empty_answer_is_none(server: EngineServer, engine: Engine, body: bytes) -> None:
    server.routes["/services"] = body
    with pytest.raises(ConnectionLost, match="empty answer"):
        engine.services()


@pytest.mark.parametrize("value", [{}, {"a": 1}, "text", 1, True, [1], [None], [[]], ["x"]])
def test_a_listing_of_another_type_is_one_kind_of_error(
    server: EngineServer, engine: Engine, value: Any
) -> None:
    server.routes |= dict.fromkeys(("/services", "/tasks", "/nodes", "/volumes"), value)
    for ask in (engine.services, engine.tasks, engine.nodes):
        with pytest.raises(EngineError, match="makes no sense"):
            ask()
    if not isinstance(value, dict):
        with pytest.raises(EngineError, match="makes no sense"):
            engine.volumes()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"[" + b"9" * 10_000 + b"]",
        b"\xff\xfe[]",
        b"[}",
        b"NaN x",
    ],
)
def test_what_is_no_json_is_one_kind_of_error(
    server: EngineServer, engine: Engine, body: bytes
) -> None:
    server.routes["/services"] = body
    with pytest.raises(EngineError):
        engine.services()


def test_half_a_character_becomes_one_that_can_be_written(
    server: EngineServer, engine: Engine
) -> None:
    server.routes["/nodes"] = b'[{"ID": "n", "a\\ud800": ["\\ude00x", "\\ud83d\\ude00"]}]'
    (found,) = engine.nodes()
    assert found == {"ID": "n", "a\ufffd": ["\ufffdx", "\U0001f600"]}
    str(found).encode()


@pytest.mark.parametrize(
    "path", ["services", "nodes", "networks", "configs", "secrets", "containers", "volumes"]
)
@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"ID": None, "Id": None, "Name": None, "Spec": None},
        {"ID": 5, "Id": 5, "Name": 5, "Spec": {"Name": 5}},
        {"ID": "", "Id": "", "Name": "", "Spec": {"Name": ""}},
        {"ID": "1", "Id": "1", "Name": "x", "Labels": 5, "Spec": {"Name": "x", "Labels": ["y"]}},
    ],
)
def test_what_nobody_could_tell_from_another_is_no_answer(
    server: EngineServer, engine: Engine, path: str, odd: dict[str, Any]
) -> None:
    if path in {"nodes", "containers"} and "Labels" in odd:
        odd = {"Labels": 5}
    listing: Any = {"Volumes": [odd]} if path == "volumes" else [odd]
    server.routes["/containers/json" if path == "containers" else f"/{path}"] = listing
    with pytest.raises(EngineError, match=f"/{path} makes no sense"):
        getattr(engine, path)()


@pytest.mark.parametrize("kind", ["service", "config", "network"])
@pytest.mark.parametrize(
    "odd",
    [
        {"ID": "x", "Id": "x", "Name": "x", "Spec": [1]},
        {"ID": "x", "Id": "x", "Name": "x", "Labels": "x", "Spec": {"Name": "x", "Labels": "x"}},
        {"ID": None, "Id": None, "Spec": {"Name": "x"}},
    ],
)
def test_one_object_that_nobody_could_tell_is_no_answer(
    server: EngineServer, engine: Engine, kind: str, odd: dict[str, Any]
) -> None:
    if kind == "network" and "Labels" not in odd:
        odd = {}
    server.routes[f"/{kind}s/x"] = odd
    with pytest.raises(EngineError, match=f"/{kind}s makes no sense"):
        getattr(engine, kind)("x")


def test_a_label_that_is_null_is_an_empty_one(server: EngineServer, engine: Engine) -> None:
    spec = {"Name": "x", "Labels": {"a": None, "b": "c"}}
    server.routes |= {
        "/configs/x": {"ID": "x", "Spec": spec},
        "/configs": [{"ID": "x", "Spec": spec}],
    }
    for found in (engine.config("x"), *engine.configs()):
        assert found is not None
        assert found["Spec"]["Labels"] == {"a": "", "b": "c"}


SHAPES = {
    "empty lists": b"[],",
    "lists": b"[1],",
    "empty objects": b"{},",
    "objects": b'{"a":1},',
    "texts": b'"aa",',
    "numbers": b"100000,",
    "deep lists": b"[" * 900 + b"]" * 900 + b",",
    "wide texts": '"x\U0001f600",'.encode(),
    "one wide text": b"",
    "halves of characters": b'"\\ud83d\\ude00",',
    "names": b"",
}


def shaped(shape: str, size: int) -> bytes:
    """Return an answer of about so many bytes that takes much more memory."""
    if shape == "names":
        names = ",".join(f'"{number:x}":"aa"' for number in range(size // 12))
        return f"[{{{names}}}]".encode()
    if shape == "one wide text":
        return f'["{"x" * size}\U0001f600"]'.encode()
    piece = SHAPES[shape]
    return b"[" + piece * (size // len(piece)) + b"1]"


def peak_of(body: bytes) -> int:
    """Return how much memory it takes at most to decode an answer, itself included."""
    tracemalloc.start()
    try:
        answers.decoded(200, body)
        return tracemalloc.get_traced_memory()[1] + len(body)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_is_decoded_only_where_that_takes_little_memory(shape: str) -> None:
    for size in (2**19, 2**20, 2**21, 2**22, transport.LARGEST_ANSWER):
        body = shaped(shape, size)
        try:
            assert peak_of(body) < 1.1 * answers.HEAVIEST
        except EngineError as error:
            assert "would take too much memory" in error.message  # noqa: PT017
            tracemalloc.start()
            with suppress(EngineError):
                answers.decoded(200, body)
            assert tracemalloc.get_traced_memory()[1] < 2**20
            tracemalloc.stop()
            return


def test_what_a_swarm_of_hundreds_of_services_has_to_tell_is_read() -> None:
    services, tasks = recorded("services"), recorded("tasks")
    for each in services:
        each["Spec"]["Labels"] |= {f"traefik.http.routers.r{n}.rule": "Host(`x`)" for n in range(9)}
        each |= {"PreviousSpec": each["Spec"]}
    for listing, wanted in ((services, 300), (tasks, 1500)):
        body = json.dumps([listing[number % len(listing)] for number in range(wanted)]).encode()
        assert len(answers.decoded(200, body)) == wanted
        assert len(body) < transport.LARGEST_ANSWER


def test_what_is_asked_of_an_engine_costs_little_memory_however_much_it_sends(
    server: EngineServer, engine: Engine
) -> None:
    def route(_: Request) -> Iterator[bytes]:
        yield HEAD + b"\r\n["
        yield from [b"[]," * 21845] * (transport.LARGEST_ANSWER // 65535 - 1)
        yield b"1]"

    server.routes["/services"] = route
    server.routes["/tasks"] = floods
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(EngineError, match="too much memory"):
        engine.services()
    with pytest.raises(EngineError, match="has no end"):
        engine.tasks()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < answers.HEAVIEST


def test_a_refusal_that_is_as_large_as_it_may_be_is_cut_before_it_is_read(
    server: EngineServer, engine: Engine
) -> None:
    body = b'{"message": [' + b"[]," * 2_000_000 + b"1]}"
    head = b"HTTP/1.1 500 No\r\nContent-Type: application/json\r\n\r\n"
    server.routes["/services"] = lambda _: iter([head + body])
    tracemalloc.start()
    with pytest.raises(EngineError) as refused:
        engine.services()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(refused.value.message) < 1000
    assert peak < 4 * len(body)
