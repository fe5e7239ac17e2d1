"""`python -m demo`: what docker says of a change that Swarm rolls back, and what ccci says."""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from ccci.errors import CcciError, Interrupted
from ccci.host import clock
from ccci.host.process import Finished, Running, environment, run
from ccci.host.surroundings import Surroundings
from ccci.sandbox import image
from ccci.sandbox import lifecycle as life
from ccci.sandbox.layout import Sandbox
from demo import recipe
from demo.recipe import Recipe

_STACK = "plain"
_APP = f"{_STACK}_app"


class Unexpected(Exception):  # noqa: N818 -- reads as what happened
    """An outcome that the demo promises did not come."""


def main() -> int:
    """Play the four acts; return 0 when each ended as it has to."""
    started = clock.monotonic()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="ccci-demo-", dir="/tmp"))
    try:
        with _swarm(folder) as host:
            _play(recipe.make(folder / "discourse"), folder, host)
    except Unexpected as wrong:
        _say(f"\nThe demo FAILED: {wrong}")
        return 1
    except CcciError as error:
        _say(f"\nThe demo cannot run: {error.message}\n{error.hint}")
        return error.exit_code
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _say(f"\nThe demo ended as it should, and removed all it made, in {_since(started):.0f} s.")
    return 0


def _play(made: Recipe, folder: Path, host: str) -> None:
    env = {**environment(), "DOCKER_HOST": host, "CCCI_RUNS_DIR": str(folder / "runs")}
    env.pop("DOCKER_CONTEXT", None)
    _say(
        "\nA recipe like Discourse's: app and database, start-first, failure_action: rollback.\n"
        f"  release 0.7.0+3.3.1  commit {made.base[:8]}\n"
        f"  head A               commit {made.hungry[:8]}  needs more memory than its limit\n"
        f"  head B               commit {made.single[:8]}  the limit raised; fits once, not twice"
    )
    _act("1. What ccci plan says of the upgrade to head A, before anything is deployed")
    _plan(made, env)
    _act("2. What docker stack deploy says of it")
    code = _plain_docker(made, env)
    _act("3. What ccci says of the very same change")
    report = _ccci(made, made.hungry, 10, folder / "A", env)
    _expect_rollback(report, made)
    _say(f"\n  docker stack deploy: exit {code}    ccci upgrade: exit 10")
    _act("4. Head B only lacks room for two: the overlay says order: stop-first")
    overlays = folder / "overlays"
    (overlays / "discourse").mkdir(parents=True)
    (overlays / "discourse" / "compose.ccci.yml").write_text(recipe.OVERLAY, encoding="utf-8")
    report = _ccci(made, made.single, 0, folder / "B", env, "--overlays", str(overlays))
    _expect_proof(report, made)


def _plan(made: Recipe, env: dict[str, str]) -> None:
    """Plan the upgrade, and see that the swarm stays empty."""
    words = ["plan", str(made.folder), "--head", made.hungry[:10], "--base", "auto"]
    _say(f"  $ ccci {' '.join(['plan', made.folder.name, *words[2:]])}\n")
    argv = (sys.executable, "-m", "ccci", *words, "--resolve-image", "never")
    finished = run(argv, env=env, timeout=120, check=False)
    for line in finished.stdout.splitlines():
        _say(f"  {line}")
    there = run(("docker", "service", "ls", "--quiet"), env=env).stdout
    told = " ".join(finished.stdout.split())  # however wide the terminal is that we were told of
    _expect(
        {
            "exit code of the plan": (finished.code, 0),
            "what becomes of the app": ("~ app: rolls" in told, True),
            "what two copies may use": (_TWICE in told, True),
            "the services that are there": (there, ""),
        }
    )


_TWICE = "old and new run side by side: 96 MiB of limits together"


def _plain_docker(made: Recipe, env: dict[str, str]) -> int:
    """Deploy release and head by hand, and return the exit code that docker gave the head."""
    waits = "--detach" in run(("docker", "stack", "deploy", "--help"), env=env).stdout
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("not a secret")
        file.flush()
        for secret in ("db_password", "admin_password"):
            run(("docker", "secret", "create", f"{_STACK}_{secret}_v1", file.name), env=env)
    values = {
        "STACK_NAME": _STACK,
        "DOMAIN": "plain.ccci.test",
        "ENTRYPOINT_VERSION": "v1",
        "SECRET_DB_PASSWORD_VERSION": "v1",
        "SECRET_ADMIN_PASSWORD_VERSION": "v1",
    }
    argv = ["docker", "stack", "deploy", "-c", "compose.yml", "--resolve-image", "never"]
    argv += ["--detach=false"] if waits else []
    run(("git", "-C", str(made.folder), "checkout", "--quiet", made.base))
    _deploy(argv, made, {**env, **values})
    _wait_for("the release to run", lambda: _running(env) == ["3.3.1"])
    run(("git", "-C", str(made.folder), "checkout", "--quiet", made.hungry))
    _say(f"  $ {' '.join([*argv, _STACK])}")
    finished = _deploy(argv, made, {**env, **values})
    _say(f"  exit code {finished.code}, after {finished.seconds:.1f} s")
    _wait_for("Swarm to roll back", lambda: _update_state(env) == "rollback_completed")
    _say(f"  and what runs is version {', '.join(_running(env))}: Swarm rolled it back")
    run(("docker", "stack", "rm", _STACK), env=env)
    if finished.code != 0:
        raise Unexpected(f"docker stack deploy told of the rollback (exit {finished.code})")
    return finished.code


