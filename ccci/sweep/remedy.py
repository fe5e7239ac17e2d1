"""`--fix`: what to write so that no service starts first."""

from ccci.sweep import survey
from ccci.sweep.fix import Change, NotFixable, plan, plan_variant, write
from ccci.sweep.static import values_for
from ccci.sweep.survey import Request, settings_of
from ccci.terminal.output import Output


def mend(request: Request, output: Output, *, inside: bool, writes: bool) -> list[Change]:
    """Write what `remedy` returns, unless it is only asked for, and return it."""
    changes = remedy(request, output, inside=inside)
    if writes:
        write(changes)
    return changes


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
