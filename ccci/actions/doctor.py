"""Is this machine able? Everything that ccci needs is looked at."""

import os
import shutil
from pathlib import Path

from ccci import settings
from ccci.deployers.abra import executable, flags, run, version_of
from ccci.errors import CcciError
from ccci.host import clock, docker_cli, process
from ccci.records import runs
from ccci.removal.app import locks
from ccci.removal.leftovers import sort_out
from ccci.report.model import Report
from ccci.report.parts import Check, Health
from ccci.steps import machine
from ccci.steps.before import disk
from ccci.swarm.decode import info as decode
from ccci.swarm.decode.info import Info
from ccci.swarm.engine.client import Engine

_PATIENCE = 15.0


_WITHOUT_ABRA = "nothing, unless abra itself is to be tested: `--deployer auto` deploys without it"


def report(checks: tuple[Check, ...]) -> Report:
    """Return the checks as a report; its next step is that of the first thing that is missing."""
    missing = (each.hint for each in checks if each.health is Health.MISSING and each.hint)
    return Report(
        "doctor",
        machine.verdict(checks),
        machine.summary(checks),
        checks=checks,
        hint=next(missing, ""),
    )


def examine() -> tuple[Check, ...]:
    """Look at everything ccci needs and return a check for each; never raises CcciError."""
    engine = _engine()
    docker, abra = _docker_cli(), _abra()
    if abra.health is Health.OK:
        docker = machine.optional(docker, "needed for `--deployer stack`")
    abra = machine.optional(abra, _WITHOUT_ABRA)
    return (*engine, docker, _git(), abra, _state_disk())


def _engine() -> list[Check]:
    try:
        with Engine.connect(timeout=_PATIENCE) as engine:
            version = decode.version(engine.version())
            before = clock.now()
            info = Info(engine.info())
            after = clock.now()
            left = [_leftovers(engine)] if _is_manager(info) else []
            checks = [
                machine.engine(version, info),
                machine.swarm(info),
                machine.clock(info.time, before, after),
            ]
            room = disk.of_images(engine, info)
    except CcciError as error:
        return [machine.unreachable("engine", error)]
    return [*checks, *([room] if room else ()), *left]


def _is_manager(info: Info) -> bool:
    return machine.swarm(info).health is not Health.MISSING


def _docker_cli() -> Check:
    try:
        said = [
            docker_cli.run(words, timeout=_PATIENCE).stdout
            for words in (["--version"], ["stack", "deploy", "--help"], ["stack", "--help"])
        ]
    except CcciError as error:
        return machine.unreachable("docker CLI", error)
    return machine.docker_cli(*said)


def _git() -> Check:
    try:
        return machine.git(process.run(["git", "--version"], timeout=_PATIENCE).stdout)
    except CcciError as error:
        return machine.unreachable("git", error)


def _abra() -> Check:
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
        return machine.unreachable("abra", error)
    return machine.abra(str(version), sorted({flag for order in orders for flag in order.missing}))


def _leftovers(engine: Engine) -> Check:
    """Look for what dead runs of this host left, without waiting for locks of other hosts."""
    folder = settings.runs_folder()
    try:
        held = [lock.holder.stack for lock in locks(engine)]
        records = runs.recent(folder)
        alive = {each.id for each in records if runs.is_alive(folder, each)}
    except (CcciError, OSError) as error:
        return Check("leftovers", Health.WARNING, f"could not be looked for: {error}")
    found = sort_out(records, alive, (), held)
    return machine.leftovers([each.stack for each in found if each.app], len(records))


def _state_disk() -> Check:
    folder = settings.runs_folder()
    parents = (folder, *folder.parents)
    there = next((each for each in parents if os.access(each, os.F_OK)), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK):
        return Check(
            "runs folder",
            Health.MISSING,
            f"{folder} cannot be written",
            "set CCCI_RUNS_DIR to a folder that can",
        )
    return machine.disk("runs folder", str(folder), shutil.disk_usage(there).free)
