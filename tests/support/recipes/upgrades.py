"""Recipes that end in a chosen way, and `ccci` run on them as a user would run it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.documents import checked
from support.recipes.abra_stand_in import GIVEN, STAND_IN
from support.recipes.repositories import commit, make_repository
from support.sandbox.engine_faults import not_the_engines_fault
from support.sandbox.images import BUSYBOX
from support.sandbox.swarms import SEES_IT_FAIL, Swarm

BASE = "0.7.0+3.3.1"
FINE = "echo serving; exec sleep 100000"
NEW = "echo new; exec sleep 100000"
CRASH = "echo about to crash; exit 3"
WEB = "mkdir -p /tmp/w/srv && echo ok >/tmp/w/srv/status && exec httpd -f -p 80 -h /tmp/w"

OWN_NETWORK = {"networks": "[internal]", "network": "  internal:"}
"""For a recipe that is to have an overlay of its own. The others are on the bridge of their node: a
container there costs dockerd a third less CPU than on an overlay that stands (0.28 and 0.37 to 0.45
s, on engine 20.10), and most tests are about no network."""

EACH = pytest.mark.parametrize("deployer", ["stack", "abra"])
"""For tests that hold through either deployer."""

_TIME = re.compile(r"^ *\d+:\d\d  ")

COMPOSE = """\
version: "3.8"
services:
  app:
    image: {image}
    command: ["sh", "-c", {command}]
    stop_grace_period: 1s
    secrets: [db_password]
    configs: [{{source: entry, target: /entry.sh}}]
    networks: {networks}
    deploy:
      restart_policy: {{delay: 500ms}}
      update_config:
        {{failure_action: {action}, parallelism: 0, order: {order}, monitor: {monitor}}}
      rollback_config: {{order: {order}, monitor: {back}}}
      labels:
        - "coop-cloud.${{STACK_NAME}}.version={version}"
{more}
  db:
    image: ccci-test/busybox:latest
    command: sleep 100000
    stop_grace_period: 1s
    volumes: ["data:/data"]
    networks: [proxy]
{services}
volumes:
  data:
networks:
  proxy: {{external: true, name: bridge}}
{network}
secrets:
  db_password:
    external: true
    name: ${{STACK_NAME}}_db_password_${{SECRET_DB_PASSWORD_VERSION}}
configs:
  entry:
    name: ${{STACK_NAME}}_entry_${{ENTRY_VERSION}}
    file: entry.sh
"""
SAMPLE = """\
TYPE=shop
DOMAIN=shop.example.com
SECRET_DB_PASSWORD_VERSION=v1 # length=24
"""


def files(
    command: str = FINE,
    *,
    version: str = "0.9.0+3.5.0",
    action: str = "rollback",
    order: str = "start-first",
    monitor: str = "1s",
    back: str = "500ms",
    image: str = BUSYBOX,
    more: str = "",
    services: str = "",
    networks: str = "[proxy]",
    network: str = "",
    entry: str = "echo one",
    entry_version: str = "v1",
) -> dict[str, str]:
    compose = COMPOSE.format(
        command=json.dumps(command),
        version=version,
        action=action,
        order=order,
        monitor=monitor,
        back=back,
        image=image,
        more=more,
        services=services,
        networks=networks,
        network=network,
    )
    return {
        "compose.yml": compose,
        ".env.sample": SAMPLE,
        "abra.sh": f"export ENTRY_VERSION={entry_version}\n",
        "entry.sh": entry,
    }


def crashing(**changes: str) -> dict[str, str]:
    """Return a head whose crash Swarm's update sees."""
    return files(CRASH, **{"monitor": SEES_IT_FAIL, **changes})


def with_labels(recipe: dict[str, str], *labels: str) -> dict[str, str]:
    """Return a recipe whose `app` carries these labels, too."""
    lines = "".join(f'        - "{each}"\n' for each in labels)
    compose = recipe["compose.yml"].replace("      labels:\n", f"      labels:\n{lines}", 1)
    return {**recipe, "compose.yml": compose}


ROUTED = "traefik.http.services.shop.loadbalancer.server.port=80"
"""What tells traefik, and so ccci, at which port the app answers."""


def make_recipe(
    folder: Path, head: Mapping[str, str] | None, base: Mapping[str, str] | None = None
) -> str:
    """Make the recipe with a release and, on top of it, a head; return the head's commit."""
    make_repository(folder)
    released = dict(base or files(version=BASE))
    made = commit(folder, released, "release", tag=BASE)
    return commit(folder, dict(head), "head") if head is not None else made