def _deploy(argv: list[str], made: Recipe, env: dict[str, str]) -> Finished:
    return run([*argv, _STACK], cwd=made.folder, env=env, timeout=120, check=False)


def _running(env: dict[str, str]) -> list[str]:
    """Return the image's version of each task of the app that runs."""
    finished = run(
        (
            *("docker", "service", "ps", _APP, "--filter", "desired-state=running"),
            *("--format", "{{.Image}} {{.CurrentState}}"),
        ),
        env=env,
        check=False,
    )
    lines = (line.split() for line in finished.stdout.splitlines())
    return [words[0].rpartition(":")[2] for words in lines if words[1] == "Running"]


def _update_state(env: dict[str, str]) -> str:
    form = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
    return run(
        ("docker", "service", "inspect", _APP, "--format", form), env=env, check=False
    ).stdout.strip()


def _ccci(
    made: Recipe, head: str, code: int, kept: Path, env: dict[str, str], *more: str
) -> dict[str, Any]:
    """Run the upgrade as a user would; return its report. Raise Unexpected for another code."""
    words = ["upgrade", str(made.folder), "--head", head[:10], *more]
    shown = " ".join(Path(word).name if word.startswith("/") else word for word in words)
    _say(f"  $ ccci {shown}\n")
    argv = [sys.executable, "-m", "ccci", *words, "--resolve-image", "never"]
    running = Running(
        [*argv, "--output", str(kept)],
        lines=lambda line: _say(f"  {line}"),
        within=Surroundings(env=env),
    )
    try:
        ended = running.wait(300)
    finally:
        running.end()
    if ended != code:
        raise Unexpected(f"ccci exited with {ended}, not with {code}")
    found: dict[str, Any] = json.loads((kept / "report.json").read_text(encoding="utf-8"))
    return found


def _expect_rollback(report: dict[str, Any], made: Recipe) -> None:
    app = next(service for service in report["services"] if service["name"] == "app")
    back = app["rolled_back"] or {"from": None, "to": None}
    cause = app["cause"] or {}
    facts = {
        "verdict": (report["verdict"], "rolled-back"),
        "cause": (cause.get("code"), "oom-killed"),
        "rolled back from": ((back["from"] or {}).get("commit"), made.hungry[:8]),
        "rolled back to": ((back["to"] or {}).get("version"), "0.7.0+3.3.1"),
        "its last words": (_LAST_WORDS in cause.get("logs", []), True),
    }
    _expect(facts)


_LAST_WORDS = "discourse: precompiling assets, 160 MB"


def _expect_proof(report: dict[str, Any], made: Recipe) -> None:
    running = {each["service"]: each["commit"] for each in report["identity"]["running"]}
    _expect(
        {
            "verdict": (report["verdict"], "converged"),
            "the commit that runs": (running.get("app"), made.single[:8]),
            "the services that run": (sorted(running), ["app", "db"]),
            "the overlay": (any("compose.ccci.yml" in note for note in report["notes"]), True),
        }
    )


def _expect(facts: dict[str, tuple[object, object]]) -> None:
    for name, (found, wanted) in facts.items():
        if found != wanted:
            raise Unexpected(f"{name}: {found!r}, not {wanted!r}")


@contextmanager
def _swarm(folder: Path) -> Iterator[str]:
    """Give a DOCKER_HOST with the demo's images: a sandbox, removed at the end."""
    sandbox = Sandbox(folder / "swarm")
    try:
        life.up(sandbox, _say)
        image.load(sandbox, f"{recipe.DB_IMAGE}:{recipe.DB_VERSION}")
        for version in ("3.2.5", "3.3.1", "3.5.0"):
            image.load(sandbox, f"{recipe.APP_IMAGE}:{version}", [f"LABEL version={version}"])
        yield sandbox.host
    finally:
        life.down(sandbox.folder)


def _wait_for(what: str, condition: Any, patience: float = 60.0) -> None:  # noqa: ANN401
    until = clock.monotonic() + patience
    while not condition():
        if clock.monotonic() > until:
            raise Unexpected(f"waited {patience:g} s in vain for {what}")
        clock.sleep(0.3)


def _act(title: str) -> None:
    _say(f"\n{title}\n{'-' * len(title)}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _since(started: float) -> float:
    return clock.monotonic() - started


def _interrupt(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Interrupted(signal_number)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit(main())
