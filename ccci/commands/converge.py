"""`ccci converge`: run COMMAND and follow every service of a stack to a verdict."""

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from ccci import clock, config
from ccci.convergence import Options, follow, take_baseline
from ccci.durations import seconds
from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.live import view_for
from ccci.output import Output
from ccci.process import Running
from ccci.report import Report
from ccci.swarm.baseline import Baseline, from_document, to_document


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    stack: str
    command: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    baseline: Path | None = None
    save_baseline: Path | None = None
    trace: Path | None = None


def converge(
    ctx: typer.Context,
    stack: Annotated[
        str, typer.Argument(metavar="STACK", help="The stack's name.", show_default=False)
    ],
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- COMMAND…]",
            help="What deploys. Without it: follow what is in flight, or judge what is there.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(
            envvar=config.variables("TIMEOUT"),
            help="The deadline, like 90s or 20m (default: derived from the services' own numbers).",
        ),
    ] = None,
    soak: Annotated[
        str | None,
        typer.Option(
            envvar=config.variables("SOAK"),
            help="How long every task must have been running (default: derived, 5 s to 60 s).",
        ),
    ] = None,
    fail_fast: Annotated[
        bool,
        typer.Option(
            "--fail-fast",
            envvar=config.variables("FAIL_FAST"),
            help="Stop at the first failing service; do not wait for a rollback to end.",
        ),
    ] = False,
    service: Annotated[
        list[str] | None,
        typer.Option(
            help="Judge only this service, as named in the compose file; repeatable.",
            show_default=False,
        ),
    ] = None,
    save_baseline: Annotated[
        Path | None,
        typer.Option(
            envvar=config.variables("SAVE_BASELINE"),
            help="Write what the stack is now to this file, and end.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            envvar=config.variables("BASELINE"),
            help="Judge against a baseline saved before the deploy.",
        ),
    ] = None,
    allow_untouched: Annotated[
        bool,
        typer.Option(
            "--allow-untouched",
            envvar=config.variables("ALLOW_UNTOUCHED"),
            help="Accept a COMMAND that changes no service of STACK.",
        ),
    ] = False,
    trace: Annotated[
        Path | None,
        typer.Option(
            envvar=config.variables("TRACE"),
            help="Write every raw answer of the Engine to this file, secrets masked.",
        ),
    ] = None,
) -> int:
    """Take a baseline, run COMMAND, and follow every service of STACK to a verdict.

    Exits 0 only when the tasks that serve are the ones that were asked for, and stay.
    """
    output: Output = ctx.obj
    asked = Asked(
        stack,
        tuple(command or ()),
        Options(
            timeout=seconds(timeout, "--timeout"),
            soak=seconds(soak, "--soak"),
            fail_fast=fail_fast,
            services=frozenset(config.values("SERVICE", service)),
            allow_untouched=allow_untouched,
        ),
        baseline,
        save_baseline,
        trace,
    )
    return output.report(judge(asked, output))


def judge(asked: Asked, output: Output) -> Report:
    """Return the report of a stack's rollout. Raise CcciError when it cannot be judged at all."""
    _check(asked)
    known = _load(asked.baseline) if asked.baseline else None
    if known is not None and known.stack != asked.stack:
        raise UsageError(
            f"{asked.baseline} is a baseline of {known.stack}, not of {asked.stack}",
            "give the stack that it was saved of",
        )
    from ccci.swarm.engine import Engine

    started_at = clock.now()
    with Engine.connect() as engine:
        if asked.save_baseline is not None:
            return _saved(take_baseline(engine, asked.stack), asked.save_baseline, started_at)
        if known is None and asked.command:
            known = take_baseline(engine, asked.stack)
        environment = {**os.environ, **engine.environment()}

        def start() -> Running:
            return Running(
                asked.command,
                lines=output.command_line,
                error_lines=output.command_error,
                env=environment,
            )

        with ExitStack() as cleanup:
            trace = None
            if asked.trace is not None:
                from ccci.swarm.trace import Trace

                trace = cleanup.enter_context(Trace(asked.trace, stack=asked.stack))
            outcome = follow(
                engine,
                asked.stack,
                baseline=known,
                options=asked.options,
                view=view_for(output),
                start=start if asked.command else None,
                trace=trace,
            )
    return Report(
        command="converge",
        verdict=outcome.verdict,
        summary=outcome.summary,
        target=asked.stack,
        stack=asked.stack,
        started_at=started_at,
        finished_at=clock.now(),
        services=outcome.services,
        hint=outcome.hint,
        notes=outcome.notes,
        exit_code_override=outcome.exit_code,
        extra=outcome.extra,
    )


def _check(asked: Asked) -> None:
    if not asked.stack.strip() or asked.stack.startswith("-"):
        raise UsageError(f"{asked.stack!r} is no stack's name", "see `docker stack ls`")
    if asked.save_baseline is not None and (asked.command or asked.baseline):
        raise UsageError(
            "--save-baseline only saves: it takes neither COMMAND nor --baseline",
            "save first, deploy, then `ccci converge STACK --baseline FILE`",
        )


def _load(path: Path) -> Baseline:
    try:
        return from_document(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CcciError(
            f"the baseline {path} cannot be read: {error.strerror}",
            "make one with `ccci converge STACK --save-baseline FILE` before the deploy",
        ) from None
    except ValueError:
        return from_document(None)


def _saved(baseline: Baseline, path: Path, started_at: str) -> Report:
    try:
        path.write_text(json.dumps(to_document(baseline), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CcciError(
            f"the baseline cannot be written to {path}: {error.strerror}", "give another file"
        ) from None
    count = len(baseline.services)
    return Report(
        command="converge",
        verdict=Verdict.UNCHANGED,
        summary=f"saved the baseline of {baseline.stack} ({count} services) to {path}",
        target=baseline.stack,
        stack=baseline.stack,
        started_at=started_at,
        finished_at=clock.now(),
    )
