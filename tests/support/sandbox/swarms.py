"""A Swarm as the tests use it, and the conditions they wait for."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

from support.sandbox import images

from ccci.errors import EngineError
from ccci.host.process import Finished, run
from ccci.removal.jobs import is_at_work
from ccci.sandbox.layout import Sandbox
from ccci.swarm.decode.tasks import TaskEntry
from ccci.swarm.engine.client import Engine

SANDBOXES = "CCCI_TEST_SANDBOXES"
"""The variable that holds the path with which every folder of this run's sandboxes begins."""

NOBODYS_ID = 65534
NOBODY = (
    *("setpriv", f"--reuid={NOBODYS_ID}", f"--regid={NOBODYS_ID}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""The words before a command that run it as a user who may read and enter everything, our checkout
below a folder of root's own included, and who may write to nothing of others: no socket, too."""

NEED = "The tests on a Swarm need root for the sandbox, or a DOCKER_HOST that is a manager"

_OF_THE_SWARM = ("service", "secret", "config", "network")
_OF_A_NODE = ("container", "volume")
KINDS = (*_OF_THE_SWARM, *_OF_A_NODE)
"""What a stack can leave behind."""

_Value = TypeVar("_Value")
_STACK = "com.docker.stack.namespace"
_ASK_AGAIN = 2.0
SEES_IT_FAIL = "30s"
"""An update's `monitor` where Swarm is to see a task fail, on a slow machine as well.

A failure counts within it alone, from the task's start on. It costs no time where the first failure
ends the update.
"""
SHARED_NETWORK = "ccci-test-proxy"
"""An overlay that is there, as the one of a traefik is: one of its own costs a stack twice the
CPU of dockerd that this does, and a second more until its tasks run."""
_NODE_NETWORK = "host"


def wait_for(
    condition: Callable[[], _Value | None], what: str, timeout: float = 60.0, *, every: float = 0.1
) -> _Value:
    """Return the condition's first true value, asked `every` so often; fail after `timeout`."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {timeout:g} s in vain for {what}"
        time.sleep(every)
    return value


@cache
def _engine(host: str, _thread: int) -> Engine:
    """Return a thread's own connection to an Engine, which opens again where it was lost."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    return Engine.connect(timeout=60.0, environ={**kept, "DOCKER_HOST": host})


@cache
def _help(docker: str, verb: str) -> str:
    # Not that of `docker_cli`, which takes a CLI that is not there for one that knows nothing.
    return run((docker, "stack", verb, "--help"), check=False).stdout


def deploys_detached(docker: str) -> bool:
    """Say whether this docker CLI knows `stack deploy --detach` (from 26.0)."""
    return "--detach" in _help(docker, "deploy")


def takes_jobs(docker: str) -> bool:
    """Say whether this docker CLI takes a job in a compose file, and has `stack config` (23.0)."""
    return "--skip-interpolation" in _help(docker, "config")


@dataclass(frozen=True, slots=True)
class Swarm:
    """A Swarm to test on: `hosts` are its Engines as DOCKER_HOST names them, a manager first.

    `sandbox` is None where the Swarm is the one that DOCKER_HOST named, and then only that manager
    is known.
    """

    hosts: tuple[str, ...]
    sandbox: Sandbox | None = None

    @property
    def host(self) -> str:
        """Return the DOCKER_HOST of the first manager."""
        return self.hosts[0]

    @property
    def environment(self) -> dict[str, str]:
        """Return a whole environment in which docker and ccci use this Swarm, and no other."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        return {**kept, "DOCKER_HOST": self.host}

    def docker(
        self,
        *arguments: str,
        node: int = 1,
        check: bool = True,
        timeout: float = 60.0,
        stdin: str | None = None,
        cli: str = "docker",
    ) -> Finished:
        """Run the docker CLI against a node, the first manager unless said otherwise."""
        environment = {**self.environment, "DOCKER_HOST": self.hosts[node - 1]}
        fed = ("sh", "-c", 'printf %s "$0" | "$@"', stdin) if stdin is not None else ()
        argv = (*fed, cli, *arguments)
        return run(argv, env=environment, check=check, timeout=timeout)

    def ask(self, path: str, node: int = 1, **filters: str) -> Any:
        """Return what a node's Engine answers to GET, of containers those that ended as well.

        For what is asked again and again: a docker CLI for each question, or a connection, would
        take most of the machine while tests wait.
        """
        params = {"filters": {name: [each] for name, each in filters.items()}, "all": True}
        return _engine(self.hosts[node - 1], threading.get_ident()).get(path, params=params)

    def json(self, *arguments: str, node: int = 1) -> Any:
        """Return what docker prints as JSON; several lines of it as a list."""
        text = self.docker(*arguments, node=node).stdout
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.splitlines() if line]

    def service(self, name: str) -> dict[str, Any]:
        """Return a service as the Engine tells it."""
        return dict(self.ask(f"/services/{quote(name, safe='')}"))

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Return the service's tasks, the old ones included: by slot, the newest first."""
        found: list[dict[str, Any]] = []
        with suppress(EngineError):  # there is no such service
            found = self.ask("/tasks", service=service)
        newest = sorted(found, key=lambda task: str(task["CreatedAt"]).rstrip("Z"), reverse=True)
        return sorted(newest, key=lambda task: (task.get("Slot", 0), task.get("NodeID", "")))

    def states(self, service: str) -> list[str]:
        """Return the states of the service's tasks, in the order of `tasks`."""
        return [task["Status"]["State"] for task in self.tasks(service)]

    def running(self, service: str) -> list[dict[str, Any]]:
        """Return the service's tasks that run and are meant to."""
        return [
            task
            for task in self.tasks(service)
            if task["Status"]["State"] == "running" and task["DesiredState"] == "running"
        ]

    def update_state(self, service: str) -> str | None:
        """Return the state of the service's update, as Swarm tells it now."""
        state = (self.service(service).get("UpdateStatus") or {}).get("State")
        return None if state is None else str(state)

    def wait_update(self, service: str, *states: str, timeout: float = 60.0) -> str:
        """Wait until the service's update has one of these states, and return that."""

        def reached() -> str | None:
            state = self.update_state(service)
            return state if state in states else None

        wanted = " or ".join(states)
        return wait_for(reached, f"the update of {service} to be {wanted}", timeout)

    def image(self, name: str, *changes: str, files: Mapping[str, str] | None = None) -> str:
        """Make an image of busybox, the changes (lines of a Dockerfile) and files, on all nodes."""
        return images.make(self.hosts, name, changes, files)

    def deploy(
        self,
        stack: str,
        compose: str,
        *options: str,
        check: bool = True,
        cli: str = "docker",
        timeout: float = 60.0,
    ) -> Finished:
        """Deploy a compose file, given as text, without waiting for what comes of it."""
        detached = ("--detach=true",) if deploys_detached(cli) else ()
        argv = ("stack", "deploy", "--resolve-image=never", *detached, *options, "-c", "-", stack)
        return self.docker(*argv, check=check, cli=cli, timeout=timeout, stdin=compose)

    def wait_running(self, service: str, count: int = 1, timeout: float = 60.0) -> None:
        """Wait until so many tasks of the service run."""
        wait_for(
            lambda: len(self.running(service)) >= count, f"{count} tasks of {service}", timeout
        )

    def remove(self, stack: str) -> None:
        """Remove a stack and wait until nothing of it is left.

        By the Engine and not by the docker CLI: it is called in a thread of its own, whatever the
        test that runs meanwhile has made of our environment.
        """
        asked_at = -_ASK_AGAIN
        left: list[str] = []

        def gone() -> bool:
            nonlocal asked_at
            if time.monotonic() - asked_at >= _ASK_AGAIN:
                # What was asked for while the Engine was busy may have been dropped.
                for kind in _OF_THE_SWARM:
                    self._delete(kind, self.left(stack, kind))
                asked_at = time.monotonic()
            left[:] = self._first_left(stack)
            return not left

        try:
            wait_for(gone, f"the end of stack {stack}", timeout=120, every=0.4)
        except AssertionError as error:
            raise AssertionError(f"{error}: {left}") from None

    def _first_left(self, stack: str) -> list[str]:
        """Return what is left of a kind whose end the other kinds wait for, or of a later one."""
        # A task that is on its way makes its container, and its volumes, a moment later.
        found = [f"task {each}" for each in self.at_work(stack)]
        for number in range(1, len(self.hosts) + 1):
            # Not to wait for what Swarm gives a task before it ends it.
            containers = self.left(stack, "container", node=number)
            self._delete("container", containers, number)
            found += [f"container {each}" for each in containers]
        if found:
            return found
        for number in range(1, len(self.hosts) + 1):
            if volumes := self.left(stack, "volume", node=number):
                self._delete("volume", volumes, number)
                return [f"volume {each}" for each in volumes]
        return [f"{kind} {each}" for kind in _OF_THE_SWARM for each in self.left(stack, kind)]

    def _delete(self, kind: str, found: Sequence[str], node: int = 1) -> None:
        """Ask a node to remove these; what it refuses, or knows no more, is asked for again."""
        engine = _engine(self.hosts[node - 1], threading.get_ident())
        params = {"force": True} if kind in _OF_A_NODE else None
        for each in found:
            with suppress(EngineError):
                engine.delete(f"/{kind}s/{quote(each, safe='')}", params=params)

    def at_work(self, stack: str) -> list[str]:
        """Return the ids of a stack's tasks that Swarm, or a node, has something to do for.

        Those of a job outlive their service, in the state in which it was removed (seen on 20.10).
        """
        tasks = self.listed("task", label=f"{_STACK}={stack}")
        return [str(task["ID"]) for task in tasks if is_at_work(TaskEntry(task))]

    def left(self, stack: str, kind: str, node: int = 1) -> list[str]:
        """Return the ids of a stack's services, containers, networks, volumes, … on a node."""
        return [
            str(each.get("ID") or each.get("Id") or each["Name"])
            for each in self.listed(kind, node=node, label=f"{_STACK}={stack}")
        ]

    def listed(self, kind: str, node: int = 1, **filters: str) -> list[dict[str, Any]]:
        """Return what there is of a kind on a node, ended containers too."""
        found = self.ask(
            "/containers/json" if kind == "container" else f"/{kind}s", node, **filters
        )
        return list((found["Volumes"] or ()) if kind == "volume" else found)

    def names(self, kind: str) -> list[str]:
        """Return the names, sorted, of what there is of a kind on the first node."""
        found = self.listed(kind)
        if kind == "container":
            return sorted(str(each["Names"][0]).removeprefix("/") for each in found)
        return sorted(str((each.get("Spec") or each)["Name"]) for each in found)


def of_sandbox(sandbox: Sandbox) -> Swarm:
    """Return the sandbox as tests use it, with the base image on every node."""
    swarm = Swarm(tuple(node.host for node in sandbox.nodes), sandbox)
    prepare(swarm)
    return swarm


def prepare(swarm: Swarm) -> None:
    """Make the base image, and the network that recipes share, where they are not there yet."""
    missing = [
        host
        for number, host in enumerate(swarm.hosts, 1)
        if swarm.docker("image", "inspect", images.BUSYBOX, node=number, check=False).code != 0
    ]
    if missing:
        images.make(missing, images.BUSYBOX)
    if SHARED_NETWORK not in swarm.names("network"):
        # Another worker may have made it meanwhile.
        swarm.docker("network", "create", "--driver=overlay", SHARED_NETWORK, check=False)


def is_manager(swarm: Swarm) -> bool:
    """Say whether the Engine answers and is a Swarm manager."""
    finished = swarm.docker("node", "ls", "--quiet", check=False)
    return finished.code == 0 and bool(finished.stdout.strip())


def compose(services: Mapping[str, Mapping[str, Any]], **top: Any) -> str:
    """Return a compose file, as JSON (which is YAML); services get the base image and sleep.

    A service that says nothing of networks or ports shares its node's: an overlay costs dockerd
    0.8 s of CPU for each deploy (measured on engine 20.10), and most tests are about none.
    """
    defaults = {"image": images.BUSYBOX, "command": "sleep 100000", "stop_grace_period": "1s"}
    named = {name: {**defaults, **service} for name, service in services.items()}
    for service in named.values():
        if not service.keys() & {"networks", "ports"} and "endpoint_mode" not in service.get(
            "deploy", {}
        ):
            service["networks"] = [_NODE_NETWORK]
            top["networks"] = {_NODE_NETWORK: {"external": True}, **top.get("networks", {})}
    return json.dumps({"version": "3.9", "services": named, **top})


def changes(command: Sequence[str]) -> str:
    """Return the Dockerfile line that makes this an image's command."""
    return f"CMD {json.dumps(list(command))}"
