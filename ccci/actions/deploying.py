"""A run that deploys: in a workspace of its own, from its beginning to its record."""

from collections.abc import Callable

from ccci import settings
from ccci.actions.finished import Began, engine_of
from ccci.actions.recorded import TEARDOWN, meaning, raised, recorded, stopped
from ccci.errors import Interrupted
from ccci.recipe.source import Source
from ccci.records import artifacts, runs
from ccci.records.places import refuse_tracked_place
from ccci.report.model import Report
from ccci.report.parts import EngineOf
from ccci.steps import Steps
from ccci.steps.workspace import Choices, Workspace, opened
from ccci.terminal.output import Output


def record(
    command: str,
    source: Source,
    choices: Choices,
    output: Output,
    body: Callable[[Workspace], Report],
) -> Report:
    """Open a workspace, let `body` work there, and record what came of it.

    An error of ours is a report as well, with the steps until then; only a usage error is raised.
    """
    steps = Steps(output)
    if choices.output_folder is not None:
        refuse_tracked_place(choices.output_folder, "--output")
    began = Began()
    run = runs.begin(settings.runs_folder(), command, source.recipe, recipe=source.recipe)
    engine: EngineOf | None = None
    if choices.output_folder is not None:
        artifacts.clear(choices.output_folder)
    decided: list[Report] = []
    try:
        with opened(run, source, choices, steps, output) as workspace:
            engine = engine_of(workspace.engine)
            decided = workspace.decided
            report = body(workspace)
    except (Exception, Interrupted) as error:
        known = meaning(error)
        report = stopped(command, known, decided[-1] if decided else None, TEARDOWN, steps.done)
        if raised(known):  # what was known by then is in the record
            run.finish(began.finish(report, engine=engine), output.secrets)
            raise
    report = began.finish(
        report,
        target=run.record.domain or source.recipe,
        stack=run.record.stack,
        deployer=run.record.deployer,
        engine=engine,
        steps=tuple(steps.done),
    )
    return recorded(run, report, output, choices.output_folder)
