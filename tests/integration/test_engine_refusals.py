"""What the Engine refuses: our table of it, held against a real one's own words."""

import base64
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from support.engine_refusals import CASES, KEPT, PORTS, spec
from support.sandbox.swarms import Swarm

from ccci.errors import EngineError
from ccci.planning.objects import Kind
from ccci.planning.recording_engine.overlaid import Recorded
from ccci.planning.recording_engine.refusals.refused import Refused
from ccci.swarm.engine.client import Engine

Json = dict[str, Any]


@pytest.fixture
def engine(swarm: Swarm) -> Iterator[Engine]:
    with Engine.connect(environ=swarm.environment) as connected:
        yield connected


def by_the_engine(engine: Engine, kind: Kind, *specs: Json) -> str:
    """Send the specs, the last of which may be refused, and return the words; nothing stays."""
    made: list[str] = []
    try:
        for sent in specs:
            made += [engine.post(f"/{kind.value}/create", body=sent)["ID"]]
    except EngineError as error:
        return error.message
    finally:
        for identifier in made:
            engine.delete(f"/{kind.value}/{identifier}")
    return ""


def by_our_table(kind: Kind, *specs: Json) -> str:
    recorded = Recorded(lambda _: [], "2026-01-01T00:00:00Z")
    try:
        for sent in specs:
            recorded.create(kind, sent)
    except Refused as refused:
        return refused.message
    return ""


def own(parts: Json, key: str) -> Json:
    """Return a spec under a name of its own, where the name is not what it is about."""
    name = parts.get("Name")
    return {**parts, "Name": name if name not in {None, "c"} else f"{key}-{secrets.token_hex(4)}"}


def differs(words: str, real: str, ours: str) -> bool:
    """Say whether one refuses what the other takes, or the Engine says other words."""
    return words not in real or words not in ours or len({*map(bool, (words, real, ours))}) > 1


def test_the_engine_takes_and_refuses_what_our_table_says(engine: Engine) -> None:
    wrong: dict[str, tuple[str, str]] = {}
    for case, (parts, words) in CASES.items():
        sent = spec("", **own(parts, "spec"))
        real, ours = by_the_engine(engine, Kind.SERVICE, sent), by_our_table(Kind.SERVICE, sent)
        # A template's place in its text is the Engine's to tell.
        same = "template" in case or ours in real
        if differs(words, real, ours) or not same:
            wrong[case] = real, ours
    assert wrong == {}


def test_the_engine_takes_and_refuses_ports_as_our_table_says(engine: Engine) -> None:
    wrong: dict[str, tuple[str, str]] = {}
    for case, (first, second, words) in PORTS.items():
        specs = [
            spec("", **own({"EndpointSpec": {"Ports": [port]}}, "port")) for port in (first, second)
        ]
        real, ours = by_the_engine(engine, Kind.SERVICE, *specs), by_our_table(Kind.SERVICE, *specs)
        if differs(words, real, ours):
            wrong[case] = real, ours
    assert wrong == {}


@pytest.mark.parametrize("kind", [Kind.CONFIG, Kind.SECRET])
def test_the_engine_takes_and_refuses_content_as_our_table_says(engine: Engine, kind: Kind) -> None:
    wrong: dict[str, tuple[str, str]] = {}
    sizes = {
        str(size): ({"Data": base64.b64encode(b"x" * size).decode()}, words)
        for size, words in (
            (500 * 1024 - 1, ""),
            (1000 * 1024, "data must be larger than 0 and less than"),
        )
    }
    for case, (parts, words) in {**KEPT, **sizes}.items():
        sent = {"Data": "YQ==", **own(parts, "kept")}
        real, ours = by_the_engine(engine, kind, sent), by_our_table(kind, sent)
        if differs(words, real, ours):
            wrong[case] = real, ours
    assert wrong == {}
