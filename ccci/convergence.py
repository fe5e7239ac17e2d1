"""The step that converge, deploy and upgrade share: start COMMAND, follow the stack, judge it."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from ccci import clock, interrupts
from ccci.errors import Interrupted
from ccci.exits import Verdict
from ccci.process import Running
from ccci.report import ServiceReport
from ccci.swarm import account
from ccci.swarm.baseline import Baseline, take
from ccci.swarm.hints import hint_for
from ccci.swarm.model import CauseCode, Observation
from ccci.swarm.notes import notes
from ccci.swarm.rollout import Policy, Rollout, advance, begin, stop

if TYPE_CHECKING:
    from ccci.swarm.engine import Engine
    from ccci.swarm.trace import Trace

EVIDENCE_PATIENCE = 2.0

_REFUSALS: tuple[tuple[str, CauseCode], ...] = (
    # swarmkit controlapi/config.go and secret.go.
    ("only updates to Labels are allowed", CauseCode.CONFIG_IMMUTABLE),
    # swarmkit manager/state/store: ErrSequenceConflict.
    ("update out of sequence", CauseCode.CONFLICT),
)


class View(Protocol):
    """Where progress is shown."""

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Show the latest look and what it means."""

    def close(self) -> None:
        """Leave the terminal as it was."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose, in seconds; None is derived from the recipe."""

    timeout: float | None = None
    soak: float | None = None
    fail_fast: bool = False
    services: frozenset[str] = frozenset()
    allow_untouched: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stack's rollout ended.

    `rollout` is the judge's whole memory (its tracks know each service's target, its tasks and
    its states); `command_code` is COMMAND's exit code, None when there was none or we ended it.
    `refusal` is the cause that COMMAND's own words show, when the Engine refused it.
    """

    verdict: Verdict
    summary: str
    rollout: Rollout
    services: tuple[ServiceReport, ...] = ()
    hint: str = ""
    notes: tuple[str, ...] = ()
    command_code: int | None = None
    refusal: CauseCode | None = None
    exit_code: int | None = None
    """Set only where it differs from the verdict's own: 143 after SIGTERM."""

    @property
    def extra(self) -> dict[str, Any]:
        """Return the keys that a report of this outcome has besides the common ones."""
        return {
            "command_exit_code": self.command_code,
            "deadline": self.rollout.arithmetic,
            "refusal": self.refusal.value if self.refusal else None,
        }


def take_baseline(engine: "Engine", stack: str) -> Baseline:
    """Return what a stack is now. Raise EngineUnavailable when it cannot be seen."""
    from ccci.swarm.watch import Watch

    with Watch(engine, stack) as watch:
        return take(stack, watch.look())


def follow(
    engine: "Engine",
    stack: str,
    *,
    baseline: Baseline | None,
    options: Options,
    view: View,
    start: Callable[[], Running] | None = None,
    trace: "Trace | None" = None,
    excuses: Callable[[int, str], bool] = lambda _code, _output: False,
) -> Outcome:
    """Follow a stack to its verdict, and COMMAND with it, which `start` starts.

    Events are subscribed to before COMMAND starts. COMMAND is ended at a failing verdict and at the
    deadline. `excuses` says whether a failure of COMMAND (code, last output) is only impatience, so
    that a good verdict of ours stands. An interrupt ends it with what was known. Raise
    EngineUnavailable when the Engine refuses us for good.
    """
    from ccci.swarm.watch import Watch

    policy = Policy(options.timeout, options.soak, options.fail_fast, options.services)
    rollout = begin(baseline, policy, clock.monotonic())
    interrupted: Interrupted | None = None
    code: int | None = None
    output = ""
    with ExitStack() as cleanup:
        cleanup.callback(view.close)
        watch = cleanup.enter_context(Watch(engine, stack, trace=trace))
        command = start() if start else None
        if command is not None:
            watch.command = command
            cleanup.callback(command.end)
        try:
            for seen in watch.observations():
                interrupts.check()
                rollout = advance(rollout, seen)
                watch.wake_at = rollout.ripe_at
                view.show(rollout, seen)
                if rollout.verdict or rollout.lost or _nothing_to_follow(rollout, options, command):
                    break
        except Interrupted as stopped:
            interrupted = stopped
        if command is not None:
            code = command.code
            command.end()
            output = command.output
        failing = [task for each in rollout.judgements for task in each.tasks_at_fault]
        if failing:
            watch.settle_evidence(EVIDENCE_PATIENCE)
        evidence = dict(watch.evidence)
    if interrupted is not None:
        return _interrupted(rollout, interrupted, evidence, code)
    rollout = stop(rollout)
    reports = account.services(rollout, evidence)
    outcome = Outcome(
        rollout.verdict or Verdict.UNABLE,
        account.summary(rollout, reports),
        rollout,
        reports,
        notes=notes(rollout),
        command_code=code,
        refusal=_refusal(output) if code else None,
    )
    return _with_command(outcome, stack, options, output, excuses)


