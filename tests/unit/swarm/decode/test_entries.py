"""Services, tasks and ports read word by word: one that is odd spoils no other."""

from typing import Any

import pytest

from ccci.errors import EngineError
from ccci.swarm.decode.networks import Network, network
from ccci.swarm.decode.parts import image_of, is_in_flight, labels_of, spec_of, template_of
from ccci.swarm.decode.ports import Port
from ccci.swarm.decode.services import Mounted, ServiceEntry
from ccci.swarm.decode.tasks import TaskEntry


def task(state: str, desired: str = "running") -> TaskEntry:
    return TaskEntry({"Status": {"State": state}, "DesiredState": desired})


@pytest.mark.parametrize(
    ("state", "desired", "occupies"),
    [
        ("running", "running", True),
        ("pending", "ready", True),
        ("running", "shutdown", False),
        ("running", "remove", False),
        ("complete", "complete", False),
        ("running", "complete", True),
        ("failed", "running", False),
        ("a state of tomorrow", "running", False),
    ],
)
def test_a_task_occupies_its_node_until_it_ends_or_is_to_end(
    state: str, desired: str, *, occupies: bool
) -> None:
    assert task(state, desired).occupies is occupies


def test_one_odd_word_of_a_task_spoils_no_other() -> None:
    odd = TaskEntry({"ID": "t", "NodeID": 7, "DesiredState": "remove", "Status": [], "Spec": 3})
    assert (odd.id, odd.is_to_be_removed, odd.is_of_a_job, odd.spec) == ("t", True, False, {})
    for read in ("node", "ended", "runs", "container", "ports"):
        with pytest.raises(EngineError, match="no sense"):
            getattr(odd, read)


def test_a_task_is_beside_the_engine_whose_node_it_is_on() -> None:
    assert TaskEntry({"NodeID": "n"}).is_beside({"Swarm": {"NodeID": "n"}})
    assert not TaskEntry({"NodeID": "n"}).is_beside({"Swarm": {"NodeID": "m"}})
    assert not TaskEntry({"NodeID": "n"}).is_beside({"Swarm": 7})


def test_a_port_of_another_protocol_has_no_target() -> None:
    assert Port({"TargetPort": 80, "PublishedPort": 8080}).target == 80
    assert Port({"TargetPort": 53, "Protocol": "udp"}).target == 0
    assert Port({"PublishMode": "host"}).on_host
    assert Port({}).number == 0
    with pytest.raises(EngineError, match="no sense"):
        _ = Port({"PublishedPort": "80"}).number


def test_one_odd_word_of_a_service_spoils_no_other() -> None:
    odd = ServiceEntry({"Spec": {"TaskTemplate": {"ContainerSpec": {"Image": "x", "Mounts": 7}}}})
    assert (odd.image, odd.networks, odd.publishes, odd.was_rolled_back) == ("x", (), False, False)
    with pytest.raises(EngineError, match="no sense"):
        _ = odd.mounts


def test_a_mount_names_whose_its_volume_is() -> None:
    labels = {"com.docker.stack.namespace": "shop"}
    mount = Mounted({"Type": "volume", "Source": "v", "VolumeOptions": {"Labels": labels}})
    assert (mount.kind, mount.source, mount.owner, mount.read_only) == (
        "volume",
        "v",
        "shop",
        False,
    )
    assert Mounted({"VolumeOptions": None}).owner == ""


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"Scope": "swarm", "Driver": "overlay"}, Network("n", "net", "", True, True)),
        ({"Driver": "overlay", "Ingress": True}, Network("n", "net", "", False, False)),
        ({"Scope": "local", "Driver": "bridge"}, Network("n", "net", "", False, False)),
        ({"Scope": 7, "Driver": []}, Network("n", "net", "", False, False)),
    ],
)
def test_a_network_says_who_may_attach_to_it(raw: dict[str, Any], found: Network) -> None:
    assert network({"Id": "n", "Name": "net", **raw}) == found


@pytest.mark.parametrize("odd", [None, 7, "x", []])
def test_a_part_that_is_none_is_empty(odd: Any) -> None:
    assert spec_of({"Spec": odd}) == template_of({"TaskTemplate": odd}) == {}
    assert labels_of({"Labels": odd}) == {}
    assert image_of({"TaskTemplate": {"ContainerSpec": odd}}) == ""
    assert not is_in_flight({"UpdateStatus": odd})


def test_an_update_is_in_flight_until_it_pauses_or_ends() -> None:
    assert is_in_flight({"UpdateStatus": {"State": "updating"}})
    assert is_in_flight({"UpdateStatus": {"State": "rollback_started"}})
    assert not is_in_flight({"UpdateStatus": {"State": "paused"}})
