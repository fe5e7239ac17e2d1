"""A deploy, followed to its verdict: what the deployer says is run, and the judge watches."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccci import convergence
from ccci.convergence import Options, Outcome
from ccci.deployers import App, Deployer, Deployment
from ccci.live import view_for
from ccci.masking import masked
from ccci.output import Output
from ccci.plaintext import plain
from ccci.process import Running
from ccci.swarm.baseline import Baseline, named
from ccci.swarm.engine import Engine


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
) -> Rolled:
    """Take a baseline, deploy, and follow the stack to its verdict.

    What the deployer prints is added to `log_file`, without its secrets. `recorded` names the
    commit of each spec that this run set before.
    """
    from ccci.swarm.trace import Trace

    baseline = named(convergence.take_baseline(engine, app.stack), recorded)
    with (
        Trace(trace_file, stack=app.stack, engine=engine.host) as trace,
        log_file.open("a", encoding="utf-8") as log,
    ):
        trace.keep_secret(deployment.masks)

        def keep(line: str) -> None:
            said = masked(plain(line), deployment.masks)
            log.write(f"{said}\n")
            output.detail(said)

        def start() -> Running:
            return Running(
                deployment.argv,
                env=deployment.env,
                cwd=deployment.cwd,
                lines=keep,
                terminal=deployment.terminal,
            )

        outcome = convergence.follow(
            engine,
            app.stack,
            baseline=baseline,
            options=options,
            view=view_for(output),
            start=start,
            trace=trace,
            excuses=deployer.excuses,
        )
    return Rolled(baseline, deployment, outcome)
