"""What the Engine refuses, in its own words, has the way out with the names filled in."""

import pytest

from ccci.swarm.judge.refusals import READ_IT, refusal
from ccci.swarm.model import CauseCode

RPC = "Error response from daemon: rpc error: code = X desc = "


@pytest.mark.parametrize(
    ("output", "cause", "words"),
    [
        (
            f"failed to update config s_conf: {RPC}only updates to Labels are allowed",
            CauseCode.CONFIG_IMMUTABLE,
            "the config s_conf exists with other content",
        ),
        (f"{RPC}update out of sequence", CauseCode.CONFLICT, "deploy again"),
        (
            f"failed to update service s_web: {RPC}service mode change is not allowed",
            None,
            "`docker service rm s_web`",
        ),
        (
            f"{RPC}port '8080' is already in use by service 'o_web' (id) as an ingress port",
            CauseCode.PORT_IN_USE,
            "port 8080 belongs to the service o_web",
        ),
        (
            f"failed to create service a_b_web: {RPC}name conflicts with an existing object: x",
            None,
            "has that name already",
        ),
        (
            'network "proxy" is declared as external, but could not be found. You need to',
            None,
            "`docker network create --driver overlay proxy`",
        ),
        (
            'network "lan" is declared as external, but it is not in the right scope: "local"',
            None,
            "lan belongs to one node alone",
        ),
        (
            "failed to create service s_web: Error: network s_default not found",
            CauseCode.NETWORK_UNAVAILABLE,
            "no longer shows s_default",
        ),
        ("secret not found: s_key_v1", None, "`docker secret create s_key_v1 FILE`"),
        (f"{RPC}value '' is invalid", None, "set the variable"),
        (
            'service "web" refers to undefined volume data: invalid compose project',
            None,
            "declare data below the top-level `volumes:`",
        ),
        ("services.web Additional property rebuild is not allowed", None, "the key rebuild"),
        ("something new", None, READ_IT),
        ("", None, READ_IT),
    ],
)
def test_a_refusal_has_its_way_out(output: str, cause: CauseCode | None, words: str) -> None:
    found = refusal(output)
    assert found.cause is cause
    assert words in found.hint


def test_the_last_refusal_of_several_lines_counts() -> None:
    output = "network a_x not found\nCreating service a_web\nsecret not found: a_key\n"
    assert "docker secret create a_key" in refusal(output).hint
