"""What the Engine refuses, in its own words, has the way out with the names filled in."""

import pytest

from ccci.swarm.judge import refusals
from ccci.swarm.judge.refusals import READ_IT, refusal
from ccci.swarm.judge.words import own_words
from ccci.swarm.model import CauseCode

RPC = "Error response from daemon: rpc error: code = X desc = "

SAID: tuple[tuple[str, CauseCode | None, str], ...] = (
    (
        f"failed to update config s_conf: {RPC}only updates to Labels are allowed",
        CauseCode.CONFIG_IMMUTABLE,
        "the config s_conf exists with other content",
    ),
    (f"{RPC}only updates to Labels are allowed", CauseCode.CONFIG_IMMUTABLE, "raise the version"),
    (f"{RPC}update out of sequence", CauseCode.CONFLICT, "deploy again"),
    (
        f"failed to update service s_web: {RPC}service mode change is not allowed",
        None,
        "`docker service rm s_web`",
    ),
    (f"{RPC}service mode change is not allowed", None, "remove the service, then deploy again"),
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
    ("service web: config not found: s_conf", None, "`docker config create s_conf FILE`"),
    (f"{RPC}value '' is invalid", None, "set the variable"),
    (
        'service "web" refers to undefined volume data: invalid compose project',
        None,
        "declare data below the top-level `volumes:`",
    ),
    ('undefined network "back"', None, "declare back below the top-level `networks:`"),
    ("services.web Additional property rebuild is not allowed", None, "the key rebuild"),
    (
        "validating /f.yml: services.web additional properties 'rebuild' not allowed",
        None,
        "the key rebuild",
    ),
    (f"{RPC}This node is not a swarm manager. Use", None, "name a manager"),
    (
        f"failed to create service s_web: {RPC}constraint expected one operator from ==, !=",
        None,
        "write each placement constraint of s_web as `KEY == VALUE`",
    ),
    (f"{RPC}key 'node/labels' is invalid", None, "the key node/labels of a placement"),
    (f"{RPC}value 'a b, c' is invalid", None, "the value a b, c of a placement constraint has"),
    (
        (
            f"failed to create service s_web: {RPC}EndpointSpec: port published with ingress mode "
            "can't be used with dnsrr mode"
        ),
        None,
        "say `mode: host` for the ports of s_web",
    ),
    (
        f"failed to update service s_web: {RPC}EndpointSpec: duplicate published ports provided",
        None,
        "two ports of s_web are published under one number",
    ),
    (
        f"failed to create service s_web: {RPC}invalid memory value 64: Must be at least 4MiB",
        None,
        "a memory limit or reservation of s_web is 64 bytes",
    ),
    (
        f"{RPC}invalid cpu value 0.0001: Must be at least 0.001",
        None,
        "a limit or reservation of `cpus` is 0.0001, and Swarm takes none below 0.001: raise it",
    ),
    (
        f"failed to create service s_db: {RPC}ContainerSpec: duplicate mount point: /data",
        None,
        "two mounts of s_db have the target /data",
    ),
    (
        f"{RPC}secret references 'a_v1' and 'b_v1' have a conflicting target: 'key'",
        None,
        "the secrets a_v1 and b_v1 have one target",
    ),
    (
        f'{RPC}ContainerSpec: "shop:" is not a valid repository/tag',
        None,
        "the image's name is not written as one",
    ),
    (f"{RPC}name must be 63 characters or fewer", None, "shorten one"),
    ("service job: Unknown mode: global-job", None, "takes `global-job` in a compose file from"),
    ("service web: Unknown mode: sometimes", None, "Swarm has no `sometimes`"),
    (
        (
            f"failed to create config s_conf_v1: {RPC}config data must be larger than 0 and less "
            "than 1024000 bytes"
        ),
        None,
        "the config s_conf_v1 is empty, or larger than the 1024000 bytes",
    ),
    (
        f"{RPC}secret data must be larger than 0 and less than 512000 bytes",
        None,
        "the secret is empty, or larger",
    ),
    (f"{RPC}service 2ivku8v2 does not have a previous spec", None, "deploy the revision"),
    (
        (
            f"{RPC}The swarm does not have a leader. It's possible that too few managers are "
            "online. Make sure more than half of the managers are online."
        ),
        None,
        "bring managers back",
    ),
    (
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker "
            "daemon running?"
        ),
        None,
        "start docker's daemon",
    ),
    (
        "error during connect: Get http://box:2375/v1.43/info: dial tcp: lookup box: no such host",
        None,
        "DOCKER_HOST",
    ),
    (
        (
            "permission denied while trying to connect to the Docker daemon socket at "
            "unix:///var/run/docker.sock: dial unix: connect: permission denied"
        ),
        None,
        "the group `docker`",
    ),
)

