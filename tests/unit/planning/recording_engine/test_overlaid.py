"""The recording Engine's memory: writes are seen by later reads, and refused as Swarm does it."""

from typing import Any

import pytest

from ccci.planning.objects import Kind, made_up_id
from ccci.planning.recording_engine.overlaid import Recorded
from ccci.planning.recording_engine.refusals.refused import Refused

Json = dict[str, Any]
FILE: Json = {"File": {"Name": "file"}}
BOX: Json = {"TaskTemplate": {"ContainerSpec": {"Image": "box:1"}}}


def service(name: str, **spec: Any) -> Json:
    own = {"Name": name, "Mode": {"Replicated": {}}, **BOX, **spec}
    return {"ID": f"id-{name}", "Version": {"Index": 7}, "Spec": own}


def made(**real: list[Json]) -> Recorded:
    return Recorded(lambda kind: list(real.get(kind.value, [])), "2026-01-01T00:00:00Z")


def names(recorded: Recorded, kind: Kind) -> list[str]:
    return [each.get("Name") or each["Spec"]["Name"] for each in recorded.listing(kind)]


def test_what_was_created_is_listed_and_found_by_name_id_and_the_beginning_of_one() -> None:
    recorded = made(configs=[{"ID": "c1", "Spec": {"Name": "old"}}])
    identifier = recorded.create(Kind.CONFIG, {"Name": "new", "Data": "b25l"})
    assert names(recorded, Kind.CONFIG) == ["old", "new"]
    for key in ("new", identifier, identifier[:12]):
        found = recorded.one(Kind.CONFIG, key)
        assert found is not None
        assert found["ID"] == identifier
    assert recorded.one(Kind.CONFIG, "absent") is None
    assert len(identifier) == 25


def test_a_secrets_content_is_never_told_again() -> None:
    recorded = made()
    recorded.create(Kind.SECRET, {"Name": "key", "Data": "c2VjcmV0"})
    assert "Data" not in recorded.listing(Kind.SECRET)[0]["Spec"]


def test_an_update_moves_the_version_and_a_second_one_wants_the_new() -> None:
    recorded = made(services=[service("s_web")])
    recorded.update(Kind.SERVICE, "id-s_web", 7, {**BOX, "Name": "s_web", "Labels": {"a": "b"}})
    found = recorded.one(Kind.SERVICE, "s_web")
    assert found is not None
    assert (found["Version"]["Index"], found["Spec"]["Labels"]) == (8, {"a": "b"})
    with pytest.raises(Refused, match="out of sequence"):
        recorded.update(Kind.SERVICE, "s_web", 7, {**BOX, "Name": "s_web"})


def test_what_was_removed_is_gone_and_its_name_is_free() -> None:
    recorded = made(services=[service("s_web")])
    recorded.remove(Kind.SERVICE, "s_web")
    assert recorded.listing(Kind.SERVICE) == []
    recorded.create(Kind.SERVICE, {**BOX, "Name": "s_web"})
    assert names(recorded, Kind.SERVICE) == ["s_web"]
    recorded.remove(Kind.SERVICE, made_up_id(Kind.SERVICE, "s_web"))
    assert names(recorded, Kind.SERVICE) == []
    with pytest.raises(Refused, match="service s_web not found"):
        recorded.remove(Kind.SERVICE, "s_web")


def ingress(port: int) -> Json:
    return {"EndpointSpec": {"Ports": [{"TargetPort": 80, "PublishedPort": port}]}}


def endpoint(*ports: str, mode: str = "vip") -> Json:
    """Return an endpoint's spec: `53/udp`, `host:80/tcp`."""
    found = []
    for port in ports:
        publish, _, rest = port.rpartition(":")
        number, _, protocol = rest.partition("/")
        keys = {"PublishMode": publish} if publish else {}
        keys |= {"Protocol": protocol} if protocol else {}
        found.append({"TargetPort": 80, "PublishedPort": int(number), **keys})
    return {"EndpointSpec": {"Mode": mode, "Ports": found}}


def refusal_of(theirs: Json, ours: Json, **their_state: Any) -> str:
    """Return why a service is not created beside another one, or nothing."""
    recorded = made(services=[service("s_web", **theirs) | their_state])
    try:
        recorded.create(Kind.SERVICE, {**BOX, "Name": "n", **ours})
    except Refused as refused:
        return refused.message
    return ""


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        ("80", "80/tcp", "as an ingress port"),
        ("53/udp", "53/udp", "as an ingress port"),
        ("53/tcp", "53/udp", ""),
        ("53/udp", "53", ""),
        ("80", "81", ""),
        ("80", "host:80", "as an ingress port"),
        ("host:80", "80", "as a host-published port"),
        ("host:80", "ingress:80", "as a host-published port"),
        ("host:80/udp", "80", ""),
        ("host:80", "host:80", ""),
        ("0", "0", ""),
    ],
)
def test_a_port_is_taken_by_its_protocol_and_number(theirs: str, ours: str, said: str) -> None:
    found = refusal_of(endpoint(theirs), endpoint(ours))
    assert said in found
    assert bool(said) is bool(found)


