"""To converge: run COMMAND, follow every service of a stack to a verdict, and say which."""

import os
import shlex
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from ccci.actions.finished import Began, engine_of
from ccci.actions.recorded import Judging, judge
from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.host import files, interrupts
from ccci.host.process import Running
from ccci.host.surroundings import Surroundings
from ccci.records import baseline_file, runs
from ccci.records.log_file import LogFile
from ccci.records.places import refuse_tracked_place
from ccci.report.model import Report
from ccci.steps.before import moved_tags
from ccci.steps.follow import COMMAND_PATIENCE, Options, Outcome, follow, take_baseline
from ccci.swarm import nearby
from ccci.swarm.baseline import Baseline, take
from ccci.swarm.decode.listed import Listed, every
from ccci.swarm.engine.client import Engine
from ccci.swarm.watching.trace import Trace
from ccci.swarm.watching.watch import Opens, Watch
from ccci.terminal.live import view_for
from ccci.terminal.output import Output

_STOPPING = f"ending COMMAND, up to {COMMAND_PATIENCE:g}s; what it changed stays"
_LOOKING = "nothing was changed"


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    stack: str
    command: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    baseline: Path | None = None
    save_baseline: Path | None = None
    trace: Path | None = None
    plan: Path | None = None
    """A plan of `ccci plan --save`: COMMAND starts only while the stack is still as it found it."""


def converge(request: Request, output: Output, *, opens: Opens = Watch) -> Report:
    """Return the report of a stack's rollout, also where it cannot be judged at all.

    `opens` gives the watch that the stack is followed by. Raise UsageError for what the command
    line alone tells wrong.
    """
    _check(request)
    known = baseline_file.load(request.baseline) if request.baseline else None
    if known is not None and known.stack != request.stack:
        raise UsageError(
            f"{request.baseline} is a baseline of {known.stack}, not of {request.stack}",
            "give the stack that it was saved of",
        )
    if request.save_baseline is not None:
        began = Began()
        with Engine.connect() as engine:
            report = _saved(take_baseline(engine, request.stack), request.save_baseline)
            return began.finish(report, engine=engine_of(engine))
    return judge(
        "converge",
        request.stack,
        output,
        lambda place: _judged(request, known, output, place, opens),
        deployed=bool(request.command),
    )


def _judged(
    request: Request, known: Baseline | None, output: Output, place: Judging, opens: Opens
) -> Report:
    with Engine.connect() as engine:
        about = engine_of(engine)
        if request.plan is not None and (moved := _moved(engine, request.plan, request.stack)):
            return replace(_outdated(request, moved), engine=about)
        environment = {**os.environ, **engine.environment()}
        with ExitStack() as cleanup:
            said = cleanup.enter_context(_Said(place.path(runs.COMMAND_LOG), output))

            def start() -> Running:
                return Running(
                    request.command,
                    lines=said.line,
                    error_lines=said.error,
                    masks=lambda: frozenset(output.secrets),
                    within=Surroundings(env=environment, reads_ours=True),
                )

            before = every(engine.services()) if request.command else ()
            trace = _trace(request, place, engine, cleanup)
            watch = cleanup.enter_context(
                opens(engine, request.stack, trace=trace, samples=request.options.sample)
            )
            if known is None and request.command:
                known = take(request.stack, watch.look())
            cleanup.enter_context(interrupts.leading_to(_STOPPING if request.command else _LOOKING))
            outcome = follow(
                watch,
                baseline=known,
                options=request.options,
                view=view_for(output),
                start=start if request.command else None,
            )
            hint = _hint(outcome, request, engine, before)
            report = place.decide(
                Report(
                    "converge",
                    outcome.verdict,
                    outcome.summary,
                    target=request.stack,
                    stack=request.stack,
                    engine=about,
                    services=outcome.services,
                    hint=hint,
                    notes=(*outcome.notes, *_moved_tags(request, engine, outcome)),
                    signal=outcome.signal,
                    rollout=outcome.followed,
                    timeline=outcome.timeline,
                )
            )
    for trouble in (*said.trouble, *([trace.trouble] if trace and trace.trouble else ())):
        place.note(trouble)
    _copy(request.trace, place)
    return report