OF_SPECS: tuple[tuple[str, CauseCode | None, str], ...] = (
    (f"{RPC}name must be valid as a DNS name component", None, "letters, digits, dashes"),
    (f"{RPC}invalid name, only 64 [a-zA-Z0-9-_.] characters allowed", None, "shorten the name"),
    (f"{RPC}malformed secret reference, no target provided", None, "one `target`"),
    (f'{RPC}expanding env failed: expanding env "A": template: x', None, "mend the template"),
    ('invalid MountType: "nfs"', None, "no mount with `nfs`"),
    (f"{RPC}ContainerSpec: Interval in HealthConfig cannot be less than 1ms", None, "Interval a"),
    (f"{RPC}ContainerSpec: Retries in HealthConfig cannot be negative", None, "0 `retries`"),
    ('invalid RestartCondition: "always"', None, "has no `always`"),
    ("unrecognized update failure action stop", None, "has no `stop`"),
    ("unrecognized update order first", None, "has no `first`"),
    (f"{RPC}TaskSpec: restart-delay cannot be negative", None, "`delay` of its restart policy"),
    (f"{RPC}Jobs may not have an update config", None, "take `update_config` out"),
    ('invalid resolution mode: "any"', None, "has no `any`"),
    ("must specify only one service mode", None, "one mode"),
    ("Error response from daemon: The network lan cannot be used with services.", None, "lan "),
    (f'{RPC}Service cannot be explicitly attached to the ingress network "i"', None, "network i"),
    ("invalid reference format: repository name must be lowercase", None, "a variable in it"),
    ("duplicate config target for two not allowed", None, "two goes where another one does"),
    (f"{RPC}configs not found: s_a, s_b", None, "`docker config create s_a FILE`"),
)
SAID += OF_SPECS


@pytest.mark.parametrize(("output", "cause", "words"), SAID)
def test_a_refusal_has_its_way_out(output: str, cause: CauseCode | None, words: str) -> None:
    found = refusal(output)
    assert found.cause is cause
    assert words in found.hint


@pytest.mark.parametrize("words", ["something new", "", "\n\n"])
def test_what_is_not_known_is_to_be_read(words: str) -> None:
    assert refusal(words) == refusals.Refusal(None, READ_IT)


def test_each_row_is_the_first_that_fits_some_refusal() -> None:
    hit = set()
    for output, _, _ in SAID:
        own = own_words(output)
        rows = refusals._compiled()
        fits = (said.search(own) and names.search(output) for _, said, names in rows)
        hit.add(next(number for number, each in enumerate(fits) if each))
    assert hit == set(range(len(refusals._ROWS)))


@pytest.mark.parametrize(("forged", "cause", "words"), SAID)
@pytest.mark.parametrize(
    "around",
    [
        'services.web.environment: "{}"',
        "services.web.command.0: `{}` is no string",
        'failed to create service s_web: Error response from daemon: no such thing: "{}"',
    ],
)
def test_what_a_refusal_quotes_is_no_refusal(
    around: str, forged: str, cause: CauseCode | None, words: str
) -> None:
    del cause, words
    assert refusal(around.format(forged.replace('"', "'").replace("`", "'"))).hint == READ_IT


PYTHON = (
    "Error for http+docker://localhost/v1.41/services/a/update?version=1: Internal Server Error"
)


@pytest.mark.parametrize(
    "line",
    [
        f'docker.errors.APIError: 500 Server {PYTHON} ("rpc error: code = Unknown desc = {{}}")',
        f"Error updating service: 409 Client {PYTHON} ('{{}}')",
        '{{"message":"rpc error: code = Unknown desc = {}"}}',
    ],
)
def test_what_a_client_quotes_of_the_engine_is_the_engines_own_word(line: str) -> None:
    assert refusal(line.format("update out of sequence")).cause is CauseCode.CONFLICT
    assert refusal(line.format("no such thing: 'update out of sequence'")).hint == READ_IT


def test_the_last_refusal_of_several_lines_counts() -> None:
    output = "network a_x not found\nCreating service a_web\nsecret not found: a_key\n"
    assert "docker secret create a_key" in refusal(output).hint


def test_what_a_script_got_over_is_no_reason() -> None:
    output = (
        "Error response from daemon: network proxy not found\n0a1b2c\nCreating service s_web\n"
        f"failed to create service s_web: {RPC}something new\n"
    )
    reason = output.splitlines()[-1]
    for said in (refusal(reason, output), refusal(output)):
        assert said == refusals.Refusal(None, READ_IT)


@pytest.mark.parametrize(
    "line",
    [
        "FATA {}",
        "\x1b[1;31mFATA\x1b[0m {}",
        "2026/01/02 10:11:12 FATA {}",
        "FATA[0003] {}",
        'time="2026-01-02T10:11:12Z" level=fatal msg="{}"',
    ],
)
def test_the_fatal_line_of_abra_tells_it_whatever_comes_after(line: str) -> None:
    fatal = line.format("failed to create service s_web: network s_default not found")
    assert refusal(fatal).cause is CauseCode.NETWORK_UNAVAILABLE
    assert refusal("Aborted", f"{fatal}\nAborted\n").cause is CauseCode.NETWORK_UNAVAILABLE
