"""What `docker stack config` says of compose files, and what our reader says, in one form.

`python tests/support/recipes/compose_answers.py NUMBER` asks the docker CLI on PATH about so many
made-up files and records its answers, to be replayed where the CLI at hand is too old to be asked:
before 28.0 it reads YAML in another way, before 23.0 it has no `stack config`. With `older` for the
number, a CLI before 28.0 is asked about the files that it is known to read otherwise.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ccci.compose import Loader, Mount, Port, Service, open_source
from ccci.compose.service import Healthcheck, RestartPolicy, UpdateConfig
from ccci.compose.values import nanoseconds

RECORDED = Path(__file__).parents[2] / "recordings" / "compose" / "docker-cli-28.json"
DIALECTS = RECORDED.with_name("dialects-cli-28.json")
OLDER = RECORDED.with_name("docker-cli-26.json")
_NEW_YAML = 28
"""The major version of the docker CLI from which on it is built with go-yaml v3."""
Answer = dict[str, Any] | None
"""Each service's facts by its name; None where the set is refused."""


@cache
def docker(*, older: bool = False) -> str | None:
    """Return a docker CLI that has `stack config` and today's YAML (or, `older`, not), or None."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which("docker", path=folder)
        if found:
            told = subprocess.run([found, "--version"], capture_output=True, check=False, text=True)
            version = re.search(r"version (\d+)\.", told.stdout)
            if version and (int(version[1]) < _NEW_YAML) == older:
                asked = subprocess.run(
                    [found, "stack", "config", "--help"],
                    capture_output=True,
                    check=False,
                    text=True,
                )
                if asked.returncode == 0 and "stack config" in asked.stdout:
                    return found
    return None


def write(folder: Path, contents: Sequence[str]) -> list[Path]:
    paths = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.yml"
        path.write_bytes(content.encode())
        paths.append(path)
    return paths


def dockers(
    paths: Sequence[Path], variables: Mapping[str, str], *, older: bool = False
) -> tuple[Answer, str]:
    """Return what docker makes of a set, and what it complains of."""
    command = [str(docker(older=older)), "stack", "config"]
    for path in paths:
        command += ["-c", str(path)]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **variables}
    done = subprocess.run(command, capture_output=True, check=False, env=environment, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[0] if done.stderr.strip() else "refused"
    loaded = YAML(typ="safe", pure=True).load(done.stdout)
    return {name: _of_docker(service) for name, service in loaded["services"].items()}, ""


def ours(paths: Sequence[Path], variables: Mapping[str, str]) -> tuple[Answer, str]:
    """Return what our reader makes of a set, and what it complains of."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **variables}
    loaded = Loader(environment).load([open_source(path.name, path) for path in paths])
    if loaded.fault is not None:
        return None, loaded.fault.message
    return {name: _of_ours(service) for name, service in loaded.services.items()}, ""


def _of_docker(service: dict[str, Any]) -> dict[str, Any]:
    deploy = service.get("deploy", {})
    resources = deploy.get("resources", {})
    restart = deploy.get("restart_policy")
    check = service.get("healthcheck")
    return _facts(
        image=service.get("image", ""),
        mode=deploy.get("mode", ""),
        replicas=deploy.get("replicas"),
        update=_docker_update(deploy.get("update_config")),
        rollback=_docker_update(deploy.get("rollback_config")),
        restart=None
        if restart is None
        else [
            restart.get("condition", ""),
            _duration(restart.get("delay")),
            restart.get("max_attempts"),
            _duration(restart.get("window")),
        ],
        health=None
        if check is None
        else [
            check.get("test", []),
            _duration(check.get("interval")),
            _duration(check.get("timeout")),
            check.get("retries"),
            _duration(check.get("start_period")),
            bool(check.get("disable")),
        ],
        grace=_duration(service.get("stop_grace_period")),
        ports=[
            [p.get("target", 0), p.get("published", 0), p.get("protocol", ""), p.get("mode", "")]
            for p in service.get("ports", [])
        ],
        mounts=[
            [m.get("target", ""), _bare(m), m["type"], bool(m.get("read_only"))]
            for m in service.get("volumes", [])
        ],
        networks=list(service.get("networks", {})),
        depends_on=list(service.get("depends_on", [])),
        limit=int((resources.get("limits") or {}).get("memory", 0)),
        reservation=int((resources.get("reservations") or {}).get("memory", 0)),
    )


def _bare(mount: dict[str, Any]) -> str:
    # docker makes the source of a bind absolute; that is no part of a policy.
    source = str(mount.get("source", ""))
    return Path(source).name if mount["type"] == "bind" else source


