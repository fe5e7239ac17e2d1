"""Where sandboxes live, and which names, folders and numbers are refused."""

from pathlib import Path

import pytest

from ccci.errors import UsageError
from ccci.sandbox.layout import Sandbox, locate, plan

STATE = Path("/var/lib/state/ccci")


def test_a_name_is_a_folder_of_the_state_folder() -> None:
    assert locate("default", None, STATE) == STATE / "sandboxes/default"


def test_a_given_folder_is_taken_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/tmp")
    assert locate("default", Path("here/../there"), STATE) == Path("/tmp/there")


@pytest.mark.parametrize("name", ["", "-x", "Upper", "a/b", "..", "a b", "a" * 32, "ä"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        locate(name, None, STATE)


@pytest.mark.parametrize("folder", ["/tmp/" + "x" * 70, "/tmp/" + "ä" * 35, "/tmp/a:b", "/tmp/a,b"])
def test_a_folder_whose_sockets_could_not_be_reached_is_refused(folder: str) -> None:
    with pytest.raises(UsageError):
        locate("default", Path(folder), STATE)


def test_the_longest_folder_still_leaves_room_for_every_socket() -> None:
    longest = Path("/tmp/" + "x" * 63)
    sandbox = plan(locate("default", longest, STATE), nodes=9, managers=1)
    last = sandbox.nodes[-1]
    for name in ("containerd.sock", "containerd.sock.ttrpc", "containerd-debug.sock"):
        assert len(bytes(last.run / "containerd" / name)) <= 107
    with pytest.raises(UsageError):
        locate("default", Path(f"{longest}x"), STATE)


@pytest.mark.parametrize(("nodes", "managers"), [(0, 1), (10, 1), (3, 0), (3, 4), (-1, -1)])
def test_numbers_that_make_no_swarm_are_refused(nodes: int, managers: int) -> None:
    with pytest.raises(UsageError):
        plan(Path("/x"), nodes, managers)


def test_two_sandboxes_share_no_name_outside_of_their_folders() -> None:
    one, other = Sandbox(Path("/x"), 3), Sandbox(Path("/y"), 3)
    assert one.key != other.key
    names = [node.namespace for sandbox in (one, other) for node in sandbox.nodes]
    assert len(set(names) | {one.switch, other.switch}) == 8


def test_names_and_addresses_tell_the_nodes_apart() -> None:
    nodes = Sandbox(Path("/x"), 9).nodes
    for what in ("name", "address", "host", "namespace", "data", "run", "log", "pidfile"):
        assert len({getattr(node, what) for node in nodes}) == 9
