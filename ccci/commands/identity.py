"""`ccci identity`: which commit is declared, which runs, and what was there before."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccci import clock, config
from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.naming import stack_of
from ccci.report import Report
from ccci.swarm import decode
from ccci.swarm.baseline import from_document
from ccci.swarm.commits import Asked
from ccci.swarm.identity import Mismatch, carrier, identify
from ccci.swarm.model import Service, Spec

if TYPE_CHECKING:
    from ccci.runs import Record
    from ccci.swarm.engine import Engine

_COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; see the options of the command."""

    expect: str | None = None
    source: str | None = None
    baseline: Path | None = None
    app_service: str | None = None


def command(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Argument(help="An app's domain, a stack, or a recipe of a recorded run.")
    ],
    expect: Annotated[
        str | None,
        typer.Option(
            envvar=config.variables("EXPECT"),
            help="The commit that should run: 7 to 40 hex digits, or any ref with --source.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            envvar=config.variables("SOURCE"),
            help="The recipe's repository (a path or URL), to complete commits and resolve refs.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            envvar=config.variables("BASELINE"),
            help="What `ccci converge --save-baseline` saved, for what Swarm has forgotten.",
        ),
    ] = None,
    app_service: Annotated[
        str | None,
        typer.Option(
            envvar=config.variables("APP_SERVICE"),
            help="The service that carries the commit, where it is not named app.",
        ),
    ] = None,
) -> int:
    """Say which commit is declared, which runs on every task, and what was there before.

    A mismatch is exit code 13, with one of the reasons never-deployed, rolled-back, mixed,
    disturbed, dirty. Without --expect, what runs is held against what is declared.
    """
    return int(ctx.obj.report(find(target, Options(expect, source, baseline, app_service))))


def find(target: str, options: Options) -> Report:
    """Return the identity of TARGET as a report.

    Raise CcciError when the Engine, the stack, the repository or the ref cannot be had.
    """
    started = clock.now()
    if not target or target.startswith("-"):
        raise UsageError(f"{target!r} is no stack and no domain", "name the stack")
    from ccci import runs

    before = _baseline(options.baseline)
    record = runs.find(config.runs_folder(), target)
    asked = _asked(options, record)
    from ccci.swarm.engine import Engine

    with Engine.connect() as engine:
        engine.require_manager()
        stack, services = _find_stack(engine, target, record)
        nodes = tuple(decode.node(each) for each in engine.nodes())
    if not services:
        return _removed(target, stack, record, started)
    labelled = carrier(services, options.app_service)
    if labelled is None:
        names = ", ".join(service.name for service in services)
        raise CcciError(
            f"no service of {stack} says which commit it is ({names})",
            "name the one that carries the commit with --app-service",
        )
    if record is not None:
        asked = _remembered(asked, labelled, config.runs_folder() / record.id / runs.IDENTITY)
    found = identify(services, labelled, asked, baseline=before, nodes=nodes)
    return Report(
        "identity",
        verdict_of(found.mismatch),
        found.summary,
        target=target,
        stack=stack,
        started_at=started,
        finished_at=clock.now(),
        identity=found.report,
        hint=found.hint,
        notes=found.notes,
    )


def _find_stack(
    engine: "Engine", target: str, record: "Record | None"
) -> tuple[str, tuple[Service, ...]]:
    """Return the stack that TARGET names, and its services; none when it is gone.

    Raise CcciError when there is no such stack and no run of ccci knows of one.
    """
    named = stack_of(target) if "." in target else target
    names = dict.fromkeys([named] if record is None else [record.stack or named, named])
    for name in names:
        services = look(engine, name)
        if services:
            return name, services
    if record is None:
        raise CcciError(
            f"there is no stack {named} on this swarm",
            "`docker stack ls` shows those that are; DOCKER_HOST and DOCKER_CONTEXT choose it",
        )
    return record.stack or named, ()


def _removed(target: str, stack: str, record: "Record | None", started: str) -> Report:
    run = record.id if record else "a run"
    how = "was torn down after" if record and record.gone else "is gone, which was deployed by"
    return Report(
        "identity",
        Verdict.REMOVED,
        f"the stack {stack} {how} {run}",
        target=target,
        stack=stack,
        started_at=started,
        finished_at=clock.now(),
        hint="deploy it again, or see `ccci runs` for what was recorded of it",
    )


def verdict_of(mismatch: Mismatch | None) -> Verdict:
    """Return the verdict: what does not run is `unstable`, every other mismatch 13."""
    if mismatch is None:
        return Verdict.CONVERGED
    return Verdict.UNSTABLE if mismatch is Mismatch.NOT_RUNNING else Verdict.WRONG_IDENTITY


def look(engine: "Engine", stack: str) -> tuple[Service, ...]:
    """Return the services of a stack with their tasks, in two listings."""
    listed = engine.services(stack)
    if not listed:
        return ()
    tasks = engine.tasks({"service": [service["ID"] for service in listed]})
    # Which tasks are up to date is not asked: identity compares each task's own spec.
    return decode.services(listed, tasks, up_to_date=(), date=None)


def _baseline(path: Path | None) -> Mapping[str, Spec]:
    if path is None:
        return {}
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as a baseline: {error}") from None
    return {service.name: service.spec for service in from_document(saved).services}


def _asked(options: Options, record: "Record | None") -> Asked:
    expect = options.expect
    if options.source is not None:
        from ccci.source import locate

        return _from_checkout(locate(options.source).location, expect)
    if expect is None:
        return Asked()
    kept = _checkout_of(record)
    if kept is not None:
        return _from_checkout(str(kept), expect)
    if not _COMMIT.fullmatch(expect.lower()):
        raise UsageError(
            f"{expect!r} is no commit of 7 to 40 hex digits",
            "give the commit, or the repository that knows this ref as --source",
        )
    return Asked(expect.lower())


def _remembered(asked: Asked, labelled: Service, path: Path) -> Asked:
    """Return what was asked, with what the recorded run knows of the specs it set.

    Its word on the tree counts only for the very spec it set: the same commit deployed again from
    another dirty tree carries the same label.
    """
    from ccci.steps.identity import recall

    dirt, specs = recall(path)
    if labelled.spec.whole not in specs:
        return replace(asked, recorded=specs)
    return replace(asked, recorded=specs, dirt=dirt)


def _checkout_of(record: "Record | None") -> Path | None:
    """Return the repository that a recorded run kept, or None."""
    if record is None or record.abra_dir is None or record.recipe is None:
        return None
    path = Path(record.abra_dir) / "recipes" / record.recipe
    return path if (path / ".git").exists() else None


def _from_checkout(location: str, expect: str | None) -> Asked:
    """Return what the repository knows: the full commit, all commits, the releases."""
    from ccci import checkout

    with tempfile.TemporaryDirectory(prefix="ccci-identity-") as folder:
        place = Path(folder)
        repository = checkout.clone(location, place / "repository", place / "journal")
        # Resolving may fetch a commit that no branch reaches, so it comes before the listing.
        return Asked(
            checkout.resolve(repository, expect) if expect is not None else None,
            commits=checkout.commits(repository),
            releases={each.tag: at for each, at in checkout.releases(repository).items()},
        )
