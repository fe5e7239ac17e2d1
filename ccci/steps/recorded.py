"""A run from its beginning to its record: whatever ends it becomes a report."""

from collections.abc import Callable
from dataclasses import replace

from ccci import artifacts, clock, config, runs
from ccci.errors import CcciError, Interrupted
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report
from ccci.runs import Run
from ccci.source import Source
from ccci.steps import Steps
from ccci.steps.site import Choices, Site, opened


def record(
    command: str,
    source: Source,
    choices: Choices,
    output: Output,
    body: Callable[[Site], Report],
) -> Report:
    """Open a site, let `body` work there, and record what came of it.

    An error of ours is a report as well, with the steps until then; only a usage error is raised.
    """
    steps = Steps(output)
    run = runs.begin(config.runs_folder(), command, source.recipe, recipe=source.recipe)
    started = clock.now()
    if choices.output_folder is not None:
        artifacts.clear(choices.output_folder)
    try:
        with opened(run, source, choices, steps, output) as place:
            report = body(place)
    except (CcciError, Interrupted) as error:
        report = failed(command, error)
        if error.verdict is Verdict.USAGE:
            run.finish(report)
            raise
    report = _completed(report, run, source, steps, started)
    run.finish(report)
    if choices.output_folder is not None:
        artifacts.copy(run, choices.output_folder)
    return report


def failed(command: str, error: CcciError | Interrupted) -> Report:
    """Return what stopped a run as its report."""
    hint = error.hint
    if isinstance(error, Interrupted):
        hint = "run it again; `ccci sweep leftovers --dry-run` says whether anything stayed"
    return Report(
        command, error.verdict, error.message, hint=hint, exit_code_override=error.exit_code
    )


def _completed(report: Report, run: Run, source: Source, steps: Steps, started: str) -> Report:
    return replace(
        report,
        target=run.record.domain or source.recipe,
        stack=run.record.stack,
        deployer=run.record.deployer,
        started_at=started,
        finished_at=clock.now(),
        steps=tuple(steps.done),
        notes=(*report.notes, *run.trouble),
        extra={**report.extra, "run": run.id, "folder": str(run.folder)},
    )
