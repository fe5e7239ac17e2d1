"""`ccci doctor`: say whether this machine is able, and the next step where it is not."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ccci import clock, config, disk, doctor, process
from ccci.doctor import Check
from ccci.errors import CcciError
from ccci.report import Report, document

if TYPE_CHECKING:
    from ccci.swarm.engine import Engine

_PATIENCE = 15.0


def command(ctx: typer.Context) -> int:
    """Say whether this machine is able to run ccci, with the next step where it is not.

    Exit code 3 when something that is needed is missing.
    """
    checks = examine()
    found = report(checks)
    ctx.obj.document(document(found))
    ctx.obj.text(f"{doctor.tell(checks)}\n{found.summary}")
    return found.exit_code


def report(checks: tuple[Check, ...]) -> Report:
    """Return the checks as a report."""
    return Report(
        "doctor",
        doctor.verdict(checks),
        doctor.summary(checks),
        extra={"checks": doctor.document(checks)},
    )


def examine() -> tuple[Check, ...]:
    """Look at everything ccci needs and return a check for each; never raises CcciError."""
    engine = _engine()
    docker, abra = _docker_cli(), _abra()
    if abra.health is doctor.Health.OK:
        docker = doctor.optional(docker, "needed for `--deployer stack`")
    abra = doctor.optional(abra, "`--deployer auto` takes the stack deployer, without abra")
    return (*engine, docker, _git(), abra, _state_disk())


def _engine() -> list[Check]:
    from ccci.swarm.engine import Engine

    try:
        with Engine.connect(timeout=_PATIENCE) as engine:
            version = engine.version()
            before = clock.now()
            info = engine.info()
            after = clock.now()
            left = [_leftovers(engine)] if _is_manager(info) else []
    except CcciError as error:
        return [doctor.unreachable("engine", error)]
    checks = [
        doctor.engine(version, info),
        doctor.swarm(info),
        doctor.clock(str(info.get("SystemTime", "")), before, after),
    ]
    room = disk.of_images(engine, info)
    return [*checks, *([room] if room else ()), *left]


def _is_manager(info: Mapping[str, Any]) -> bool:
    return doctor.swarm(info).health is not doctor.Health.MISSING


def _docker_cli() -> Check:
    try:
        said = [
            process.run(argv, timeout=_PATIENCE).stdout
            for argv in (
                ["docker", "--version"],
                ["docker", "stack", "deploy", "--help"],
                ["docker", "stack", "--help"],
            )
        ]
    except CcciError as error:
        return doctor.unreachable("docker CLI", error)
    return doctor.docker_cli(*said)


def _git() -> Check:
    try:
        return doctor.git(process.run(["git", "--version"], timeout=_PATIENCE).stdout)
    except CcciError as error:
        return doctor.unreachable("git", error)


def _abra() -> Check:
    from ccci.deployers.abra import executable, flags, run, version_of

    try:
        path = executable()
        version = version_of(path)
        orders = [
            flags.new("recipe", "domain", "server", run.help_of(path, ("app", "new"))),
            flags.generate_secrets("domain", run.help_of(path, ("app", "secret", "generate"))),
            flags.deploy("domain", None, run.help_of(path, ("app", "deploy")), chaos=True),
            flags.deploy("domain", "version", run.help_of(path, ("app", "deploy")), chaos=False),
            flags.undeploy("domain", run.help_of(path, ("app", "undeploy"))),
        ]
    except CcciError as error:
        return doctor.unreachable("abra", error)
    return doctor.abra(str(version), sorted({flag for order in orders for flag in order.missing}))


def _leftovers(engine: "Engine") -> Check:
    """Look for what dead runs of this host left, without waiting for locks of other hosts."""
    from ccci import runs
    from ccci.leftovers import sort_out
    from ccci.removal import locks

    folder = config.runs_folder()
    try:
        held = [lock.holder.stack for lock in locks(engine)]
        records = runs.recent(folder)
        alive = {each.id for each in records if runs.is_alive(folder, each)}
    except (CcciError, OSError) as error:
        return Check("leftovers", doctor.Health.WARNING, f"could not be looked for: {error}")
    found = sort_out(records, alive, (), held)
    return doctor.leftovers([each.stack for each in found if each.app], len(records))


def _state_disk() -> Check:
    folder = config.runs_folder()
    parents = (folder, *folder.parents)
    there = next((each for each in parents if os.access(each, os.F_OK)), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Check(
            "runs folder",
            doctor.Health.MISSING,
            f"{folder} cannot be written",
            "set CCCI_RUNS_DIR to a folder that can",
        )
    return doctor.disk("runs folder", str(folder), shutil.disk_usage(there).free)