def _nothing_to_follow(rollout: Rollout, options: Options, command: Running | None) -> bool:
    """Say whether waiting is pointless: COMMAND touched nothing, or there is no such stack."""
    if not rollout.command_ended or rollout.last is None or rollout.unreachable_since is not None:
        return False
    if command is not None and not rollout.touched:
        return not options.allow_untouched or bool(command.code) or not rollout.judgements
    return not rollout.judgements


def _with_command(
    outcome: Outcome,
    stack: str,
    options: Options,
    output: str,
    excuses: Callable[[int, str], bool],
) -> Outcome:
    """Return the outcome with COMMAND's own end taken into account (design section 7)."""
    rollout, code = outcome.rollout, outcome.command_code
    if rollout.lost is not None:
        return replace(
            outcome,
            verdict=Verdict.UNABLE,
            summary=f"the Engine is out of reach: {rollout.lost}",
            hint="see whether its daemon runs (`docker info`), then run `ccci converge` again",
        )
    if code is not None and not rollout.touched and (code or not options.allow_untouched):
        # Nothing was waited for, so that nothing can be said of the services.
        return _untouched(replace(outcome, services=()), stack, code, output)
    if rollout.verdict is None:
        return _nothing_there(outcome, stack, options)
    return _judged_with_command(outcome, code, output, excuses) if code else outcome


def _untouched(outcome: Outcome, stack: str, code: int, output: str) -> Outcome:
    if code:
        return _deploy_failed(outcome, f"COMMAND exited with {code} and changed no service", output)
    return replace(
        outcome,
        verdict=Verdict.UNABLE,
        summary=f"COMMAND did not touch {stack}: it changed no service of it",
        hint="check the stack's name; --allow-untouched accepts a COMMAND that changes nothing",
    )


def _judged_with_command(
    outcome: Outcome, code: int, output: str, excuses: Callable[[int, str], bool]
) -> Outcome:
    """Return the outcome of services that were judged, while COMMAND itself failed."""
    if not outcome.verdict.passed:
        return replace(outcome, notes=(*outcome.notes, f"COMMAND exited with {code}"))
    if excuses(code, output):
        note = f"COMMAND exited with {code} out of impatience; the verdict is ours"
        return replace(outcome, notes=(*outcome.notes, note))
    return _deploy_failed(
        outcome, f"COMMAND exited with {code}, though what it changed does run", output
    )


def _deploy_failed(outcome: Outcome, summary: str, output: str) -> Outcome:
    refusal = outcome.refusal
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    return replace(
        outcome,
        verdict=Verdict.DEPLOY_FAILED,
        summary=f"{summary}: {last}" if last else summary,
        hint=hint_for(refusal) if refusal else "read what it printed, mend that, and deploy again",
    )


def _nothing_there(outcome: Outcome, stack: str, options: Options) -> Outcome:
    baseline = outcome.rollout.baseline
    if options.services:
        names = ", ".join(sorted(options.services))
        return replace(
            outcome,
            summary=f"{stack} has no service {names}",
            hint="see `docker stack services`; --service takes names as in the compose file",
        )
    if baseline is not None and baseline.services:
        return replace(outcome, verdict=Verdict.REMOVED, summary=f"the stack {stack} is gone")
    return replace(
        outcome,
        summary=f"there is no stack {stack} on this Engine",
        hint="check its name with `docker stack ls`, and DOCKER_HOST or the docker context",
    )


def _refusal(output: str) -> CauseCode | None:
    return next((code for text, code in _REFUSALS if text in output), None)


def _interrupted(
    rollout: Rollout, stopped: Interrupted, evidence: dict[str, Any], code: int | None
) -> Outcome:
    rollout = stop(rollout)
    known = "; ".join(f"{each.name}: {each.phase}" for each in rollout.judgements)
    return Outcome(
        Verdict.INTERRUPTED,
        f"{stopped.message} before the end; known so far: {known or 'nothing'}",
        rollout,
        account.services(rollout, evidence),
        hint="`ccci converge` without COMMAND follows what is still in flight",
        command_code=code,
        exit_code=stopped.exit_code,
    )