def _docker_update(config: dict[str, Any] | None) -> list[Any] | None:
    if config is None:
        return None
    return [
        config.get("parallelism"),
        _duration(config.get("delay")) or 0,
        config.get("failure_action", ""),
        _duration(config.get("monitor")) or 0,
        _ratio(config.get("max_failure_ratio", 0)),
        config.get("order", ""),
    ]


def _ratio(value: object) -> float:
    # docker keeps 32 bits of it.
    return float(f"{float(str(value)):.6g}")


def _duration(text: str | None) -> int | None:
    return None if text is None else nanoseconds(text)


def _of_ours(service: Service) -> dict[str, Any]:
    return _facts(
        image=service.image,
        mode=service.mode,
        replicas=service.replicas,
        update=_our_update(service.update),
        rollback=_our_update(service.rollback),
        restart=_our_restart(service.restart_policy),
        health=_our_health(service.healthcheck),
        grace=service.stop_grace_period,
        ports=[_our_port(each) for each in service.ports or ()],
        mounts=[_our_mount(each) for each in service.mounts or ()],
        networks=list(service.networks),
        depends_on=list(service.depends_on),
        limit=service.memory_limit,
        reservation=service.memory_reservation,
    )


def _our_update(config: UpdateConfig | None) -> list[Any] | None:
    if config is None:
        return None
    return [
        config.parallelism,
        config.delay,
        config.failure_action,
        config.monitor,
        _ratio(config.max_failure_ratio),
        config.order,
    ]


def _our_restart(policy: RestartPolicy | None) -> list[Any] | None:
    if policy is None:
        return None
    return [policy.condition, policy.delay, policy.max_attempts, policy.window]


def _our_health(check: Healthcheck | None) -> list[Any] | None:
    if check is None:
        return None
    return [
        list(check.test),
        check.interval,
        check.timeout,
        check.retries,
        check.start_period,
        check.disable,
    ]


def _our_port(port: Port) -> list[Any]:
    return [port.target, port.published, port.protocol, port.mode]


def _our_mount(mount: Mount) -> list[Any]:
    source = Path(mount.source).name if mount.type == "bind" else mount.source
    return [mount.target, source, mount.type, mount.read_only]


def _facts(**facts: Any) -> dict[str, Any]:
    facts["networks"] = sorted(facts["networks"])
    facts["ports"] = sorted(facts["ports"])
    return facts


def record(number: int) -> None:
    """Write docker's answers about so many made-up sets."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from support.recipes.compose_documents import VARIABLES, documents

    kept: list[dict[str, Any]] = []

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(documents(), min_size=1, max_size=2))
    def ask(contents: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            answer, said = dockers(write(Path(folder), contents), VARIABLES)
        kept.append({"files": contents, "answer": answer, "said": said})

    ask()
    RECORDED.parent.mkdir(parents=True, exist_ok=True)
    RECORDED.write_text(
        "[\n" + ",\n".join(json.dumps(each, sort_keys=True) for each in kept) + "\n]\n",
        encoding="utf-8",
    )
    accepted = sum(each["answer"] is not None for each in kept)
    print(f"{len(kept)} sets recorded, {accepted} of them accepted")


def record_dialects() -> None:
    """Write docker's answers about everything that go-yaml and Go read in a way of their own."""
    from support.recipes.compose_dialects import dialects

    kept = []
    for content, variables in dialects():
        with tempfile.TemporaryDirectory() as folder:
            answer, said = dockers(write(Path(folder), [content]), variables)
        kept.append({"file": content, "variables": variables, "answer": answer, "said": said})
    DIALECTS.write_text(
        "[\n" + ",\n".join(json.dumps(each, sort_keys=True) for each in kept) + "\n]\n",
        encoding="utf-8",
    )
    print(f"{len(kept)} dialects, {sum(each['answer'] is not None for each in kept)} accepted")


def record_older() -> None:
    """Write what an older CLI answers to the files that stand in the recording already."""
    entries = json.loads(OLDER.read_text(encoding="utf-8"))
    for each in entries:
        with tempfile.TemporaryDirectory() as folder:
            paths = write(Path(folder), [each["text"]])
            each["answer"], each["said"] = dockers(paths, {}, older=True)
    OLDER.write_text(
        "[\n" + ",\n".join(json.dumps(each, sort_keys=True) for each in entries) + "\n]\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else "200"
    if given == "older":
        record_older()
    else:
        record_dialects()
        record(int(given))
