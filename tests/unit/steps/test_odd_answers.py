"""An Engine whose answers are spoilt in one place: each step reads them, or calls them senseless.

The steps beside the watch: who owns what, what is reached, whether the app answers, what is left.
"""

import base64
import copy
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.engine.adversary import each_spoilt, spoilt
from support.engine.server import recorded

from ccci.deployers import App, Revision
from ccci.errors import CcciError
from ccci.locks import swarm_lock
from ccci.locks.swarm_lock import Holder
from ccci.planning.objects import Kind, Write
from ccci.recipe import stack_file
from ccci.recipe.stack_file import StackFile
from ccci.removal import looking, teardown
from ccci.removal.objects import Claim
from ccci.steps import machine, plan_checks
from ccci.steps.after import health
from ccci.steps.after.health import HealthPath
from ccci.steps.before import disk, preconditions
from ccci.steps.deployed import deployed_base
from ccci.steps.reach import beyond, claims, ownership, strays
from ccci.swarm import nearby
from ccci.swarm.decode import info
from ccci.swarm.decode.info import Info
from ccci.swarm.decode.listed import every
from ccci.swarm.engine import answers
from ccci.swarm.engine.client import Engine
from ccci.sweep import live

pytestmark = pytest.mark.slow

THEIRS = {"com.docker.stack.namespace": "t"}
TRUTH: dict[str, Any] = {
    **{f"/{name}": recorded(name) for name in ("services", "tasks", "nodes")},
    "/networks": [{"Id": "n1", "Name": "n", "Labels": THEIRS, "Scope": "swarm"}],
    "/configs": [
        {"ID": "c", "Version": {"Index": 1}, "Spec": {"Name": "x", "Labels": THEIRS}},
        {
            "ID": "l",
            "Version": {"Index": 1},
            "Spec": {
                "Name": swarm_lock.lock_name("t"),
                "Labels": Holder.ours("t", "1", Path("/locks")).labels(),
                "Data": base64.b64encode(swarm_lock.DATA).decode(),
            },
        },
    ],
    "/secrets": [{"ID": "s", "Version": {"Index": 1}, "Spec": {"Name": "t_s", "Labels": None}}],
    "/volumes": [{"Name": "t_v", "Labels": None}],
    "/containers": [{"Id": "abc" * 10, "Labels": THEIRS}],
    "/info": {
        "Swarm": {
            "NodeID": "x",
            "NodeAddr": "127.0.0.1",
            "LocalNodeState": "active",
            "ControlAvailable": True,
            "Managers": 1,
            "Nodes": 1,
        },
        "DockerRootDir": "/",
        "SystemTime": "2026-01-01T00:00:00Z",
    },
    "/image": {"Id": "i", "RepoDigests": ["x@sha256:1"], "RepoTags": ["x"]},
}
COMPOSE = """\
services: {app: {image: a, configs: [c], volumes: ["v:/v"]}}
configs: {c: {name: x, external: true}}
volumes: {v: {name: t_v}}
networks: {default: {external: true, name: n}}
"""


def named_as(config: dict[str, Any]) -> Any:
    spec = config.get("Spec")
    return spec.get("Name") if isinstance(spec, dict) else None


