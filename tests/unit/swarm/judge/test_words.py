"""The Engine's own words decide a cause; what a user wrote into a message decides nothing."""

import pytest

from ccci.swarm.judge import words
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
    (
        "invalid pool request: Pool overlaps with other one on this address space",
        C.NETWORK_UNAVAILABLE,
    ),
    (
        (
            "cannot create network {name} (docker_gwbridge): conflicts with network {name} "
            "(br-{name}): networks have overlapping IPv4"
        ),
        C.NETWORK_UNAVAILABLE,
    ),
    ("network {name} not found", C.NETWORK_UNAVAILABLE),
    (
        ("failed to create endpoint {name}.1 on network {name}: no driver"),
        C.NETWORK_UNAVAILABLE,
    ),
    (
        'starting container failed: subnet sandbox join failed for "{text}": no such device',
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
    ("Error starting proxy: port is already allocated", C.PORT_IN_USE),
    (
        "rpc error: code = Unknown desc = tcp4 0.0.0.0:80: bind: address already in use",
        C.PORT_IN_USE,
    ),
    (
        "error pulling image configuration: {name}: download failed after attempts=6",
        C.IMAGE_UNAVAILABLE,
    ),
    ("failed to register layer: Error processing tar file(exit status 1)", C.IMAGE_UNAVAILABLE),
    ("name unknown: repository name not known to registry", C.IMAGE_UNAVAILABLE),
    ("error from registry: incorrect username or password", C.IMAGE_UNAVAILABLE),
    ("received unexpected HTTP status: 503 Service Unavailable", C.IMAGE_UNAVAILABLE),
    ('error parsing HTTP 403 response body: invalid character: "{text}"', C.IMAGE_UNAVAILABLE),
    (
        "unexpected status from HEAD request to https://{name}/v2/x/manifests/1: 403 Forbidden",
        C.IMAGE_UNAVAILABLE,
    ),
    ("no basic auth credentials", C.IMAGE_UNAVAILABLE),
    ("insufficient_scope: authorization failed", C.IMAGE_UNAVAILABLE),
    ("short read: expected 312 bytes but got 0: unexpected EOF", C.IMAGE_UNAVAILABLE),
    ("filesystem layer verification failed for digest sha256:{name}", C.IMAGE_UNAVAILABLE),
    ("unknown blob", C.IMAGE_UNAVAILABLE),
    ("content digest sha256:{name}: not found", C.IMAGE_UNAVAILABLE),
    ("unknown: artifact shop/{name}:1 not found", C.IMAGE_UNAVAILABLE),
    ("docker.io/library/{name}:1: not found", C.IMAGE_UNAVAILABLE),
    (
        "image with reference {name}:1 was found but does not provide the specified platform",
        C.IMAGE_UNAVAILABLE,
    ),
    ("mediaType in manifest should be 'x' not '{text}'", C.IMAGE_UNAVAILABLE),
    ("failed to unpack image on snapshotter overlayfs: exit status 1", C.IMAGE_UNAVAILABLE),
    ("repository {name} not found", C.IMAGE_UNAVAILABLE),
    ('error looking up volume plugin {name}: plugin "{name}" not found', C.MOUNT_FAILED),
    ("error evaluating symlinks from mount source '/{text}': lstat /x: no", C.MOUNT_FAILED),
    (
        (
            'container_linux.go:380: container init caused: mounting "/{text}" to rootfs at "/y" '
            "caused: not a directory: unknown: Are you trying to mount a directory onto a file?"
        ),
        C.MOUNT_FAILED,
    ),
    ('error mounting "tmpfs" to rootfs at "/run/{text}": no space', C.MOUNT_FAILED),
    ('error mounting "/proc" to rootfs at "/host/{text}": permission denied', C.MOUNT_FAILED),
    ("node is missing network attachments, ip addresses may be exhausted", C.NETWORK_UNAVAILABLE),
    (
        (
            "driver failed programming external connectivity on endpoint {name} (0a1b): iptables "
            "failed: iptables --wait -t nat -A DOCKER: No chain/target/match by that name."
        ),
        C.NETWORK_UNAVAILABLE,
    ),
    ("could not attach to network {name}: context", C.NETWORK_UNAVAILABLE),
    ("error creating vxlan interface: file exists", C.NETWORK_UNAVAILABLE),
    ("failed to set up container network: no more room", C.NETWORK_UNAVAILABLE),
    ("runc create failed: container init was OOM-killed (memory limit too low?)", C.OOM_KILLED),
    # What docker, its runtime and the kernel do for a container whatever it asks for.
    (
        (
            "runc create failed: unable to start container process: unable to apply cgroup "
            "configuration: mkdir /sys/fs/cgroup/memory/docker/0a1b: cannot allocate memory: "
            "unknown"
        ),
        None,
    ),
    ("mkdir /sys/fs/cgroup/memory/docker/0a1b: no space left on device", None),
    ("mkdir /run/containerd/io.containerd.runtime.v2.task/moby/0a1b: no space left", None),
    ("runc create failed: chmod /proc/self/fd/7: no such file", None),
    ('mkdir "/run/docker/{text}": file exists; see "/x"', None),
    ("mkdir /running/{name}: permission denied", C.MOUNT_FAILED),
    ('error mounting "proc" to rootfs at "/proc": mount src=proc, dst=/proc: not permitted', None),
    ('error mounting "cgroup" to rootfs at "/sys/fs/cgroup": no subsystem for mount', None),
    ('mounting "mqueue" to rootfs at "/dev/mqueue" caused: no space left on device', None),
    ('error mounting "tmpfs" to rootfs at "/dev": no such file', None),
    (
        "failed to create shim task: listen unix /run/s/0a: bind: address already in use",
        None,
    ),
    ("task: non-zero exit (3)", None),
    ("Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", None),
    ("error while removing network: unknown network {name} id x", None),
)

