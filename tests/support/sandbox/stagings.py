"""Rollouts staged on a real Swarm: what is deployed, what ccci says of it, and the recording.

`pytest --record` keeps the trace of each staging that has a name in `tests/recordings/rollouts/`,
so that it is judged again without Docker.
"""

import json
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import forked
from support.documents import checked
from support.sandbox.swarms import SEES_IT_FAIL, Swarm, compose, deploys_detached, wait_for

from ccci.exits import Verdict
from ccci.swarm.watching import recording

RECORDINGS = Path(__file__).parents[2] / "recordings" / "rollouts"
QUICK = {"condition": "any", "delay": "200ms"}


def app(command: str = "sleep 100000", /, **changes: Any) -> dict[str, Any]:
    """Return a service that runs this shell command; `update` and `restart` are its policies."""
    update = {
        "failure_action": "rollback",
        "order": "start-first",
        "monitor": "2s",
        **changes.pop("update", {}),
    }
    deploy = {
        "replicas": 1,
        "restart_policy": changes.pop("restart", QUICK),
        "update_config": {key: value for key, value in update.items() if value is not None},
        "rollback_config": changes.pop("rollback", {"monitor": "1s", "order": "start-first"}),
        **changes.pop("deploy", {}),
    }
    if deploy.get("mode") == "global":
        del deploy["replicas"]
    escaped = command.replace("$", "$$")  # compose interpolates
    return {"command": ["sh", "-c", escaped], "deploy": deploy, **changes}


def failing(command: str = "exit 1", /, **changes: Any) -> dict[str, Any]:
    """Return an `app` that Swarm's update sees fail."""
    update = {"monitor": SEES_IT_FAIL, **changes.pop("update", {})}
    return app(command, update=update, **changes)


def check(test: str, **changes: Any) -> dict[str, Any]:
    """Return a quick health check of this shell command."""
    quick = {"interval": "500ms", "timeout": "3s", "retries": 2, "start_period": "0s"}
    return {"test": ["CMD-SHELL", test], **quick, **changes}


@dataclass(frozen=True, slots=True)
class Told:
    """What ccci said: its exit code, its report, and what it wrote beside it."""

    code: int
    report: dict[str, Any]
    errors: str
    seconds: float

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.report["verdict"])

    def service(self, name: str = "app") -> dict[str, Any]:
        return next(dict(each) for each in self.report["services"] if each["name"] == name)

    def cause(self, name: str = "app") -> str | None:
        cause = self.service(name)["cause"]
        return cause["code"] if cause else None

    def states(self, name: str = "app") -> list[str]:
        return [each["state"] for each in self.service(name)["transitions"]]

    def as_expected(self, verdict: Verdict, cause: str | None = None, name: str = "app") -> None:
        """Fail, with the whole story, unless verdict, exit code and cause are these."""
        story = json.dumps(self.report, indent=1) + self.errors
        assert (self.verdict, self.code) == (verdict, verdict.exit_code), story
        if verdict.passed or cause:
            assert self.cause(name) == cause, story


@dataclass(slots=True)
class Stage:
    """One stack on a Swarm, and ccci run on it."""

    swarm: Swarm
    stack: str
    folder: Path
    record: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def full(self, name: str = "app") -> str:
        return f"{self.stack}_{name}"

    def base(self, running: bool = True, **services: Mapping[str, Any]) -> None:
        """Deploy these services and wait until all of them run and no update is under way."""
        self.swarm.deploy(self.stack, compose(services))
        for name, service in services.items():
            if running:
                self.swarm.wait_running(self.full(name), service["deploy"].get("replicas", 1))

    def write(self, services: Mapping[str, Any], name: str = "head", **top: Any) -> str:
        """Write a compose file and return the shell words that deploy it."""
        (self.folder / f"{name}.json").write_text(compose(services, **top), encoding="utf-8")
        detach = " --detach=true" if deploys_detached("docker") else ""
        options = f"--resolve-image=never{detach}"
        return f"docker stack deploy {options} -c {name}.json {self.stack}"

    def status(self, name: str = "app") -> str | None:
        """Return the service's update state, as Swarm tells it now."""
        return self.swarm.update_state(self.full(name))

    def wait_status(self, state: str, name: str = "app", timeout: float = 30.0) -> None:
        self.swarm.wait_update(self.full(name), state, timeout=timeout)

    def wait_seen(self, state: str, timeout: float = 30.0) -> None:
        """Wait until a `converge` that runs meanwhile has looked and seen an update's state."""
        trace = self.folder / "trace.jsonl"
        said = f'"{state}"'
        wait_for(
            lambda: trace.exists() and said in trace.read_text(), f"{said} to be seen", timeout
        )

    def redeploy(self, name: str = "head", services: Mapping[str, Any] | None = None) -> None:
        """Deploy again, as somebody else would."""
        text = compose(services) if services else (self.folder / f"{name}.json").read_text()
        self.swarm.deploy(self.stack, text)

    def roll(self, *options: str, **more: Any) -> Told:
        """Deploy the services given as keywords under `ccci converge`, and return what it says."""
        keep = more.pop("keep", None)
        during = more.pop("during", None)
        top = more.pop("top", {})
        shell = self.write(more, **top)
        return self.converge(shell, *options, keep=keep, during=during)

    def converge(
        self,
        shell: str | None,
        *options: str,
        keep: str | None = None,
        during: Callable[[], None] | None = None,
        stop: signal.Signals | None = None,
        timeout: float = 150.0,
    ) -> Told:
        """Run `ccci converge`, with COMMAND as a shell script; `during` happens meanwhile."""
        trace = self.folder / f"{keep or 'trace'}.jsonl"
        words = ["--json", "converge", self.stack, *options, "--trace", str(trace)]
        words += ["--", "sh", "-c", shell] if shell else []
        begun = time.monotonic()
        environment = {**self.swarm.environment, **self.environment, "PYTHONUNBUFFERED": "1"}
        with forked.start(words, environment, self.folder) as process:
            if during is not None:
                during()
            if stop is not None:
                process.send_signal(stop)
            out, errors = process.communicate(timeout)
        took = time.monotonic() - begun
        assert "Traceback" not in errors, errors
        told = Told(process.wait(0), checked(json.loads(out)), errors, took)
        if trace.exists() and (end := recording.ending(trace)) is not None:
            *_, (_, rollout) = recording.replay(trace)
            assert (end.verdict, rollout.verdict) == (told.verdict, end.judged), out + errors
        if self.record and keep:
            RECORDINGS.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(trace, RECORDINGS / f"{keep}.jsonl")
        return told
