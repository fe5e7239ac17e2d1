"""`abra app deploy`: what it refuses, what it hands to docker, and what it waits for."""

import json
import os
import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from .apps import (
    App,
    check_durations,
    check_out_newest,
    compose_files,
    declared_secrets,
    docker,
    ensure,
    git,
    is_for_a_person,
    needs_input,
    secrets_there,
)
from .played import MODES, NUMBERS, FatalError, info


def deploy(flags: Mapping[str, str], positional: list[str]) -> None:
    """CONFIRMED (a public port of the command to its library): the order of these steps."""
    domain, *wanted = positional
    app = App(domain)
    chaos = "--chaos" in flags
    version = None if "ignores-pin" in MODES else wanted[0] if wanted else app.pinned
    checkout = ensure(app.recipe, flags, version)
    if not chaos and version is None:
        # CONFIRMED docs: `.env` version, then latest release, then latest commit.
        version = check_out_newest(checkout)
    if app.services() and not chaos and "--force" not in flags:
        raise FatalError(f"{domain} is already deployed")  # LIKELY; lores: -f on a redeploy
    if not chaos and version:
        check_annotated(checkout, version)
    files = compose_files(checkout, app.values)
    check_files(app, files)
    # LIKELY: the exports of abra.sh win over the `.env`.
    environ = {**os.environ, **app.values, **abra_sh_exports(checkout), "STACK_NAME": app.stack}
    check_durations(checkout)
    commit = git(checkout, "rev-parse", "HEAD")[:8]
    tree = commit + ("+U" if git(checkout, "status", "--porcelain") else "")
    overview(app, version, tree if chaos else "false")
    needs_input(flags, "proceed?")
    play_before(app)
    label_file = labels(app, files[0], version, tree if chaos else None)
    run_deploy(app.stack, [*files, label_file], environ)
    play_after()
    if "--no-converge-checks" not in flags:
        wait_converged(app.stack, int(app.values.get("TIMEOUT", "300")))
    # CONFIRMED docs: abra rewrites TYPE=recipe:version since 0.10; with chaos LIKELY.
    if NUMBERS >= (0, 10, 0):
        stamp = rf"\1={app.recipe}:{tree if chaos else version}"
        text = re.sub(r"(?m)^(TYPE|RECIPE)=.*$", stamp, app.env_file.read_text())
        app.env_file.write_text(text)
    info("deploy succeeded 🟢")


def check_annotated(checkout: Path, version: str) -> None:
    # CONFIRMED R014 (WilhelmBerggren/foodsharing-cms): lint errors abort a deploy.
    if "+" in version and git(checkout, "cat-file", "-t", version) != "tag":
        raise FatalError(f"R014: only annotated tags used for recipe version ({version})")


def check_files(app: App, files: list[Path]) -> None:
    for path in files:
        if not path.is_file():
            raise FatalError(f"open {path}: no such file or directory")
    there = secrets_there()
    for short, name, modifiers in declared_secrets(app, files):
        # CONFIRMED cc-ci commit 2da1f018 and the port: both texts, before any change.
        if name not in there and is_for_a_person(modifiers):
            raise FatalError(f"secret not inserted (#generate=false): {short}")
        if name not in there:
            raise FatalError(f"secret not generated: {short}")


def abra_sh_exports(checkout: Path) -> dict[str, str]:
    # CONFIRMED bonfire-coop-cloud, docs upgrade page: exported versions are merged into the env.
    path = checkout / "abra.sh"
    if not path.is_file():
        return {}
    found = re.finditer(r"(?m)^export\s+(\w+)=(\S*)", path.read_text())
    return {each[1]: each[2].strip("\"'") for each in found}


def overview(app: App, version: str | None, chaos: str) -> None:
    text = f"DEPLOY OVERVIEW\n  DOMAIN {app.domain}\n  RECIPE {app.recipe}\n"
    text += f"  VERSION {version}\n  CHAOS {chaos}"
    if "silent" in MODES:
        try:
            Path("/dev/tty").write_text(text + "\n")
        except OSError:
            return
    else:
        print(text, flush=True)


def play_before(app: App) -> None:
    if "leak" in MODES:
        for key, value in app.values.items():
            print(f"DEBU env: {key}={value}", flush=True)
    if "hang-early" in MODES:
        time.sleep(3600)


def play_after() -> None:
    if "crash" in MODES:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in MODES:
        time.sleep(3600)
    # CONFIRMED cc-ci commits 9a8850af, 7dab4f5: the spec is applied whatever the monitor says.
    if "timed-out" in MODES:
        raise FatalError("deploy timed out 🟠")
    if "impatient" in MODES:
        raise FatalError("deploy failed 🛑")


def labels(app: App, compose: Path, version: str | None, chaos_version: str | None) -> Path:
    """Write the labels into a compose file of their own.

    CONFIRMED (a public port of SetRecipeLabel, SetChaosLabel; cc-ci STATUS-dstamp.md): on the
    service `app` alone; with chaos the version stays what compose says, and `chaos-version` is the
    eight-character commit with `+U` for a dirty tree.
    """
    ours = f"coop-cloud.{app.stack}"
    words = {f"{ours}.recipe": app.recipe, f"{ours}.chaos": "true" if chaos_version else "false"}
    if chaos_version:
        words[f"{ours}.chaos-version"] = chaos_version
    elif version:
        words[f"{ours}.version"] = version
    text = compose.read_text()
    dialect = re.search(r"version:\s*[\"']?([\d.]+)", text)
    assert dialect, f"{compose} says no version"
    document: dict[str, object] = {"version": dialect[1]}
    if re.search(r"(?m)^\s+[\"']?app[\"']?:", text):
        document["services"] = {"app": {"deploy": {"labels": words}}}
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"stand-in-abra-{os.getpid()}.yml"
    path.write_text(json.dumps(document))
    return path


def run_deploy(stack: str, files: list[Path], environ: Mapping[str, str]) -> None:
    # CONFIRMED (a public port): Prune=false, ResolveImage=always.
    resolve = os.environ.get("STAND_IN_ABRA_RESOLVE_IMAGE", "always")
    words = ["stack", "deploy", "--resolve-image", resolve]
    for path in files:
        words += ["-c", str(path)]
    if "--detach" in docker("stack", "deploy", "--help").stdout:
        words.append("--detach=true")
    try:
        docker(*words, stack, env=environ, cwd=files[0].parent, shown="silent" not in MODES)
    finally:
        files[-1].unlink()


def wait_converged(stack: str, seconds: int) -> None:
    # CONFIRMED docker/cli service/progress: all tasks running; `rollback_completed` is no error.
    until = time.monotonic() + seconds
    while True:
        done = docker("stack", "services", stack, "--format", "{{.Replicas}}")
        counts = [line.split()[0].split("/") for line in done.stdout.splitlines() if line]
        if counts and all(running == wanted for running, wanted in counts):
            return
        if time.monotonic() > until:
            raise FatalError("deploy timed out 🟠")
        time.sleep(0.2)
