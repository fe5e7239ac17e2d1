"""`ccci sweep rollback-policy`: where an update policy is a risk, and what to write instead."""

from dataclasses import dataclass

from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.sweep import inventory
from ccci.sweep.forms import Told
from ccci.sweep.model import verdict
from ccci.sweep.printing import Changed
from ccci.sweep.survey import Request, survey
from ccci.terminal.output import Output


def swept(request: Request, output: Output, fail_on: str = "error") -> Told:
    """Return what was found, and how that ends: with findings where one is as bad as `fail_on`.

    Raise UsageError for what cannot be meant.
    """
    _check(request, fix=False)
    found = survey(request, output)
    return Told(found, verdict(found, fail_on))


@dataclass(frozen=True, slots=True)
class Remedy:
    """How to fix: `inside` the recipe's own files instead of an overlay, and whether to write."""

    inside: bool = False
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Mended:
    """What was changed, or would be, where it was not written."""

    changes: tuple[Changed, ...]
    written: bool
    ended: Verdict = Verdict.DONE


def mended(request: Request, remedy: Remedy, output: Output) -> Mended:
    """Fix what was found. Raise UsageError for what cannot be meant, NotFixable where all fails."""
    from ccci.sweep.remedy import mend  # noqa: PLC0415 -- what writes overlays

    _check(request, fix=True)
    changes = mend(request, output, inside=remedy.inside, writes=remedy.writes)
    return Mended(tuple(changes), remedy.writes)


def _check(request: Request, *, fix: bool) -> None:
    """Raise UsageError where what is asked for contradicts itself."""
    if request.compose and request.paths:
        raise UsageError("PATH and -c exclude each other", "give the files all by -c, or none")
    if request.live and (request.paths or request.compose or fix):
        raise UsageError("--live sweeps what runs: no PATH, -c or --fix goes with it")
    if request.since is not None and (request.live or inventory.STANDARD_INPUT in request.compose):
        raise UsageError("--new-since compares files in git: no --live and no `-c -` goes with it")
    if request.stacks and not request.live:
        raise UsageError("--stack goes with --live")
