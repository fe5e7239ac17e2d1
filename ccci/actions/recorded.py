"""A run from its beginning to its record: whatever ends it becomes a report."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ccci import settings
from ccci.actions.finished import Began
from ccci.errors import CcciError, Interrupted, of_the_machine
from ccci.exits import Verdict
from ccci.host import interrupts
from ccci.host.masking import mask
from ccci.host.secret_values import of_environment
from ccci.records import artifacts, runs
from ccci.records.runs import Run
from ccci.report.model import Report, Status, Step
from ccci.report.parts import RunFolder
from ccci.terminal.output import Output

_DEPLOYING = {"deploy", "upgrade"}
_AFTER_A_SIGNAL = "run it again; `ccci sweep leftovers --dry-run` says whether anything stayed"
_AFTER_A_HURRIED_ONE = "`ccci sweep leftovers` removes what was left, then run it again"


@dataclass(slots=True)
class Judging:
    """A run that judges what is there: where its files go, and what it came to."""

    run: Run | None = None
    decided: Report | None = None

    def path(self, name: str) -> Path | None:
        """Return where a file of the run belongs; None where it is not recorded."""
        return self.run.path(name) if self.run is not None else None

    def note(self, what: str) -> None:
        """Say what of the record is not whole."""
        if self.run is not None:
            self.run.trouble.append(what)

    def decide(self, report: Report) -> Report:
        """Return what was found, kept against whatever happens from now on."""
        self.decided = report
        return report


def judge(
    command: str,
    target: str,
    output: Output,
    body: Callable[[Judging], Report],
    *,
    deployed: bool | None = None,
) -> Report:
    """Let `body` judge something that is there already, and record what came of it.

    Where no folder can be had for the record, that is said, and there is none. An error of ours is
    a report as well; a command line that is refused is raised, and has no record.
    """
    output.keep_secret(of_environment(os.environ))
    began = Began()
    judging = Judging()
    try:
        judging.run = runs.begin(settings.runs_folder(), command, target, deployed=deployed)
    except OSError as error:
        where = error.filename or "a temporary folder"
        output.warn(f"this run is not recorded: {where} cannot be written: {error.strerror}")
    run = judging.run
    try:
        report = judging.decide(body(judging))
    except BaseException as error:
        known = meaning(error)
        report = stopped(command, known, judging.decided, _JUDGED)
        if judging.decided is None and raised(known):
            if run is not None and known.verdict is Verdict.USAGE:
                run.drop()
            elif run is not None:
                run.finish(began.finish(report, target=target), output.secrets)
            raise
    report = began.finish(report, target=target)
    return recorded(run, report, output) if run is not None else report


@dataclass(frozen=True, slots=True)
class After:
    """Where on its way out a run was stopped, and the next step where that is not the error's."""

    when: str
    hint: str = ""


_JUDGED = After("after it was judged")
_RECORDING = After("while it was recorded")
TEARDOWN = After("during the teardown", "`ccci sweep leftovers` removes what stays")


def stopped(
    command: str,
    error: CcciError | Interrupted,
    decided: Report | None,
    after: After,
    steps: Sequence[Step] = (),
) -> Report:
    """Return the report of a run that was stopped: what it had come to, else what stopped it.

    `steps` are those until then.
    """
    return failed(command, error, steps) if decided is None else kept(decided, error, after)


def raised(error: CcciError | Interrupted) -> bool:
    """Say whether it is raised again once it is recorded: as wrong usage, or the bug that it is."""
    return error.verdict in {Verdict.USAGE, Verdict.BUG}


def meaning(error: BaseException) -> CcciError | Interrupted:
    """Return what stopped a run: as it was raised, as what is behind it, or as a bug."""
    if isinstance(error, CcciError):
        return error
    return (
        interrupts.behind(error)
        or (of_the_machine(error) if isinstance(error, Exception) else None)
        or _bug(error)
    )


def _bug(error: BaseException) -> CcciError:
    found = CcciError(f"ccci met a bug: {type(error).__name__}", "report it with the traceback")
    found.verdict = Verdict.BUG
    return found


def recorded(run: Run, report: Report, output: Output, output_folder: Path | None = None) -> Report:
    """Record a report, and return it with what of the record could not be written.

    What was found stands, should a signal come in the middle of it.
    """
    try:
        return _written(run, report, output, output_folder)
    except Interrupted as error:
        report = kept(report, error, _RECORDING)
        return _written(run, report, output, output_folder)


def _written(run: Run, report: Report, output: Output, output_folder: Path | None) -> Report:
    told = len(run.trouble)
    report = replace(report.noting(*run.trouble), run=RunFolder(run.id, str(run.folder)))
    report = run.finish(report, output.secrets)
    if output_folder is not None:
        artifacts.copy(run, output_folder)
    return report.noting(*mask(tuple(run.trouble[told:]), output.secrets))


def kept(decided: Report, error: CcciError | Interrupted, after: After) -> Report:
    """Return what a run had come to before something stopped it on its way out."""
    what = f"{error.message} {after.when}"
    if decided.verdict.passed and not isinstance(error, Interrupted):
        return decided.spoilt(error.verdict, what, after.hint or error.hint)
    report = decided.noting(f"{what}: {after.hint}" if after.hint else what)
    return replace(report, signal=error.signal_number) if isinstance(error, Interrupted) else report


def failed(command: str, error: CcciError | Interrupted, steps: Sequence[Step] = ()) -> Report:
    """Return what stopped a run as its report; `steps` are those until then."""
    summary, hint, number = error.message, error.hint, None
    if isinstance(error, Interrupted):
        summary = f"{error.message} {_how_far(steps)}"
        number = error.signal_number
        if command in _DEPLOYING:  # nothing else makes what could be left
            hint = _AFTER_A_HURRIED_ONE if interrupts.hurried() else _AFTER_A_SIGNAL
    return Report(command, error.verdict, summary, hint=hint, signal=number)


def _how_far(steps: Sequence[Step]) -> str:
    """Return in words where a run was when a signal came, and what was judged by then."""
    during = [each.name for each in steps if each.status is Status.FAILED and each.name != _LAST]
    known = [f"{each.name}: {each.reason}" for each in steps if _judged(each)]
    when = f"during {during[-1]}" if during else "before anything was judged"
    return "; known so far: ".join([when, *([", ".join(known)] if known else [])])


_LAST = "teardown"


def _judged(step: Step) -> bool:
    return step.name.endswith(" deploy") and step.status is Status.PASSED
