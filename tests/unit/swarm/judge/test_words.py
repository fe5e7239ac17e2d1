"""The Engine's own words decide a cause; what a user wrote into a message decides nothing."""

import pytest

from ccci.swarm.judge.words import exit_code_in, named_by, own_words, quoted
from ccci.swarm.model import CauseCode

C = CauseCode
STORE = "/var/lib/docker/overlay2/" + "0a1b" * 16

MESSAGES: tuple[tuple[str, CauseCode | None], ...] = (
    ("No such image: {name}:1", C.IMAGE_UNAVAILABLE),
    ("pull access denied for {name}, repository does not exist", C.IMAGE_UNAVAILABLE),
    (
        ("manifest for {name}:1 not found: manifest unknown: manifest unknown"),
        C.IMAGE_UNAVAILABLE,
    ),
    ('Get "https://{name}/v2/": dial tcp: lookup {name}: no such host', C.IMAGE_UNAVAILABLE),
    ("toomanyrequests: You have reached your pull rate limit of {name}", C.IMAGE_UNAVAILABLE),
    ("failed to resolve reference {name}: unexpected status", C.IMAGE_UNAVAILABLE),
    (
        ("Error response from daemon: unauthorized: authentication required"),
        C.IMAGE_UNAVAILABLE,
    ),
    (
        ('invalid mount config for type "bind": bind source path does not exist: /mnt/{text}'),
        C.MOUNT_FAILED,
    ),
    ("invalid mount target, must be an absolute path: {text}", C.MOUNT_FAILED),
    (
        (
            "error while mounting volume '/v/{text}/_data': failed to mount local volume: "
            "mount :/{text}:/v/{name}, data: addr=10.0.0.1: invalid argument"
        ),
        C.MOUNT_FAILED,
    ),
    (
        ("error while creating mount source path '/{text}': mkdir /{text}: read-only"),
        C.MOUNT_FAILED,
    ),
    ("create {name}: VolumeDriver.Create: {text}", C.MOUNT_FAILED),
    (
        (
            "starting container failed: failed to create shim task: OCI runtime create "
            "failed: runc create failed: unable to start container process: error mounting "
            '"/x/{text}" to rootfs at "/{text}": mount /x:/y: not a directory: unknown: Are '
            "you trying to mount a directory onto a file (or vice-versa)?"
        ),
        C.MOUNT_FAILED,
    ),
    ("no suitable node (insufficient resources on 2 nodes)", C.NO_SUITABLE_NODE),
    ("no suitable node (missing plugin on 1 node; {name})", C.NO_SUITABLE_NODE),
    ("assigned node no longer meets constraints", C.NO_SUITABLE_NODE),
    ("insufficient resources on 1 node", C.NO_SUITABLE_NODE),
    ("scheduling constraints not satisfied on 1 node", C.NO_SUITABLE_NODE),
    ("missing plugin on 1 node", C.NO_SUITABLE_NODE),
    ("unsupported platform on 1 node", C.NO_SUITABLE_NODE),
    ("cannot fulfill requested CSI volume mounts on 1 node", C.NO_SUITABLE_NODE),
    ("max replicas per node limit exceed", C.NO_SUITABLE_NODE),
    ("1 node not available for new tasks", C.NO_SUITABLE_NODE),
    ("host-mode port already in use on 1 node", C.PORT_IN_USE),
    ("missing plugin on 1 node; host-mode port already in use on 1 node", C.PORT_IN_USE),
    (
        ("no suitable node (insufficient resources on 1 node; host-mode port already in use on 1)"),
        C.PORT_IN_USE,
    ),
    (
        (
            "starting container failed: driver failed programming external connectivity on "
            "endpoint {name}.1.x (0a1b): Bind for 0.0.0.0:80 failed: port is already "
            "allocated"
        ),
        C.PORT_IN_USE,
    ),
    (
        (
            "driver failed programming external connectivity on endpoint {name} (0a1b): Error"
            " starting userland proxy: listen tcp4 0.0.0.0:8099: bind: address already in use"
        ),
        C.PORT_IN_USE,
    ),
    (
        (
            "failed to set up container networking: driver failed programming external "
            "connectivity on endpoint {name} (0a1b): failed to bind host port for 0.0.0.0:80:"
            " address already in use"
        ),
        C.PORT_IN_USE,
    ),
    ("starting container failed: Address already in use", C.NETWORK_UNAVAILABLE),
    ("failed to allocate gateway (10.0.0.1): Address already in use", C.NETWORK_UNAVAILABLE),
    (
        ("endpoint with name {name} already exists in network docker_gwbridge"),
        C.NETWORK_UNAVAILABLE,
    ),
    (
        ("could not find an available, non-overlapping IPv4 address pool among the defaults"),
        C.NETWORK_UNAVAILABLE,
    ),
    ("network {name} not found", C.NETWORK_UNAVAILABLE),
    (
        ("failed to create endpoint {name}.1 on network {name}: no driver"),
        C.NETWORK_UNAVAILABLE,
    ),
    (
        ("starting container failed: subnet sandbox join failed for {text}"),
        C.NETWORK_UNAVAILABLE,
    ),
    ("task: non-zero exit (137): dockerexec: unhealthy container", C.UNHEALTHY),
    (
        (
            "starting container failed: failed to create task for container: OCI runtime "
            'create failed: exec: "{text}": executable file not found in $PATH: unknown'
        ),
        C.EXIT_NONZERO,
    ),
    (
        ("starting container failed: unable to find user {name}: no matching entries"),
        C.EXIT_NONZERO,
    ),
    ("failed to initialize logging driver: dial tcp 127.0.0.1:1: connect", C.EXIT_NONZERO),
    ("path /{text} is mounted on / but it is not a shared mount", C.MOUNT_FAILED),
    (f"lstat {STORE}/merged/etc/passwd/{{name}}: not a directory", None),
    (f"mkdir {STORE}-init/merged: no space left on device", None),
    ("mkdir /var/lib/docker/volumes/{name}/_data/x: no space left on device", C.MOUNT_FAILED),
    ("task: non-zero exit (3)", None),
    ("Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", None),
    ("error while removing network: unknown network {name} id x", None),
)

FORGED = (
    "no such image: x",
    "registry",
    "toomanyrequests: x",
    "bind source path does not exist: /x",
    "no suitable node (host-mode port already in use on 1 node)",
    "listen tcp4 0.0.0.0:80: bind: address already in use",
    "port is already allocated",
    "network x not found",
    "address already in use",
    "unhealthy container",
    'exec: \\"x\\": executable file not found',
)
"""Every cause's words, in a path, a program or a name that a user chose."""


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_what_a_user_wrote_decides_no_cause(message: str, expected: CauseCode | None) -> None:
    found = {}
    for forged in ("plain", *FORGED):
        # A name of Docker's has no space, colon or quote; a path or a program has what it likes.
        name = "".join(each if each.isalnum() else "_" for each in forged)
        found[forged] = named_by(message.format(name=name, text=forged))
    assert found == dict.fromkeys(("plain", *FORGED), expected)


def test_what_is_quoted_is_blanked_and_can_be_had() -> None:
    message = "exec: \"a \\\"b\": stat '/c d': not `e` at https://f/g and /h/i: end, don't"
    assert own_words(message) == "exec: <>: stat <>: not <> at <> and <>: end, don't"
    assert quoted(message) == ('a \\"b', "/c d", "e", "https://f/g", "/h/i")


def test_the_exit_code_of_a_message_is_read_at_its_begin_only() -> None:
    assert exit_code_in("task: non-zero exit (137)") == 137
    assert exit_code_in('exec: "task: non-zero exit (3)"') is None