FORGED = tuple(
    message.format(name="x", text="x").replace('"', '\\"') for message, cause in MESSAGES if cause
)
"""Every cause's words, in a path, a program or a name that a user chose."""


def deciding(message: str) -> tuple[int, int] | None:
    """Return which pattern of which table decides a message."""
    text = own_words(message)
    for number, patterns in enumerate(words._patterns()):
        found = [
            (match.start(), order)
            for order, (_, pattern) in enumerate(patterns)
            if (match := pattern.search(text))
        ]
        if found:
            return number, min(found)[1]
    return None


def test_each_pattern_decides_a_message() -> None:
    decided = {deciding(message) for message, _ in MESSAGES}
    every = {
        (number, order): pattern.pattern
        for number, patterns in enumerate(words._patterns())
        for order, (_, pattern) in enumerate(patterns)
    }
    assert [text for place, text in every.items() if place not in decided] == []


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_what_a_user_wrote_decides_no_cause(message: str, expected: CauseCode | None) -> None:
    said = set()
    for forged in ("plain", *FORGED):
        # A name of Docker's has no space, colon or quote; a path or a program has what it likes.
        name = "".join(each if each.isalnum() else "_" for each in forged)
        said.add(message.format(name=name, text=forged))
    found = {each: named_by(each) for each in said}
    assert found == dict.fromkeys(said, expected)


def test_what_is_quoted_is_blanked_and_can_be_had() -> None:
    message = "exec: \"a \\\"b\": stat '/c d': not `e` at https://f/g and /h/i: end, don't"
    assert own_words(message) == "exec: <>: stat <>: not <> at <> and <>: end, don't"
    assert quoted(message) == ('a \\"b', "/c d", "e", "https://f/g", "/h/i")


def test_the_exit_code_of_a_message_is_read_at_its_begin_only() -> None:
    assert exit_code_in("task: non-zero exit (137)") == 137
    assert exit_code_in('exec: "task: non-zero exit (3)"') is None
