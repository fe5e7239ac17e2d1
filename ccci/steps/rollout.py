"""A deploy, followed to its verdict: what the deployer says is run, and the judge watches."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.deployers import App, Deployment
from ccci.deployers.protocol import Deployer
from ccci.errors import CcciError
from ccci.host.masking import masked
from ccci.host.process import Running
from ccci.host.terminal_text import plain
from ccci.records.log_file import LogFile
from ccci.steps.follow import Options, Outcome, follow
from ccci.swarm.baseline import Baseline, named, take
from ccci.swarm.engine.client import Engine
from ccci.swarm.watching.trace import Trace
from ccci.swarm.watching.watch import Opens, Watch
from ccci.terminal.live import view_for
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Rolled:
    """A deploy that was followed: from what, by what, to which outcome."""

    baseline: Baseline
    deployment: Deployment
    outcome: Outcome


def roll(
    engine: Engine,
    deployer: Deployer,
    app: App,
    deployment: Deployment,
    options: Options,
    output: Output,
    log_file: Path,
    trace_file: Path,
    recorded: Mapping[str, str],
    *,
    opens: Opens = Watch,
) -> Rolled:
    """Take a baseline, deploy, and follow the stack to its verdict.

    What the deployer prints is added to `log_file`, without its secrets. `recorded` names the
    commit of each spec that this run set before; `opens` gives the watch.
    """
    with ExitStack() as cleanup:
        log = LogFile(log_file)
        cleanup.callback(log.close)
        untraced: list[str] = []
        trace = _trace(trace_file, app, engine, untraced, cleanup)
        watch = cleanup.enter_context(opens(engine, app.stack, trace=trace, samples=options.sample))
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
                env=deployment.env,
                cwd=deployment.cwd,
                lines=keep,
                masks=lambda: deployment.masks,
                terminal=deployment.terminal,
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