class Liar:
    """Answers as an Engine does, but for one lie."""

    host = "unix:///nowhere"

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    def __getattr__(self, name: str) -> Callable[..., list[Any]]:
        return lambda *_, **__: answers.objects(f"/{name}", self._said[f"/{name}"])

    def config(self, name: str) -> Any:
        listed = self._said["/configs"]
        every = (
            [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        )
        named = (each for each in every if named_as(each) == name)
        found = next(named, None)
        return None if found is None else answers.identified("/configs", found)

    def image(self, _: str) -> Any:
        return answers.an_object("/image", self._said["/image"])

    def info(self) -> Any:
        return answers.an_object("/info", self._said["/info"])

    def container(self, _: str) -> Any:
        return {"Id": "x", "Config": {"ExposedPorts": {"80/tcp": {}}}}


ANSWERED = HealthPath("/", frozenset({200}))
APP, REVISION = App("t", "t", "other", Path()), Revision("0" * 40, None, True)
SENT = Write(
    "create", Kind.SERVICE, "s", "t_app", {"TaskTemplate": {"ContainerSpec": {"Image": "x"}}}
)
READERS: dict[str, Callable[[Engine, StackFile], object]] = {
    "claims": lambda engine, stack: claims.refuse_others(ownership.owners(engine, "t"), stack, "t"),
    "reach": lambda engine, stack: beyond.of_others(ownership.owners(engine, "t"), stack, "t"),
    "health": lambda engine, _: health._answer(engine, "t_app", ANSWERED),
    "locks": lambda engine, _: swarm_lock.objects(engine.configs()),
    "lock": lambda engine, _: swarm_lock.look(engine, swarm_lock.lock_name("t")),
    "base": lambda engine, _: deployed_base(engine.services()),
    "live": lambda engine, _: live.sweep(engine.services(), engine.networks(), engine.nodes()),
    "images": lambda engine, _: plan_checks.images(engine, [SENT]),
    "strays": lambda engine, _: strays.refuse(
        engine, APP, REVISION, strays.look(engine), touched=True, succeeded=True
    ),
    "needed": lambda engine, _: preconditions._check_networks(engine, ("n",)),
    "nearby": lambda engine, _: nearby.changed(every(engine.services()), every(engine.services())),
    "disk": lambda engine, _: disk.of_images(engine),
    "doctor": lambda engine, _: (
        machine.engine(info.version(engine.info()), Info(engine.info())),
        machine.swarm(Info(engine.info())),
        machine.clock(Info(engine.info()).time, *("2026-01-01T00:00:00Z",) * 2),
    ),
    "look": lambda engine, _: looking.look(engine, Claim("t")),
    "claim": lambda engine, _: teardown.claim_of(engine, "t", ()),
    "kept": lambda engine, _: teardown._kept(engine, Claim("t")),
    "unseen": lambda engine, _: teardown._unseen(engine, Claim("t"), set()),
}


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_spoilt_answer_is_read_or_makes_no_sense(
    reader: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_inside", lambda *_: None)
    monkeypatch.setattr(health, "_outside", lambda *_: "200")
    (tmp_path / "compose.yml").write_text(COMPOSE)
    stack = stack_file.read([tmp_path / "compose.yml"], {})
    rng = random.Random(seed)  # noqa: S311
    said = copy.deepcopy(TRUTH)
    path = rng.choice(sorted(TRUTH))
    said[path] = spoilt(rng)(said[path])
    with suppress(CcciError):
        READERS[reader](cast("Engine", Liar(said)), stack)


SERVICE = {
    "ID": "s",
    "Version": {"Index": 5},
    "Spec": {
        "Name": "t_app",
        "Labels": {"com.docker.stack.namespace": "t", "coop-cloud.t.chaos-version": "abc"},
        "Mode": {"Replicated": {"Replicas": 1}},
        "UpdateConfig": {"Parallelism": 1, "FailureAction": "rollback", "Order": "start-first"},
        "EndpointSpec": {"Ports": [{"PublishedPort": 8, "TargetPort": 8, "PublishMode": "host"}]},
        "TaskTemplate": {
            "Networks": [{"Target": "n1", "Aliases": ["app"]}],
            "Placement": {"Constraints": ["node.id==x"], "MaxReplicas": 1},
            "Resources": {"Limits": {"MemoryBytes": 5}, "Reservations": {"MemoryBytes": 5}},
            "RestartPolicy": {"Condition": "any", "Delay": 5},
            "ContainerSpec": {
                "Image": "x:1",
                "Mounts": [{"Type": "volume", "Source": "t_v", "Target": "/v", "ReadOnly": True}],
                "Healthcheck": {"Test": ["CMD", "true"], "StartPeriod": 5, "Interval": 5},
                "StopGracePeriod": 5,
            },
        },
    },
    "Endpoint": {"Ports": [{"PublishedPort": 8, "TargetPort": 8, "Protocol": "tcp"}]},
}
NODE = {
    "ID": "x",
    "Version": {"Index": 3},
    "Spec": {"Role": "manager", "Availability": "active"},
    "Description": {"Hostname": "h", "Resources": {"MemoryBytes": 5, "NanoCPUs": 5}},
    "Status": {"State": "ready", "Addr": "127.0.0.1"},
}
TASK = {
    "ID": "t1" * 8,
    "Version": {"Index": 4},
    "Labels": {"com.docker.stack.namespace": "t"},
    "ServiceID": "s",
    "NodeID": "x",
    "Slot": 1,
    "Spec": {"ContainerSpec": {"Image": "x:1"}},
    "Status": {"State": "running", "ContainerStatus": {"ContainerID": "c", "PID": 1}},
    "DesiredState": "running",
}
OVERLAY = {"Id": "n1", "Name": "n", "Labels": {}, "Scope": "swarm", "Driver": "overlay"}
SMALL = TRUTH | {"/services": [SERVICE], "/nodes": [NODE], "/tasks": [TASK], "/networks": [OVERLAY]}


@pytest.mark.parametrize("reader", READERS)
def test_an_answer_spoilt_anywhere_is_read_or_makes_no_sense(
    reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_inside", lambda *_: None)
    monkeypatch.setattr(health, "_outside", lambda *_: "200")
    (tmp_path / "compose.yml").write_text(COMPOSE)
    stack = stack_file.read([tmp_path / "compose.yml"], {})
    READERS[reader](cast("Engine", Liar(copy.deepcopy(SMALL))), stack)
    for path, truth in SMALL.items():
        for told in each_spoilt(truth):
            with suppress(CcciError):
                READERS[reader](cast("Engine", Liar({**SMALL, path: told})), stack)
