"""One page of every situation with its sentence and next step, to be read as prose.

`python tests/unit/swarm/judge/test_next_steps.py` writes the page anew; read it before committing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.sandbox.rollouts import RESTARTS, spec, task

from ccci.swarm.decode.specs import spec as decoded
from ccci.swarm.judge.diagnose import diagnose
from ccci.swarm.judge.next_steps import by_message
from ccci.swarm.judge.next_steps.choose import next_step
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.judge.words import own_words
from ccci.swarm.model import (
    Cause,
    CauseCode,
    Evidence,
    HealthCheck,
    Identity,
    Mode,
    Mount,
    RestartPolicy,
    Spec,
    UpdatePolicy,
)

PAGE = Path(__file__).parent / "next-steps.txt"
OCI = "starting container failed: OCI runtime create failed: container_linux.go:380: "
RUNC = "failed to create task for container: OCI runtime create failed: runc create failed: "
STORE = "/var/lib/docker/overlay2/" + "0a1b" * 16
CONFIGS = "/var/lib/docker/containers/" + "0a1b" * 16 + "/mounts/secrets"
START_FIRST = UpdatePolicy(order="start-first")
DATA = Mount("volume", "shop_data", "/data")
HERE = Evidence("b1", local=True)
AWAY = Evidence("b1", local=False)


@dataclass(frozen=True)
class Case:
    title: str
    error: str = ""
    exit_code: int | None = None
    state: str = "failed"
    spec: Spec | None = None
    evidence: Evidence | None = None
    slot: str = "1"
    was_up: bool = False


def wanted(**keys: Any) -> Spec:
    return spec("head", identity=Identity(None, keys.pop("image", "shop:2"), None), **keys)


def known(**container: Any) -> Spec:
    """Return the spec of a service as an Engine tells it."""
    container = {"Image": "shop:2", "Healthcheck": {"Test": ["NONE"]}, **container}
    return decoded({"TaskTemplate": {"ContainerSpec": container}})


def exited(title: str, code: int, evidence: Evidence = HERE, **keys: Any) -> Case:
    return Case(title, f"task: non-zero exit ({code})", code, evidence=evidence, **keys)


def unhealthy(title: str, *probe: str, **keys: Any) -> Case:
    evidence = replace(HERE, unhealthy=True, exit_code=137, health=probe)
    error = "task: non-zero exit (137): dockerexec: unhealthy container"
    return Case(title, error, 137, evidence=evidence, **keys)


CASES: tuple[Case, ...] = (
    Case("program missing", OCI + 'exec: "serve": executable file not found in $PATH', 127),
    Case("two words as one", OCI + 'exec: "sleep infinity": executable file not found', 127),
    Case("not executable", OCI + 'exec: "/entry.sh": permission denied: unknown', 126),
    Case("other platform", OCI + 'exec "/bin/app": exec format error', 128),
    Case("no such user", "unable to find user www-data: no matching entries in passwd file", 128),
    Case("no such group", "unable to find group docker: no matching entries in group file", 128),
    Case("init out of memory", RUNC + "container init was OOM-killed (memory limit too low?)", 128),
    Case(
        "addresses used up on a node",
        "node is missing network attachments, ip addresses may be exhausted",
        state="rejected",
    ),
    Case(
        "firewall rules gone",
        "driver failed programming external connectivity on endpoint web.1 (ab12): iptables "
        "failed: iptables --wait -t nat -A DOCKER: No chain/target/match by that name.",
    ),
    Case(
        "mount without a source",
        'invalid mount config for type "bind": field Source must not be empty',
        state="rejected",
    ),
    Case(
        "registry without TLS",
        'Get "https://registry.local/v2/": http: server gave HTTP response to HTTPS client',
        state="rejected",
    ),
    Case("secret that was removed", "secret reference abc123 not found", state="rejected"),
    Case("working folder", OCI + 'chdir to cwd ("/srv") set in config.json failed: denied', 126),
    Case(
        "log driver's server",
        "failed to initialize logging driver: dial tcp 127.0.0.1:24224: connect: refused",
        128,
        spec=wanted(log_driver="fluentd"),
    ),
    Case("never started, else", OCI + "process_linux.go:545: cgroup: invalid value", 128),
    Case("limit of open files", RUNC + "error setting rlimit type 7: operation not permitted", 128),
    Case("configs' folder still open", "starting container failed: unable to remount dir as "
         f"readonly: mount tmpfs:{CONFIGS}, flags: 0x21: device or resource busy", 128),
    Case("capability", 'invalid CapAdd: unknown capability: "CAP_NO_SUCH_IMAGE"', state="rejected"),
    Case("stop signal", "Invalid signal: SIGFOO", state="rejected"),
    Case("path through a file", f"lstat {STORE}/merged/etc/passwd/x: not a directory",
         state="rejected"),
    Case("disk full at the start", f"mkdir {STORE}-init/merged: no space left on device",
         state="rejected"),
    Case("disk full at the mount of its root",
         f"starting container failed: error creating overlay mount to {STORE}/merged: no space left"
         " on device", 128),
    Case("no control group", RUNC + "unable to apply cgroup configuration: mkdir "
         "/sys/fs/cgroup/memory/docker/0a1b: cannot allocate memory: unknown", 128),
    Case("runtime's own mount", RUNC + 'error mounting "proc" to rootfs at "/proc": denied', 128),
    Case("runtime's own socket", RUNC + "listen unix /run/s/0a1b: bind: address already in use",
         128, spec=wanted()),
    Case("no control group, and no word of it", "mkdir /sys/fs/cgroup/memory/docker/0a1b: no space "
         "left on device", state="rejected"),
    Case("runtime's own folder", "mkdir /run/containerd/io.containerd.runtime.v2.task/moby/0a1b: no"
         " space left on device", state="rejected"),
    Case("program's loader missing", OCI + 'exec "/bin/app": no such file or directory', 127),
    Case("script not executable", OCI + 'exec "/entry.sh": permission denied', 126),
    Case("as it is written", "Range of CPUs is from 0.01 to 2.00", state="rejected"),
    Case("busy node", "context deadline exceeded", state="rejected"),
    Case("removed meanwhile", "container is marked for removal and cannot be started",
         state="rejected"),
    Case("rejected, else", "something that no table knows", state="rejected"),
    exited("plain error", 3, replace(HERE, logs=("usage: serve PORT",))),
    exited("silent error", 3),
    exited(
        "error of a command that is known",
        3,
        replace(HERE, logs=("usage: serve PORT",)),
        spec=known(Args=["serve", "80"], User="app", Env=["DB_HOST=db"]),
    ),
    exited("error of a command that is long", 3, AWAY, spec=known(Args=["serve", "x" * 200])),
    exited("silent error of a command that is known", 3, spec=known()),
    exited(
        "log driver that cannot be read",
        9,
        replace(AWAY, incomplete="its log could not be had: … does not support reading"),
        spec=wanted(log_driver="none"),
    ),
    exited("permission", 1, replace(HERE, logs=("open /run/secrets/key: Permission denied",))),
    exited("platform in the log", 1, replace(HERE, logs=("exec /bin/app: exec format error",))),
    exited("disk full", 1, replace(HERE, logs=("write: No space left on device",))),
    exited(
        "start-first on one volume",
        1,
        replace(HERE, logs=("database is locked",)),
        spec=wanted(update=START_FIRST, mounts=(DATA,)),
    ),
    exited("script calls what is missing", 127, replace(HERE, logs=("curl: not found",))),
    exited("killed here", 137),
    exited("killed elsewhere", 137, AWAY),
    exited("stopped", 143),
    exited("instruction that the processor lacks", 132),
    exited("heap", 134, replace(HERE, logs=("FATAL ERROR: JavaScript heap out of memory",))),
    Case(
        "restarted by hand, with 0 in the status",
        "task: non-zero exit (137)",
        0,
        evidence=replace(HERE, exit_code=0),
    ),
    exited("container that was started again", 137, replace(HERE, started_again=True)),
    exited("container that failed and was started again", 3, replace(HERE, started_again=True)),
    Case("early", "", 0, state="complete", evidence=HERE),
    Case(
        "early one-shot",
        "",
        0,
        state="complete",
        evidence=HERE,
        spec=wanted(restart=RESTARTS["none"]),
    ),
    Case("early, on each node", "", 0, state="complete", evidence=HERE,
         spec=wanted(mode=Mode.GLOBAL, replicas=None, restart=RESTARTS["none"])),
    Case("early, started again by its policy", "", 0, state="complete", evidence=HERE,
         spec=wanted(restart=RestartPolicy(condition="any", delay=30.0))),
    exited("out of memory in a child", 1, replace(HERE, oom_killed=True, exit_code=1)),
    Case(
        "out of memory",
        "task: non-zero exit (137)",
        137,
        evidence=replace(HERE, oom_killed=True, exit_code=137, ran_for=42.0),
        spec=wanted(memory_limit=48 * 2**20, update=START_FIRST),
    ),
    unhealthy("probe lacks its program", 'exit -1: exec: "curl": executable file not found'),
    unhealthy("probe may not run", "exit 126: /check.sh: Permission denied"),
    unhealthy(
        "probe hangs",
        "exit -1: Health check exceeded timeout (2s)",
        spec=wanted(health=HealthCheck(timeout=2.0)),
    ),
    unhealthy("nothing listens", "exit 1: connect: Connection refused"),
    unhealthy("wrong path", "exit 22: The requested URL returned error: 404"),
    unhealthy("error of the app", "exit 22: The requested URL returned error: 503"),
    unhealthy("other probe", "exit 1: not ready"),
    unhealthy(
        "other probe that is known",
        "exit 1: not ready",
        spec=known(Args=["serve"], Healthcheck={"Test": ["CMD-SHELL", "wget -qO- localhost"]}),
    ),
    unhealthy(
        "other probe with a password",
        "exit 1: not ready",
        spec=known(Healthcheck={"Test": ["CMD", "mysqladmin", "ping", "-psesame"]}),
    ),
    unhealthy("other probe, good at first", "exit 1: not ready", was_up=True),
    unhealthy("nothing listens any more", "exit 1: connect: Connection refused", was_up=True),
    Case("probe elsewhere, good at first", "task: non-zero exit (137): dockerexec: unhealthy "
         "container", 137, evidence=AWAY, was_up=True),
    Case(
        "probe elsewhere",
        "task: non-zero exit (137): dockerexec: unhealthy container",
        137,
        evidence=AWAY,
    ),
    Case("image with a registry", "No such image: registry.example.test:5000/shop:2", None,
         "rejected"),
    Case("image without", "No such image: shop:2", None, "rejected"),
    Case("login", "pull access denied for r.example/shop, repository does not exist", None,
         "rejected"),
    Case("tag", "manifest for shop:9 not found: manifest unknown: manifest unknown", None,
         "rejected"),
    Case("platform", "no matching manifest for linux/arm64 in the manifest list", None, "rejected"),
    Case("rate", "toomanyrequests: You have reached your pull rate limit", None, "rejected"),
    Case("unreachable", 'Get "https://r.example/v2/": dial tcp: i/o timeout', None, "preparing"),
    Case("certificate", 'Get "https://r.example/v2/": x509: unknown authority', None, "preparing"),
    Case("login of a newer engine", 'Head "https://r.example/v2/": no basic auth credentials', None,
         "rejected"),
    Case("wrong password", "error from registry: incorrect username or password", None, "rejected"),
    Case("forbidden", "unexpected status from HEAD request to https://r.example/v2/shop/manifests/2"
         ": 403 Forbidden", None, "rejected"),
    Case("no repository", "name unknown: repository name not known to registry", None, "rejected"),
    Case("no such tag of a newer engine", "r.example/shop:2: not found", None, "rejected"),
    Case("other platform of a newer engine", "image with reference shop:2 was found but does not "
         "provide the specified platform (linux/arm64)", None, "rejected"),
    Case("registry that fails half-way", "failed to copy: httpReadSeeker: failed open: unexpected "
         "status code https://r.example/v2/: 503 Service Unavailable", None, "preparing"),
    Case("registry that fails", "received unexpected HTTP status: 503 Service Unavailable", None,
         "rejected"),
    Case("cut short", "short read: expected 312 bytes but got 0: unexpected EOF", None, "rejected"),
    Case("not what was pushed", "filesystem layer verification failed for digest sha256:0a1b", None,
         "rejected"),
    Case("name of no image", "invalid reference format", None, "rejected"),
    Case("full disk", "failed to register layer: no space left on device", None, "rejected"),
    Case("bind", 'invalid mount config for type "bind": bind source path does not exist: /mnt/reg',
         None, "rejected"),
    Case(
        "volume's options",
        "error while mounting volume '/v/_data': failed to mount local volume: invalid argument",
        None,
        "rejected",
        spec=wanted(mounts=(replace(DATA, has_options=True),)),
    ),
    Case("unknown option of a volume", 'create shop_data: invalid option: "adress"', None,
         "rejected", spec=wanted(mounts=(replace(DATA, has_options=True),))),
    Case("volume full", "mkdir /var/lib/docker/volumes/shop_data/_data/a: no space left on device",
         None, "rejected"),
    Case("shared propagation", "starting container failed: path /srv is mounted on / but it is not "
         "a shared mount", 128),
    Case("relative target", "invalid mount target, must be an absolute path: v", None, "rejected"),
    Case("folder onto file", OCI + 'error mounting "/x" to rootfs at "/tmp": not a directory', 128),
    Case("two mounts on one target", "Duplicate mount point: /data", None, "rejected"),
    Case("read-only disk", "error while creating mount source path '/srv/x': mkdir /srv/x: "
         "read-only file system", None, "rejected"),
    Case("volume plugin", 'create data: error looking up volume plugin rex: plugin "rex" not found',
         None, "rejected"),
    Case("no room", "no suitable node (insufficient resources on 1 node)", None, "pending",
         spec=wanted(update=START_FIRST)),
    Case("constraints", "no suitable node (scheduling constraints not satisfied on 2 nodes)", None,
         "pending", spec=wanted(constraints=("node.labels.disk == ssd",))),
    *(
        Case(f"constraint on {title}", "no suitable node (scheduling constraints not satisfied on "
             "2 nodes)", None, "pending", spec=wanted(constraints=asked))
        for title, asked in (
            ("a role", ("node.role == worker",)),
            ("the other role", ("node.role != worker",)),
            ("a name", ("node.hostname==db1",)),
            ("another name", ("node.hostname != db1",)),
            ("an id", ("node.id == 2ivku8v2gvtg4",)),
            ("an address", ("node.ip == 10.0.0.5",)),
            ("docker's word for an architecture", ("node.platform.arch == arm64",)),
            ("an architecture", ("node.platform.arch == riscv64",)),
            ("a system", ("node.platform.os == windows",)),
            ("a label that none may have", ("node.labels.spot != true",)),
            ("a label with a blank", ("node.labels.rack == row 4",)),
            ("an engine's label", ("engine.labels.region == eu",)),
            ("two things", ("node.role == manager", "node.labels.disk == ssd")),
            ("what Swarm does not know", ("node.disk == ssd",)),
        )
    ),
    Case("evicted for want of room", "assigned node no longer has enough resources", None,
         "rejected"),
    Case("evicted", "assigned node no longer meets constraints", None, "rejected",
         spec=wanted(constraints=("node.labels.disk == ssd",))),
    Case("log plugin", "no suitable node (missing plugin on 1 node)", None, "pending",
         spec=wanted(log_driver="loki")),
    Case("volume driver", "no suitable node (missing plugin on 1 node)", None, "pending",
         spec=wanted(mounts=(replace(DATA, driver="rexray"),))),
    Case("node away", "no suitable node (1 node not available for new tasks)", None, "pending"),
    Case("replicas per node", "no suitable node (max replicas per node limit exceed)", None,
         "pending"),
    Case("own replica", "no suitable node (host-mode port already in use on 1 node)", None,
         "pending", spec=wanted(replicas=2, host_ports=(8098,))),
    Case("other process", "driver failed programming external connectivity on endpoint s.1 (0a): "
         "Error starting userland proxy: listen tcp4 0.0.0.0:8099: bind: address already in use",
         128, spec=wanted(host_ports=(8099,))),
    Case("another process, two replicas", "failed to set up container networking: driver failed "
         "programming external connectivity on endpoint s.1 (0a): failed to bind host port for "
         "0.0.0.0:8098:172.18.0.3:80/tcp: address already in use", 128,
         spec=wanted(replicas=2, host_ports=(8098, 8099))),
    Case("another process, start-first", "driver failed programming external connectivity on "
         "endpoint s.1 (0a): Error starting userland proxy: listen udp4 0.0.0.0:53: bind: address "
         "already in use", 128, spec=wanted(update=START_FIRST, host_ports=(53,))),
    Case("an image by its digest", f"No such image: shop@sha256:{'0a1b' * 16}", None, "rejected"),
    Case("another container", "driver failed programming external connectivity on endpoint s.1 "
         "(0a): Bind for 0.0.0.0:80 failed: port is already allocated", 128,
         spec=wanted(update=START_FIRST, host_ports=(80,))),
    Case("a port, and a whole id", "driver failed programming external connectivity on endpoint "
         f"s.1 ({'0a1b' * 16}): Bind for 0.0.0.0:80 failed: port is already allocated", 128,
         spec=wanted(host_ports=(80,))),
    Case("port that is not to be opened", "driver failed programming external connectivity on "
         "endpoint s.1 (0a): listen tcp4 0.0.0.0:80: bind: permission denied", 128,
         spec=wanted(host_ports=(80,))),
    Case("own replicas, start-first", "no suitable node (host-mode port already in use on 2 nodes)",
         None, "pending", spec=wanted(replicas=2, update=START_FIRST, host_ports=(8098,))),
    Case("another service's task", "no suitable node (host-mode port already in use on 1 node)",
         None, "pending", spec=wanted(host_ports=(80,))),
    Case("old task", "no suitable node (host-mode port already in use on 1 node)", None, "pending",
         spec=wanted(update=START_FIRST, host_ports=(80,))),
    Case("old task on each node", "host-mode port already in use on 1 node", None, "pending",
         spec=wanted(mode=Mode.GLOBAL, replicas=None, update=START_FIRST, host_ports=(80,))),
    Case("no room on a given node", "insufficient resources on 1 node", None, "pending",
         spec=wanted(mode=Mode.GLOBAL, replicas=None)),
    Case("no address", "could not find an available IP while allocating VIP", None, "rejected"),
    Case("no pool", "could not find an available, non-overlapping IPv4 address pool", None,
         "rejected"),
    Case("range of another network", "invalid pool request: Pool overlaps with other one on this "
         "address space", None, "rejected"),
    Case("range of another network, under none", "invalid pool request: Pool overlaps with other "
         "one on this address space", None, "rejected", spec=wanted(restart=RESTARTS["none"])),
    Case("range of another bridge", "cannot create network 0a1b (docker_gwbridge): conflicts with "
         "network 2c3d (br-2c3d): networks have overlapping IPv4", None, "rejected"),
    Case("interface of an older network", "error creating vxlan interface: file exists", 128),
    Case("left endpoint", "endpoint with name s.1 already exists in network docker_gwbridge", 128),
    Case("network of an id gone", "network 2ivku8v2gvtg4oz0ovudpxckj not found", None, "rejected"),
    Case("network gone", "network shop_default not found", None, "rejected"),
)  # fmt: skip


def cause_of(case: Case) -> Cause:
    seen = task(
        "b1",
        case.state,
        error=case.error,
        exit_code=case.exit_code,
        container="" if case.state in {"rejected", "pending", "preparing"} else "c",
    )
    return diagnose(seen, case.evidence, case.spec, "node2", was_up=case.was_up)


def page() -> str:
    def paragraphs() -> Iterator[str]:
        for case in CASES:
            cause = cause_of(case)
            yield f"{case.title} [{cause.code.value}]\n  {cause.detail}\n  next: {cause.hint}\n"

    return "\n".join(paragraphs())


def test_every_situation_has_the_sentence_and_the_next_step_that_were_read() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_next_step_sends_nobody_back_up_nor_to_what_is_gone(case: Case) -> None:
    hint = cause_of(case).hint
    for words in ("above", "last log lines", "docker service logs", "docker service ps", "\n"):
        assert words not in hint
    assert len(hint) < 330


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("running", "`docker node update --availability active node2`"),
        ("shutdown", "`docker node rm --force node2`"),
    ],
)
def test_a_node_that_keeps_a_task_is_named_in_the_line(state: str, line: str) -> None:
    now = Situation(CauseCode.NO_SUITABLE_NODE, task("b1", state), node="node2")
    assert line in next_step(now)


def test_each_cause_that_a_task_shows_has_more_than_one_step() -> None:
    steps: dict[CauseCode, set[str]] = {}
    for case in CASES:
        cause = cause_of(case)
        steps.setdefault(cause.code, set()).add(cause.hint)
    assert {code for code, hints in steps.items() if len(hints) < 2} <= {
        CauseCode.OOM_KILLED,
        CauseCode.UNKNOWN,
    }


def test_each_row_of_messages_is_the_first_that_fits_some_case() -> None:
    first = set()
    for case in CASES:
        code, said = cause_of(case).code, own_words(case.error)
        fits = (
            number
            for number, (wanted, pattern, _) in enumerate(by_message._steps())
            if code is wanted and pattern.search(said)
        )
        first.add(next(fits, None))
    missed = set(range(len(by_message._steps()))) - first
    assert [by_message._steps()[number][1].pattern for number in missed] == []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
