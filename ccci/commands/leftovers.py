"""`ccci sweep leftovers`: remove what killed runs left."""

from typing import TYPE_CHECKING, Annotated

import typer

from ccci import clock, config
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report

if TYPE_CHECKING:
    from ccci.leftovers import Found, Swept


def leftovers(*, dry_run: bool, output: Output) -> Report:
    """Find what killed runs left, remove it unless `dry_run`, and return what came of it.

    Raise CcciError when the Engine cannot be used.
    """
    from ccci.leftovers import find, sweep
    from ccci.removal import Place
    from ccci.swarm.engine import Engine

    started = clock.now()
    with Engine.connect() as engine:
        engine.require_manager()
        place = Place.usual(engine)
        found = find(place, say=output.progress)
        swept = () if dry_run else sweep(place, found.leftovers, say=output.progress)
    return _report(started, found, swept, dry_run=dry_run)


def _report(started: str, found: "Found", swept: "tuple[Swept, ...]", *, dry_run: bool) -> Report:
    count = len(found.leftovers)
    stuck = [each for each in swept if not each.gone]
    if not count:
        verdict, summary = Verdict.UNCHANGED, "no run left anything behind"
    elif dry_run:
        verdict, summary = Verdict.FINDINGS, f"runs left {_things(count)}"
    elif stuck:
        verdict, summary = Verdict.UNABLE, f"{len(stuck)} of {_things(count)} could not be removed"
    else:
        verdict, summary = Verdict.CONVERGED, f"{_things(count)} removed, and verified gone"
    notes = [f"{each.stack}: {each.why}" for each in found.leftovers]
    for each in stuck:
        left = ", ".join(each.ending.left) if each.ending else ""
        notes.append(f"{each.leftover.stack} stays: {each.trouble or f'left: {left}'}")
    for each in swept:
        notes += each.ending.notes if each.ending else ()
    notes += [f"left alone, a living run is at work: {words}" for words in found.living]
    return Report(
        "sweep leftovers",
        verdict,
        summary,
        started_at=started,
        finished_at=clock.now(),
        hint="`ccci sweep leftovers` removes them" if dry_run and count else "",
        notes=tuple(dict.fromkeys(notes)),
        extra={
            "leftovers": [
                {
                    "stack": each.stack,
                    "why": each.why,
                    "app": each.app,
                    "folder": str(each.folder) if each.folder else None,
                }
                for each in found.leftovers
            ],
            "living": list(found.living),
        },
    )


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"


def command(
    ctx: typer.Context,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            envvar=config.variables("DRY_RUN"),
            help="Only say what there is; exit code 20 if there is something.",
        ),
    ] = False,
) -> int:
    """Remove what killed runs left: apps, locks, checkouts.

    Found through lock objects and run records, never by age. A lock of another host is watched for
    five minutes before its holder counts as dead. Exit code 3 when something could not be removed.
    """
    return int(ctx.obj.report(leftovers(dry_run=dry_run, output=ctx.obj)))
