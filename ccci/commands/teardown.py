"""`ccci teardown`: remove an app that a run left, and prove that it is gone."""

from typing import Annotated

import typer

from ccci import clock, config
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report


def teardown(
    target: str, *, force: str | None, timeout: float, lock_timeout: float, output: Output
) -> Report:
    """Remove the app that `target` names and return what came of it.

    Raise UsageError for one that ccci did not deploy, CcciError when another run is at work on it
    or the Engine cannot be used.
    """
    from ccci import removal
    from ccci.swarm.engine import Engine
    from ccci.teardown import summary

    if not target or target.startswith("-"):
        raise UsageError(f"{target!r} is no app", "name its domain, its stack or its recipe")
    started = clock.now()
    with Engine.connect() as engine:
        engine.require_manager()
        place = removal.Place.usual(engine)
        found = removal.resolve(place, target, force=force)
        ending = removal.remove(
            place, found, lock_timeout=lock_timeout, patience=timeout, say=output.progress
        )
    if ending.left:
        verdict = Verdict.UNABLE
    else:
        verdict = Verdict.CONVERGED if ending.removed or ending.files else Verdict.UNCHANGED
    return Report(
        "teardown",
        verdict,
        summary(found.stack, ending),
        target=target,
        stack=found.stack,
        started_at=started,
        finished_at=clock.now(),
        hint="run it again; `docker node ls` shows nodes that are away" if ending.left else "",
        notes=ending.notes,
        extra={
            "removed": [str(item) for item in ending.removed],
            "files": list(ending.files),
            "left": list(ending.left),
            "unseen_nodes": list(ending.unseen),
        },
    )


def command(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Argument(help="An app's domain, a stack, a recipe or the id of a recorded run.")
    ],
    force: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Remove a stack that ccci did not deploy: repeat its name here.",
        ),
    ] = None,
    timeout: Annotated[
        str,
        typer.Option(
            envvar=config.variables("TIMEOUT"), help="How long to wait until all of it is gone."
        ),
    ] = "3m",
    lock_timeout: Annotated[
        str,
        typer.Option(
            envvar=config.variables("LOCK_TIMEOUT"), help="How long to wait for another run."
        ),
    ] = "15m",
) -> int:
    """Remove an app that a run left, and prove that it is gone.

    Services, containers, networks, then volumes, secrets, configs, the .env and the run's
    checkouts; never images, never the record. May be repeated. Exit code 3 when something is left.
    """
    from ccci.durations import seconds

    report = teardown(
        target,
        force=force,
        timeout=seconds(timeout, "--timeout") or 0.0,
        lock_timeout=seconds(lock_timeout, "--lock-timeout") or 0.0,
        output=ctx.obj,
    )
    return int(ctx.obj.report(report))