def test_a_port_that_swarm_chose_is_taken_until_the_service_asks_for_another() -> None:
    chosen = {"Endpoint": {"Ports": [{"TargetPort": 80, "PublishedPort": 30000}]}}
    assert "port '30000' is already in use" in refusal_of(
        endpoint("0"), endpoint("30000"), **chosen
    )
    recorded = made(services=[service("s_web", **endpoint("0")) | chosen])
    recorded.update(Kind.SERVICE, "s_web", 7, {**BOX, "Name": "s_web", **endpoint("81")})
    recorded.create(Kind.SERVICE, {**BOX, "Name": "n", **endpoint("30000")})


def test_an_update_that_leaves_the_endpoint_alone_is_asked_for_no_port() -> None:
    # Two services that came to one port by different ways: Swarm looks when an endpoint changes.
    both = [service("a", **endpoint("80")), service("b", **endpoint("80"))]
    recorded = made(services=both)
    recorded.update(Kind.SERVICE, "a", 7, {**BOX, "Name": "a", **ingress(80), "Labels": {"a": "b"}})
    with pytest.raises(Refused, match="port '80' is already in use by service 'b'"):
        recorded.update(Kind.SERVICE, "a", 8, {**BOX, "Name": "a", **endpoint("80", "81")})


def attached(**parts: Any) -> Json:
    return {"TaskTemplate": {"ContainerSpec": {"Image": "box:1", **parts}}}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"Name": "s_web"}, "name conflicts with an existing object"),
        ({"Name": "n", **ingress(80)}, "port '80' is already in use by service 's_web'"),
        ({"Name": "n", "TaskTemplate": {"Networks": [{"Target": "gone"}]}}, "network gone not"),
        (
            {"Name": "n", **attached(Configs=[{"ConfigID": "x", "ConfigName": "conf", **FILE}])},
            "config not found: conf",
        ),
        (
            {"Name": "n", **attached(Secrets=[{"SecretID": "x", "SecretName": "key", **FILE}])},
            "secret not found: key",
        ),
    ],
)
def test_a_creation_that_swarm_refuses_is_refused_and_recorded(spec: Json, said: str) -> None:
    recorded = made(services=[service("s_web", **ingress(80))])
    with pytest.raises(Refused, match=said):
        recorded.create(Kind.SERVICE, {**BOX, **spec})
    (write,) = recorded.writes
    assert said in write.refusal
    assert names(recorded, Kind.SERVICE) == ["s_web"]


def test_a_mode_never_changes_in_place_and_a_config_never_its_content() -> None:
    recorded = made(
        services=[service("s_web")],
        configs=[{"ID": "c", "Version": {"Index": 1}, "Spec": {"Name": "conf", "Data": "YQ=="}}],
    )
    with pytest.raises(Refused, match="mode change"):
        recorded.update(Kind.SERVICE, "s_web", 7, {**BOX, "Name": "s_web", "Mode": {"Global": {}}})
    with pytest.raises(Refused, match="only updates to Labels"):
        recorded.update(Kind.CONFIG, "c", 1, {"Name": "conf", "Data": "Yg=="})
    recorded.update(Kind.CONFIG, "c", 1, {"Name": "conf", "Data": "YQ==", "Labels": {"a": "b"}})


def test_a_config_in_use_is_not_removed() -> None:
    using = service("s_web", **attached(Configs=[{"ConfigID": "c"}]))
    recorded = made(services=[using], configs=[{"ID": "c", "Spec": {"Name": "conf"}}])
    with pytest.raises(Refused, match="in use by the following services: s_web"):
        recorded.remove(Kind.CONFIG, "conf")
    recorded.remove(Kind.SERVICE, "s_web")
    recorded.remove(Kind.CONFIG, "conf")


def test_a_service_keeps_its_own_port_in_an_update() -> None:
    recorded = made(services=[service("s_web", **ingress(80))])
    recorded.update(Kind.SERVICE, "s_web", 7, {**BOX, "Name": "s_web", **ingress(80)})
    assert recorded.writes[-1].refusal == ""


@pytest.mark.parametrize("mode", [{}, {"Replicated": None}, {"Replicated": {}}])
def test_a_service_is_told_with_its_mode_whatever_was_sent(mode: Json) -> None:
    recorded = made()
    identifier = recorded.create(Kind.SERVICE, {**BOX, "Name": "s_web", "Mode": mode})
    found = recorded.one(Kind.SERVICE, identifier)
    assert found is not None
    assert found["Spec"]["Mode"]["Replicated"] == {"Replicas": 1}


def test_a_rollback_takes_the_previous_spec_and_is_refused_without_one() -> None:
    before = service("web") | {"PreviousSpec": {**BOX, "Name": "web", "Labels": {"a": "b"}}}
    recorded = made(services=[before, service("new")])
    recorded.roll_back("web", 7)
    assert recorded.writes[-1].spec["Labels"] == {"a": "b"}
    with pytest.raises(Refused, match="does not have a previous spec"):
        recorded.roll_back("new", 7)
    assert recorded.writes[-1].refusal == "service id-new does not have a previous spec"
