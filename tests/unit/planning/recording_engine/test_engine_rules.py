"""What the Engine refuses of a spec by itself: our table, held against its words."""

import base64
from typing import Any

import pytest
from support.engine_refusals import CASES, KEPT, PORTS, spec

from ccci.planning.objects import Kind
from ccci.planning.recording_engine import shape
from ccci.planning.recording_engine.overlaid import Recorded
from ccci.planning.recording_engine.refusals import object_rules
from ccci.planning.recording_engine.refusals.refused import Refused
from ccci.swarm.judge.refusals import READ_IT, refusal

Json = dict[str, Any]


def recorded() -> Recorded:
    return Recorded(lambda _: [], "2026-01-01T00:00:00Z")


def said_of(found: Recorded, kind: Kind, sent: Json) -> str:
    """Return why a creation is refused, with the words of the way, or nothing."""
    try:
        found.create(kind, shape.sent(kind, sent))
    except Refused as refused:
        return refused.message
    return ""


@pytest.mark.parametrize("case", CASES)
def test_a_service_is_refused_as_the_engine_refuses_it(case: str) -> None:
    parts, words = CASES[case]
    said = said_of(recorded(), Kind.SERVICE, spec("s", **parts))
    assert words in said
    assert bool(said) is bool(words), said


@pytest.mark.parametrize("case", PORTS)
def test_a_port_is_refused_as_the_engine_refuses_it(case: str) -> None:
    first, second, words = PORTS[case]
    found = recorded()
    assert said_of(found, Kind.SERVICE, spec("a", EndpointSpec={"Ports": [first]})) == ""
    said = said_of(found, Kind.SERVICE, spec("b", EndpointSpec={"Ports": [second]}))
    assert words in said
    assert bool(said) is bool(words), said


@pytest.mark.parametrize("kind", [Kind.CONFIG, Kind.SECRET])
@pytest.mark.parametrize("case", KEPT)
def test_a_config_is_refused_as_the_engine_refuses_it(kind: Kind, case: str) -> None:
    sent, words = KEPT[case]
    said = said_of(recorded(), kind, {"Data": "YQ==", **sent})
    assert words in said
    assert bool(said) is bool(words), said


@pytest.mark.parametrize(("kind", "size"), [(Kind.CONFIG, 1000), (Kind.SECRET, 500)])
def test_a_config_has_a_largest_size_and_a_secret_another(kind: Kind, size: int) -> None:
    def of(count: int) -> str:
        data = base64.b64encode(b"x" * count).decode()
        return said_of(recorded(), kind, {"Name": "c", "Data": data})

    assert of(size * 1024 - 1) == ""
    words = f"{kind.word} data must be larger than 0 and less than {size * 1024} bytes"
    assert words in of(size * 1024)


def test_a_secret_of_a_driver_has_no_data() -> None:
    assert object_rules.secret({"Name": "c", "Driver": {"Name": "vault"}}) is None


def test_a_network_of_swarm_is_named_as_a_service_is() -> None:
    assert "DNS name" in said_of(recorded(), Kind.NETWORK, {"Name": "a.b", "Driver": "overlay"})
    assert said_of(recorded(), Kind.NETWORK, {"Name": "a.b", "Driver": "bridge"}) == ""
    assert "cannot be empty" in said_of(recorded(), Kind.NETWORK, {"Name": ""})


def test_a_service_without_a_name_is_given_one() -> None:
    found = recorded()
    assert said_of(found, Kind.SERVICE, spec("")) == ""
    assert found.writes[0].name


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"Scope": "local"}, "The network net cannot be used with services"),
        ({"Scope": "local", "Name": "host"}, ""),
        ({"Scope": "swarm", "Ingress": True}, "attached to the ingress network"),
        ({"Scope": "swarm"}, ""),
    ],
)
def test_a_network_of_one_node_is_for_no_service(network: Json, words: str) -> None:
    listed = {"Id": "n", "Name": "net", **network}
    found = Recorded(lambda kind: [listed] if kind is Kind.NETWORK else [], "2026")
    sent = spec("s")
    sent["TaskTemplate"]["Networks"] = [{"Target": "n"}]
    said = said_of(found, Kind.SERVICE, sent)
    assert words in said
    assert bool(said) is bool(words), said


def test_a_network_of_the_swarm_is_found_before_a_nodes_own_of_that_name() -> None:
    both = [
        {"Id": "a", "Name": "net", "Scope": "local"},
        {"Id": "b", "Name": "net", "Scope": "swarm"},
    ]
    found = Recorded(lambda kind: both if kind is Kind.NETWORK else [], "2026")
    sent = spec("s")
    sent["TaskTemplate"]["Networks"] = [{"Target": "net"}]
    assert said_of(found, Kind.SERVICE, sent) == ""


def test_no_value_of_a_variable_stands_in_a_refusal() -> None:
    parts = {"Env": ["KEY=s3cret{{.Nope}}"]}
    said = said_of(recorded(), Kind.SERVICE, spec("s", **parts))
    assert 'expanding env "KEY"' in said
    assert "s3cret" not in said


@pytest.mark.parametrize("case", [case for case, (_, words) in CASES.items() if words])
def test_each_refusal_has_a_next_step_of_its_own(case: str) -> None:
    found = recorded()
    said = said_of(found, Kind.SERVICE, spec("s", **CASES[case][0]))
    by_docker = refusal(f"failed to create service s: Error response from daemon: {said}").hint
    assert by_docker != READ_IT
    assert refusal(f"failed to create service s: {found.writes[0].refusal}").hint == by_docker
