"""`--fix`: what to write so that no service starts first, and what was written."""

from collections.abc import Sequence

from ccci.names import OVERLAY
from ccci.sweep import survey
from ccci.sweep.fix import Change, NotFixable, plan, plan_variant, write
from ccci.sweep.static import values_for
from ccci.sweep.survey import Request, settings_of
from ccci.terminal.output import Output


def mend(request: Request, output: Output, *, inside: bool, writes: bool) -> int:
    """Write what `remedy` returns, or only show it, and return 0."""
    changes = remedy(request, output, inside=inside)
    if writes:
        write(changes)
    return show(changes, output, written=writes)


def remedy(request: Request, output: Output, *, inside: bool) -> list[Change]:
    """Return what to write so that no service of the sets that are asked for starts first.

    What is left to a person is warned of; raise NotFixable where nothing else is left.
    """
    sets, found = survey.written(request, output)
    settings = settings_of(request)
    changes: list[Change] = []
    left: list[NotFixable] = []
    for each in sets:
        try:
            values = values_for(each, settings)
            if not each.variant:
                changes += plan(each, found, values, inside=inside)
            else:
                changes += plan_variant(each, found, values, inside=inside)
        except NotFixable as error:
            left.append(error)
    if left and not changes:
        raise left[0]
    for reason in left:
        output.warn(f"{reason.message} (next: {reason.hint})")
    for said in (each for change in changes for each in change.lost):
        output.warn(said)
    return changes


def show(changes: Sequence[Change], output: Output, *, written: bool) -> int:
    """Print what `--fix` changed, or would change, and return 0."""
    output.document(
        {
            "schema": "ccci.fix/1",
            "written": written,
            "files": [
                {"file": change.name, "diff": change.diff, "safe": change.safe}
                for change in changes
            ],
        }
    )
    diff = "".join(change.diff for change in changes).rstrip("\n")
    output.text(*(diff or "nothing to change").split("\n"))
    if any(not change.safe for change in changes):
        output.progress("stop-first has a price: at each update a moment in which nothing serves")
    for change in changes if written else ():
        output.progress(f"{change.name} written")
        if change.path.name == OVERLAY:
            output.progress(f"Next: add {OVERLAY} at the end of COMPOSE_FILE")
    return 0
