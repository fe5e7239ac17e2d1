"""What an Engine says of itself, odd words among it."""

from typing import Any

import pytest

from ccci.errors import EngineError
from ccci.swarm.decode.info import Info, Membership, Version, membership, version


def test_an_engine_s_part_in_a_swarm_is_read() -> None:
    said = {"LocalNodeState": "active", "ControlAvailable": True, "Managers": 3, "Nodes": 5}
    info = Info({"Swarm": {**said, "NodeAddr": "10.0.0.1"}, "DockerRootDir": "/r"})
    assert info.membership == Membership("active", is_manager=True)
    assert (info.managers, info.nodes, info.node_address) == (3, 5, "10.0.0.1")
    assert info.folder == "/r"


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"LocalNodeState": None}])
def test_what_is_no_part_in_a_swarm_is_none(odd: Any) -> None:
    assert membership({"Swarm": odd}) == Membership("inactive", is_manager=False)


def test_one_odd_word_spoils_no_other() -> None:
    info = Info({"Swarm": {"Managers": "x", "Nodes": 1, "Error": "full"}, "SystemTime": 7})
    assert (info.nodes, info.time, info.membership.error) == (1, "7", "full")
    with pytest.raises(EngineError, match="no sense"):
        _ = info.managers
    with pytest.raises(EngineError, match="no sense"):
        _ = Info({"Swarm": []}).membership


def test_the_version_is_empty_where_it_is_unsaid() -> None:
    assert version({"Version": "28.2.2", "ApiVersion": "1.51"}) == Version("28.2.2", "1.51")
    assert version({"Version": None}) == Version("", "")
