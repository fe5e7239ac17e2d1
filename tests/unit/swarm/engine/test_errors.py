import json
import ssl

import pytest

from ccci.errors import ConnectionLost, EngineError, EngineUnavailable, ToolMissing
from ccci.swarm.decode import typed
from ccci.swarm.decode.info import membership
from ccci.swarm.engine import errors

HOST = "unix:///x.sock"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (PermissionError(13, "Permission denied"), "no permission to use the Docker Engine"),
        (ssl.SSLError(1, "wrong version"), "TLS with the Docker Engine"),
        (ToolMissing("ssh is not installed", "install ssh"), "ssh is not installed"),
    ],
)
def test_what_asking_again_does_not_help_is_refused_for_good(cause: Exception, said: str) -> None:
    # requests keeps what happened as an argument, urllib3 as a reason: however deep it is.
    wrapped = OSError(OSError("Connection aborted.", cause))
    found = errors.lost(wrapped, HOST, 1.0)
    assert isinstance(found, EngineUnavailable)
    assert said in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (FileNotFoundError(2, "No such file"), "no such socket"),
        (ConnectionRefusedError(111, "refused"), "refuses connections"),
        (TimeoutError("timed out"), "did not answer within 1 s"),
        (OSError("Read timed out."), "did not answer within 1 s"),
        (ConnectionResetError(104, "reset by peer"), "reset by peer"),
    ],
)
def test_what_may_pass_is_a_lost_connection(cause: Exception, said: str) -> None:
    found = errors.lost(OSError("outer", cause), HOST, 1.0)
    assert isinstance(found, ConnectionLost)
    assert said in found.message
    assert found.hint


def test_errors_that_are_each_others_cause_are_read_once() -> None:
    one, other = OSError("one"), OSError("other")
    one.__cause__, other.__cause__ = other, one
    assert isinstance(errors.lost(one, HOST, 1.0), ConnectionLost)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"message": "on fire"}', "on fire"),
        ("on fire", "on fire"),
        ("", "the Engine answered with status 500"),
        ("[1]", "the Engine answered with status 500"),
    ],
)
def test_what_the_engine_says_is_passed_on(text: str, said: str) -> None:
    found = errors.refused(500, text)
    assert isinstance(found, EngineError)
    assert (found.status, found.message) == (500, said)


@pytest.mark.parametrize("text", ["x" * 10_000_000, json.dumps({"message": "x" * 10_000_000})])
def test_what_an_engine_says_without_end_is_cut(text: str) -> None:
    found = errors.refused(500, text)
    assert 100 < len(found.message) < 5000
    assert str(found) == found.message
    with pytest.raises(EngineError) as refused:
        typed.labels({"Labels": {text: 5}})
    assert len(refused.value.message) < 5000
    with pytest.raises(EngineUnavailable) as unusable:
        errors.check_manager(membership({"Swarm": {"LocalNodeState": "active", "Error": text}}))
    assert len(unusable.value.message) < 5000
