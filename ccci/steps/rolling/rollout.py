"""A deploy, followed to its verdict: what the deployer says is run, and the judge watches."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.deployers import App, Deployment
from ccci.errors import CcciError
from ccci.host.masking import masked
from ccci.host.process import Running
from ccci.host.surroundings import Surroundings
from ccci.host.terminal_text import plain
from ccci.records import runs
from ccci.records.log_file import LogFile
from ccci.steps.before.preparation import BASE, Ready
from ccci.steps.follow import Outcome, follow
from ccci.steps.workspace import Workspace
from ccci.swarm.baseline import Baseline, named, take
from ccci.swarm.engine.client import Engine
from ccci.swarm.watching.trace import Trace
from ccci.terminal.live import view_for


@dataclass(frozen=True, slots=True)
class Rolled:
    """A deploy that was followed: from what, by what, to which outcome."""

    baseline: Baseline
    deployment: Deployment
    outcome: Outcome


def roll(workspace: Workspace, ready: Ready, why: str, recorded: Mapping[str, str]) -> Rolled:
    """Take a baseline, deploy, and follow the stack to its verdict; a base is soaked briefly.

    What the deployer prints is added to the run's log, without its secrets. `recorded` names the
    commit of each spec that this run set before.
    """
    engine, deployer, output = workspace.engine, workspace.deployer, workspace.output
    app, deployment = ready.plan.app, ready.deployment
    options = replace(workspace.choices.options, brief=why == BASE)
    trace_file = workspace.run.path(runs.BASE_TRACE if why == BASE else runs.TRACE)
    with ExitStack() as cleanup:
        log = LogFile(workspace.run.path(runs.DEPLOYER_LOG))
        cleanup.callback(log.close)
        untraced: list[str] = []
        trace = _trace(trace_file, app, engine, untraced, cleanup)
        watch = cleanup.enter_context(
            workspace.opens(engine, app.stack, trace=trace, samples=options.sample)
        )
        if trace is not None:
            trace.keep_secret(deployment.masks)
        baseline = named(take(app.stack, watch.look()), recorded)

        def keep(line: str) -> None:
            said = masked(plain(line), deployment.masks)
            log.add(said)
            output.detail(said)

        def start() -> Running:
            return Running(
                deployment.argv,
                lines=keep,
                masks=lambda: deployment.masks,
                within=Surroundings(
                    env=deployment.env, cwd=deployment.cwd, terminal=deployment.terminal
                ),
            )

        outcome = follow(
            watch,
            baseline=baseline,
            options=options,
            view=view_for(output),
            start=start,
            excuses=deployer.excuses,
        )
    if trace is not None and trace.trouble:
        untraced.append(trace.trouble)
    trouble = (*log.trouble, *untraced)
    return Rolled(baseline, deployment, replace(outcome, notes=(*outcome.notes, *trouble)))


def _trace(
    path: Path, app: App, engine: Engine, trouble: list[str], cleanup: ExitStack
) -> Trace | None:
    """Return the trace, or None where it cannot be written: evidence, and no reason to stop.

    Why it cannot is added to `trouble`.
    """
    try:
        return cleanup.enter_context(Trace(path, stack=app.stack, engine=engine.host))
    except CcciError as error:
        trouble.append(error.message)
        return None