def _hint(outcome: Outcome, request: Request, engine: Engine, before: Sequence[Listed]) -> str:
    """Return the next step; of a stack that is not the one that is meant, which may be."""
    known = outcome.verdict is not Verdict.UNABLE or outcome.services
    if known or request.options.services or not outcome.may_ask:
        return outcome.hint
    with suppress(CcciError):
        there = every(engine.services())
        moved = nearby.changed(before, there) if request.command else ()
        if moved:
            return f"it changed {', '.join(moved)}: name that as STACK"
        if request.stack not in nearby.stacks(there):
            return nearby.instead(request.stack, there) or outcome.hint
    return outcome.hint


def _moved_tags(request: Request, engine: Engine, outcome: Outcome) -> tuple[str, ...]:
    return moved_tags.notes(engine, outcome) if request.command and outcome.may_ask else ()


class _Said:
    """What COMMAND prints: passed on, and kept with the run."""

    def __init__(self, path: Path | None, output: Output) -> None:
        self._log = LogFile(path) if path is not None else None
        self._output = output

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            self._log.close()

    @property
    def trouble(self) -> tuple[str, ...]:
        """Return why what was kept is not whole."""
        return tuple(self._log.trouble) if self._log is not None else ()

    def line(self, line: str) -> None:
        """Take a line of COMMAND's standard output."""
        self._keep(line)
        self._output.command_line(line)

    def error(self, line: str) -> None:
        """Take a line of its standard error."""
        self._keep(line)
        self._output.command_error(line)

    def _keep(self, line: str) -> None:
        if self._log is not None:
            self._log.add(self._output.shown(line))


def _trace(request: Request, place: Judging, engine: Engine, cleanup: ExitStack) -> Trace | None:
    """Return the trace: where the user wants it, else with the run, if it can be written there."""
    path = request.trace or place.path(runs.TRACE)
    if path is None:
        return None
    try:
        return cleanup.enter_context(Trace(path, stack=request.stack, engine=engine.host))
    except CcciError as error:
        if request.trace is not None:
            raise
        place.note(error.message)
        return None


def _copy(trace: Path | None, place: Judging) -> None:
    """Keep a trace that the user has elsewhere with the run as well."""
    to = place.path(runs.TRACE)
    if trace is None or to is None or not trace.is_file():
        return
    try:
        shutil.copyfile(trace, to)
        to.chmod(files.PRIVATE)
    except OSError as error:
        place.note(f"the trace could not be kept with the run: {error.strerror}")


def _check(request: Request) -> None:
    if request.trace is not None:
        refuse_tracked_place(request.trace, "--trace")
    if request.plan is not None and not request.command:
        raise UsageError("--plan is for a COMMAND", "give the one that was planned after `--`")
    if not request.stack.strip() or request.stack.startswith("-"):
        raise UsageError(f"{request.stack!r} is no stack's name", "see `docker stack ls`")
    if request.save_baseline is not None and (request.command or request.baseline):
        raise UsageError(
            "--save-baseline only saves: it takes neither COMMAND nor --baseline",
            f"save first, deploy, then `ccci converge {shlex.quote(request.stack)} --baseline "
            f"{shlex.quote(str(request.save_baseline))}`",
        )


def _moved(engine: Engine, plan: Path, stack: str) -> tuple[str, ...]:
    from ccci.planning import facts, file  # noqa: PLC0415 -- only where there is a plan

    return file.moved_since(plan, stack, facts.versions(engine.services(), stack))


def _outdated(request: Request, moved: tuple[str, ...]) -> Report:
    return Report(
        "converge",
        Verdict.DISTURBED,
        f"{request.stack} is not the one that {request.plan} was planned on: "
        f"{', '.join(moved)} changed since; COMMAND was not started",
        target=request.stack,
        stack=request.stack,
        hint="plan again, read the plan, then deploy",
    )


def _saved(baseline: Baseline, path: Path) -> Report:
    baseline_file.save(baseline, path)
    return Report(
        "converge",
        Verdict.DONE,
        f"saved the baseline of {baseline.stack} ({len(baseline.services)} services) to {path}",
        target=baseline.stack,
        stack=baseline.stack,
    )