@dataclass(frozen=True, slots=True)
class Ended:
    """A run of ccci that ended: its exit code, its report, and what it said on standard error."""

    code: int
    report: dict[str, Any]
    said: str

    @property
    def steps(self) -> dict[str, str]:
        """Return each step's status."""
        return {step["name"]: step["status"] for step in self.report["steps"]}

    def service(self, name: str) -> dict[str, Any]:
        """Return a service of the report."""
        return next(dict(each) for each in self.report["services"] if each["name"] == name)


@dataclass(frozen=True, slots=True)
class Ccci:
    """ccci on a Swarm, with a home and a folder of runs of its own, through one deployer."""

    swarm: Swarm
    home: Path
    deployer: str = "stack"
    beside: bool = False
    """Whether it runs on the Swarm's own network, as where no sandbox is between them."""
    stacks: set[str] = field(default_factory=set)
    """Those that its runs told of."""

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment that it runs in."""
        kept = {
            key: value
            for key, value in self.swarm.environment.items()
            if not key.startswith(("CCCI_", "DRONE_", "CI_", "PLUGIN_", "ABRA_"))
        }
        found = {
            **kept,
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "PYTHONUNBUFFERED": "1",
        }
        if self.deployer == "abra":
            folder = Path(GIVEN).parent if GIVEN else STAND_IN.parent
            found["PATH"] = f"{folder}:{found['PATH']}"
            found["STAND_IN_ABRA_RESOLVE_IMAGE"] = "never"
        return {**found, **(more or {})}

    def words(self, *words: str) -> list[str]:
        """Return all of ccci's words for these."""
        ours = ["--deployer", self.deployer, "--resolve-image", "never", "--soak", "1s"]
        more = ours if words[0] in {"deploy", "upgrade"} else []
        return ["--json", "-v", words[0], *more, *words[1:]]

    def argv(self, *words: str) -> list[str]:
        """Return the command line for these words."""
        sandbox = self.swarm.sandbox if self.beside else None
        inside = ("nsenter", f"--net=/run/netns/{sandbox.nodes[0].namespace}") if sandbox else ()
        return [*inside, sys.executable, "-m", "ccci", *self.words(*words)]

    def _started(
        self, words: Sequence[str], environment: Mapping[str, str]
    ) -> "forked.Forked | subprocess.Popen[str]":
        if not self.beside:
            return forked.start(self.words(*words), environment, self.home)
        return subprocess.Popen(
            self.argv(*words),
            env=environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run it to its end."""
        return self.meanwhile((), lambda _: None, *words, env=env)

    def until(
        self, marker: str, number: int, *words: str, env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run it; send it a signal when a line of its standard error begins with `marker`."""
        return self.meanwhile((marker,), lambda pid: os.kill(pid, number), *words, env=env)

    def meanwhile(
        self,
        markers: Sequence[str],
        act: Callable[[int], object],
        *words: str,
        env: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run it; call `act` with its process id once its standard error has said each marker.

        In their order, each the beginning of a line, its time left out.
        """
        process = self._started(words, self.environment(env))
        said: list[str] = []
        ahead = list(markers)
        assert process.stderr
        assert process.stdout
        stderr, stdout = process.stderr, process.stdout

        def listen() -> None:
            for line in stderr:
                said.append(line)
                if ahead and _TIME.sub("", line).startswith(ahead[0]):
                    ahead.pop(0)
                    if not ahead:
                        act(process.pid)

        reader = threading.Thread(target=listen)
        reader.start()
        try:
            printed = stdout.read()
            code = process.wait(240)
        finally:
            process.kill()
            reader.join(10)
            stderr.close()
            stdout.close()
        text = "".join(said)
        assert "Traceback" not in text, text
        not_the_engines_fault(text)
        assert printed.strip(), text
        assert not ahead, f"it never said {ahead[0]!r}: {text}"
        report = checked(json.loads(printed))
        self.stacks.update(filter(None, (report.get("stack"),)))
        return Ended(code, report, text)

    def left(self, stack: str | None) -> list[str]:
        """Return everything that is there of a stack, on the swarm and in our folders."""
        found = self.files()
        if stack is None:
            return found
        for kind in ("service", "network", "volume", "secret", "config"):
            names = self.swarm.names(kind)
            found += [f"{kind} {name}" for name in names if name.startswith(f"{stack}_")]
        found += [f"container {each}" for each in self.swarm.left(stack, "container")]
        return found + [f"lock {name}" for name in self.swarm.names("config") if stack in name]

    def files(self) -> list[str]:
        """Return the app's files and the checkouts that are left."""
        found: Sequence[Path] = [
            *self.home.glob("**/*.env"),
            *(path for path in self.home.glob("**/recipes/*") if "/.abra/" not in str(path)),
        ]
        return [str(path) for path in found]


TERM = signal.SIGTERM
INT = signal.SIGINT
