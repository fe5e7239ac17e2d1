"""A Swarm as the tests use it, and the conditions they wait for."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import images

from ccci.process import Finished, run
from ccci.sandbox.place import Sandbox

SANDBOXES = "CCCI_TEST_SANDBOXES"
"""The variable that holds the path with which every folder of this run's sandboxes begins."""

NEED = "The tests on a Swarm need root for the sandbox, or a DOCKER_HOST that is a manager"

_Value = TypeVar("_Value")
_STACK = "com.docker.stack.namespace"


def wait_for(condition: Callable[[], _Value | None], what: str, timeout: float = 60.0) -> _Value:
    """Return the condition's first true value; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {timeout:g} s in vain for {what}"
        time.sleep(0.05)
    return value


@cache
def deploys_detached(docker: str) -> bool:
    """Say whether this docker CLI knows `stack deploy --detach` (from 26.0)."""
    return "--detach" in run((docker, "stack", "deploy", "--help")).stdout


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
        argv = (cli, *arguments)
        return run(argv, env=environment, check=check, timeout=timeout, stdin=stdin)

    def json(self, *arguments: str, node: int = 1) -> Any:
        """Return what docker prints as JSON; several lines of it as a list."""
        text = self.docker(*arguments, node=node).stdout
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.splitlines() if line]

    def service(self, name: str) -> dict[str, Any]:
        """Return a service as the Engine tells it."""
        (found,) = self.json("service", "inspect", name)
        return dict(found)

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Return the service's tasks, the old ones included, as the Engine tells them."""
        listing = self.docker("service", "ps", "--quiet", "--no-trunc", service, check=False)
        ids = listing.stdout.split()
        # One of them may be forgotten between the two calls.
        shown = self.docker("inspect", "--type", "task", *ids, check=False) if ids else None
        return list(json.loads(shown.stdout)) if shown and shown.stdout.strip() else []

    def running(self, service: str) -> list[dict[str, Any]]:
        """Return the service's tasks that run and are meant to."""
        return [
            task
            for task in self.tasks(service)
            if task["Status"]["State"] == "running" and task["DesiredState"] == "running"
        ]

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
        """Remove a stack and wait until nothing of it is left: `stack rm` returns before that."""

        def gone() -> bool:
            # What was asked for while the Engine was busy may have been dropped.
            self.docker("stack", "rm", stack, check=False)
            for number in range(1, len(self.hosts) + 1):
                # Not to wait for the grace period of what ignores SIGTERM.
                for kind, options in (("container", ("--force",)), ("volume", ("--force",))):
                    left = self.left(stack, kind, node=number)
                    if left:
                        self.docker(kind, "rm", *options, *left, node=number, check=False)
            everything = (
                self.left(stack, kind, node=number)
                for kind in ("service", "container", "network", "volume", "secret", "config")
                for number in range(1, len(self.hosts) + 1)
                if number == 1 or kind in {"container", "volume"}
            )
            return not any(everything)

        wait_for(gone, f"the end of stack {stack}", timeout=120)

    def left(self, stack: str, kind: str, node: int = 1) -> list[str]:
        """Return the ids of a stack's services, containers, networks, volumes, … on a node."""
        every = ("--all",) if kind == "container" else ()
        return self.docker(
            kind, "ls", *every, "--quiet", "--filter", f"label={_STACK}={stack}", node=node
        ).stdout.split()


def of_sandbox(sandbox: Sandbox) -> Swarm:
    """Return the sandbox as tests use it, with the base image on every node."""
    swarm = Swarm(tuple(node.host for node in sandbox.nodes), sandbox)
    ensure_base_image(swarm)
    return swarm


def ensure_base_image(swarm: Swarm) -> None:
    """Make the base image where it is not there yet."""
    missing = [
        host
        for number, host in enumerate(swarm.hosts, 1)
        if swarm.docker("image", "inspect", images.BUSYBOX, node=number, check=False).code != 0
    ]
    if missing:
        images.make(missing, images.BUSYBOX)


def is_manager(swarm: Swarm) -> bool:
    """Say whether the Engine answers and is a Swarm manager."""
    finished = swarm.docker("node", "ls", "--quiet", check=False)
    return finished.code == 0 and bool(finished.stdout.strip())


def compose(services: Mapping[str, Mapping[str, Any]], **top: object) -> str:
    """Return a compose file, as JSON (which is YAML); services get the base image and sleep."""
    defaults = {"image": images.BUSYBOX, "command": "sleep 100000", "stop_grace_period": "1s"}
    named = {name: {**defaults, **service} for name, service in services.items()}
    return json.dumps({"version": "3.9", "services": named, **top})


def changes(command: Sequence[str]) -> str:
    """Return the Dockerfile line that makes this an image's command."""
    return f"CMD {json.dumps(list(command))}"
