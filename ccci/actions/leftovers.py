"""What killed runs left: found, and removed."""

from ccci.actions.finished import Began, engine_of
from ccci.exits import Verdict
from ccci.removal import leftovers
from ccci.removal.app import Place
from ccci.removal.leftovers import Found, Swept
from ccci.report.model import Report
from ccci.report.parts import Leftover, Leftovers
from ccci.swarm.engine.client import Engine
from ccci.terminal.output import Output
from ccci.terminal.waiting import Waiting


def sweep(*, dry_run: bool, output: Output) -> Report:
    """Find what killed runs left, remove it unless `dry_run`, and return what came of it.

    Raise CcciError when the Engine cannot be used.
    """
    began = Began()
    with Engine.connect() as engine:
        engine.require_manager()
        place = Place.usual(engine)
        found = leftovers.find(place, say=output.progress)
        with Waiting(output) as waiting:
            swept = (
                ()
                if dry_run
                else leftovers.sweep(place, found.leftovers, say=output.progress, waiting=waiting)
            )
    return began.finish(_report(found, swept, dry_run=dry_run), engine=engine_of(engine))


def _report(found: Found, swept: tuple[Swept, ...], *, dry_run: bool) -> Report:
    count = len(found.leftovers)
    stuck = [each for each in swept if not each.gone]
    if not count:
        verdict, summary = Verdict.DONE, "no run left anything behind"
    elif dry_run:
        verdict, summary = Verdict.FINDINGS, f"runs left {_things(count)}"
    elif stuck:
        verdict, summary = Verdict.UNABLE, f"{len(stuck)} of {_things(count)} could not be removed"
    else:
        verdict, summary = Verdict.DONE, f"{_things(count)} removed, and verified gone"
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
        hint="`ccci sweep leftovers` removes them" if dry_run and count else "",
        notes=tuple(dict.fromkeys(notes)),
        leftovers=Leftovers(
            tuple(
                Leftover(each.stack, each.why, each.app, str(each.folder) if each.folder else None)
                for each in found.leftovers
            ),
            found.living,
        ),
    )


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"
