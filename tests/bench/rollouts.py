"""The same rollouts, watched by the docker CLI and by ccci in turn, through a counting proxy."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from support.sandbox.swarms import Swarm, compose, wait_for

from bench.observer import TERMINAL, Observer
from bench.processes import Measured, measure
from bench.proxy import CountingProxy

QUIET_SECONDS = 65
PATIENCE = 100.0
"""Seconds that a client has; docker waits for a stack's services one after the other, 5 s each."""
# The clock of /proc/uptime is the monotonic one, as long as the machine does not sleep.
_NOTE_THE_END = '"$@"; code=$?; read -r up idle < /proc/uptime; echo "$up" > "$0"; exit $code'
_SETTLED = 7.0  # seconds after a change in which ccci looks once a second (design section 10)
_APP = "app0"


@dataclass(frozen=True, slots=True)
class Watched:
    """One rollout as one client saw it; times are monotonic seconds."""

    client: Measured
    terminal: float
    quiet_requests: int
    quiet_seconds: float
    requests: int
    soak: float
    decided: float | None
    """When ccci's report was made; None of docker, which makes none."""

    @property
    def decision(self) -> float:
        """Return seconds from Swarm's terminal event to the verdict, the soak left out."""
        return (self.decided or self.client.ended) - self.terminal - self.soak

    @property
    def lag(self) -> float:
        """Return seconds from Swarm's terminal event to the exit; negative: it did not wait.

        From the end of COMMAND, where that was later: with many services it is.
        """
        return self.client.ended - self.terminal

    @property
    def gave_up(self) -> bool:
        """Say whether we ended it, as it had not ended in time."""
        return self.client.code < 0

    @property
    def rate(self) -> float:
        """Return the requests a second while nothing changed."""
        return self.quiet_requests / self.quiet_seconds if self.quiet_seconds > 0 else 0.0


class _Reported(TypedDict):
    soak: float
    decided: float | None


class Stage:
    """A stack of so many services, of which one rolls; the others only stand there."""

    def __init__(self, swarm: Swarm, services: int, folder: Path) -> None:
        self.swarm = swarm
        self.stack = f"bench{services}"
        self.app = f"{self.stack}_{_APP}"
        self._services = services
        self._folder = folder
        self._revision = 0

    def compose(self, kind: str) -> Path:
        """Write the compose file of the next revision: `good`, `crash` or `slow`."""
        self._revision += 1
        idle = {"command": "sleep 100000", "stop_signal": "SIGKILL"}
        services: dict[str, dict[str, object]] = {
            f"app{number}": dict(idle) for number in range(self._services)
        }
        script = {
            "good": "exec sleep 100000",
            "crash": "exit 3",
            "slow": f"sleep {QUIET_SECONDS}; touch /tmp/ok; exec sleep 100000",
        }[kind]
        app: dict[str, object] = {
            "command": ["sh", "-c", script],
            "environment": {"REVISION": str(self._revision)},
            "deploy": {
                "update_config": {
                    "failure_action": "rollback",
                    "order": "start-first",
                    "monitor": "2s",
                }
            },
        }
        if kind == "slow":
            app["healthcheck"] = {
                "test": ["CMD", "test", "-f", "/tmp/ok"],
                "interval": "1s",
                "timeout": "1s",
                "start_period": "120s",
            }
        services[_APP] = {**services[_APP], **app}
        file = self._folder / f"{self.stack}-{self._revision}.json"
        file.write_text(compose(services))
        return file

    def settle(self) -> None:
        """Deploy a good revision and wait until all of it runs and no update goes on."""
        self.swarm.deploy(self.stack, self.compose("good").read_text(), timeout=300)

        def settled() -> bool:
            listing = self.swarm.docker(
                "service",
                "ls",
                "--filter",
                f"label=com.docker.stack.namespace={self.stack}",
                "--format",
                "{{.Replicas}}",
            ).stdout.split()
            state = self.swarm.service(self.app).get("UpdateStatus", {}).get("State")
            return listing == ["1/1"] * self._services and state in {None, "completed"}

        wait_for(settled, f"{self.stack} to settle", timeout=600)

    def watch(self, client: str, kind: str) -> Watched:
        """Let a client (`docker` or `ccci`) deploy the next revision and watch it."""
        assert self.swarm.sandbox is not None
        engine = self.swarm.sandbox.nodes[0].socket
        file, over = self.compose(kind), self._folder / "over"
        over.write_text("0")
        deploy = ["docker", "stack", "deploy", "--resolve-image=never", "-c", str(file)]
        with (
            Observer(engine) as observer,
            CountingProxy(self._folder / "proxy.sock", engine) as proxy,
        ):
            environment = {**self.swarm.environment, "DOCKER_HOST": proxy.host}
            if client == "docker":
                argv = [*deploy, "--detach=false", self.stack]
            else:
                # COMMAND goes straight to the Engine: its own requests are not counted.
                straight = f"export DOCKER_HOST={self.swarm.host}; {_NOTE_THE_END}"
                command = ["sh", "-c", straight, str(over), *deploy, "--detach=true", self.stack]
                ccci = [sys.executable, "-m", "ccci", "--json", "converge", self.stack]
                argv = [*ccci, "--", *command]
            measured = measure(argv, environment, PATIENCE)

            def ended() -> float | None:
                return observer.first(self.app, TERMINAL, measured.began)

            terminal = wait_for(ended, f"the end of the rollout of {self.app}", timeout=120)
            assert terminal is not None
            # A stack is not judged while it is still being deployed.
            terminal = max(terminal, float(over.read_text()))
            begun = observer.first(self.app, {"updating"}, measured.began) or terminal
            quiet = (begun + _SETTLED, min(terminal, measured.ended) - 1)
            return Watched(
                client=measured,
                terminal=terminal,
                quiet_requests=len(proxy.between(*quiet)),
                quiet_seconds=max(0.0, quiet[1] - quiet[0]),
                requests=len(proxy.requests),
                **_reported(measured, client),
            )


def _reported(measured: Measured, client: str) -> _Reported:
    if client != "ccci" or not measured.stdout:
        return {"soak": 0.0, "decided": None}
    report = json.loads(measured.stdout)
    soaks = [service.get("soak") or 0.0 for service in report["services"]]
    made = datetime.fromisoformat(report["finished_at"]).timestamp()
    return {
        "soak": max(soaks, default=0.0) if measured.code == 0 else 0.0,
        "decided": made - time.time() + time.monotonic(),
    }


@contextmanager
def stage(swarm: Swarm, services: int) -> Iterator[Stage]:
    """Give a settled stack of so many services, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="ccci-b-", dir="/tmp") as folder:
        made = Stage(swarm, services, Path(folder))
        try:
            made.settle()
            yield made
        finally:
            swarm.remove(made.stack)
