"""A report as the story people read. Pure: a report in, lines out.

What failed comes first, each service with its cause, its last words and when it happened; those
that came through share a line. Then what was done, the next step, and the verdict as the last
line, where a terminal's reader looks. Each fact is told once, and nothing is told by colour alone.
"""

from collections.abc import Sequence

from ccci.exits import Verdict
from ccci.host.counting import some
from ccci.report import afterwards, identity_text
from ccci.report.layout import Line, Row, Tone, laid_out, tone
from ccci.report.model import Report, ServiceReport, Status, Step
from ccci.report.moments import seconds_between
from ccci.report.parts import Health
from ccci.report.services_text import HANG, fact, failing, passed, undone, with_words
from ccci.report.services_text import failed as failed_service
from ccci.swarm.model import CauseCode

ROWS = 12
"""What one service that failed is told in, where its last words can be cut to that."""
_WIDTH = 100


def tell(report: Report, width: int | None = None, *, verbose: bool = False) -> str:
    """Return the story as plain text, wrapped to `width` columns or not at all."""
    return "\n".join(str(line) for line in story(report, width, verbose=verbose))


def story(report: Report, width: int | None = None, *, verbose: bool = False) -> list[Line]:
    """Return the story, the verdict in its last line; `verbose` leaves nothing out."""
    told = undone(report.services)
    worst = told[0] if told else None
    hint = report.hint or (worst.cause.hint if worst is not None and worst.cause else "")
    going_on = afterwards.told(report)
    before = [failed_service(each, but=hint) for each in told]
    after = [
        *passed([each for each in report.services if each.verdict.passed], alone=not told),
        *identity_text.told(report),
        *_steps(report),
        *_checks(report),
        *_deadline(report),
        *_notes(report),
        *([fact("at end", going_on)] if going_on else []),
        *([fact("next", hint)] if hint else []),
        _verdict(report, worst, failing(report.services)),
    ]
    taken = len(laid_out([*(row for lines in before for row in lines), *after], width or _WIDTH))
    rows: list[Row] = []
    for service, lines in zip(told, before, strict=True):
        rows += with_words(service, lines, ROWS - taken, verbose=verbose)
    return laid_out([*rows, *after], width)


def _steps(report: Report) -> list[Row]:
    """Tell in one row how many steps passed, and in one each which did not, and why."""
    done = [step for step in report.steps if step.status is Status.PASSED]
    if not report.steps:
        return []
    said = f"{report.summary} {_said(report)}"
    texts = [f"{len(done)} passed ({sum(step.seconds for step in done):.0f} s)"]
    for status in (Status.FAILED, Status.SKIPPED):
        others = [step for step in report.steps if step.status is status]
        if others:
            texts.append(f"{status.value}: {', '.join(_step(step, said) for step in others)}")
    return [Row(f"{'steps':<{HANG}}", "; ".join(texts), Tone.QUIET, HANG)]


def _checks(report: Report) -> list[Row]:
    """Tell what a machine lacks, and what is worth a look; the rest is well."""
    return [
        fact(each.health.value, f"{each.name}: {each.found}")
        for health in (Health.MISSING, Health.WARNING)
        for each in report.checks or ()
        if each.health is health
    ]


def _step(step: Step, said: str) -> str:
    reason = step.reason.partition(": ")[2] if ": " in step.reason else step.reason
    known = not reason or reason in said or reason.partition(", because ")[0] in said
    return step.name if known else f"{step.name} ({step.reason})"


def _deadline(report: Report) -> list[Row]:
    """Tell how the deadline came about where it matters: the rollout was not over by then."""
    deadline = report.rollout.deadline if report.rollout else ""
    if not deadline or report.verdict is not Verdict.TIMED_OUT:
        return []
    alone = ", for the rollout alone" if report.steps else ""
    return [fact("deadline", f"{deadline}{alone}")]


def _notes(report: Report) -> list[Row]:
    said = _said(report)
    notes = [note for note in dict.fromkeys(report.notes) if note not in said]
    return [fact("note", note) for note in notes if note != report.summary]


def _said(report: Report) -> str:
    """Return what the rows of the services have told."""
    return " ".join(
        f"{each.name}: {each.detail} {each.cause.detail if each.cause else ''}"
        for each in report.services
    )


_NAMED = 3
"""So many services that failed are named in the last line."""


def _verdict(report: Report, worst: ServiceReport | None, failed: Sequence[ServiceReport]) -> Row:
    """Return the last line: the verdict, its sentence without what was told, counts and files."""
    sentence = in_short(report.summary, worst)
    facts = []
    if failed and len(report.services) > 1:
        names = some([each.name for each in failed], _NAMED)
        which = f" ({names})" if len(failed) > 1 else ""
        facts.append(f"{len(failed)} of {len(report.services)} services failed{which}")
    seconds = seconds_between(report.started_at, report.finished_at)
    if seconds is not None:
        facts.append(f"took {seconds:.0f} s")
    if report.run is not None and report.run.folder:
        facts += [f"told again by `{report.run.told_again}`", f"files in {report.run.folder}"]
    tail = f"; {', '.join(facts)}" if facts else ""
    text = f"{sentence} (exit {report.exit_code}){tail}"
    return Row(f"{report.verdict.value.upper()}: ", text, tone(report.outcome), 2, loud=True)


def in_short(sentence: str, service: ServiceReport | None) -> str:
    """Return a report's sentence without what is told of its worst service."""
    if service is None:
        return sentence
    cause, back = service.cause, service.rolled_back
    if back is not None:
        for told in (
            f" from {back.source} to {back.target}",
            f" to its previous spec ({back.target})",
        ):
            sentence = sentence.replace(told, "")
    if cause is not None and cause.detail:
        code = "" if cause.code is CauseCode.UNKNOWN else f": {cause.code.value}"
        for joint in (", because ", ": "):
            sentence = sentence.replace(f"{joint}{cause.detail}", code)
    return sentence
