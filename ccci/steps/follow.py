"""The step that converge, deploy and upgrade share: start COMMAND, follow the stack, judge it."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

from ccci.errors import Interrupted
from ccci.host import interrupts
from ccci.report import chronicle, of_rollout
from ccci.report.timeline import Timeline
from ccci.steps import outcome as outcomes
from ccci.steps.outcome import Options, Outcome, Said
from ccci.swarm.baseline import Baseline, take
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.rollout import Rollout, advance, begin
from ccci.swarm.judge.stopping import cut_short
from ccci.swarm.model import Observation
from ccci.swarm.watching.protocol import End, ServiceEnd, Started, Watching
from ccci.swarm.watching.watch import observe

__all__ = ["Options", "Outcome", "follow", "take_baseline"]

EVIDENCE_PATIENCE = 2.0
COMMAND_PATIENCE = 10.0
"""Seconds that COMMAND has for its end once it was asked to."""

_OVERTIME = 2.0
"""Seconds after the deadline for COMMAND's end, and for evidence: the end comes within five."""

_LEAST_PATIENCE = 0.7


class View(Protocol):
    """Where progress is shown."""

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Show the latest look and what it means."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Unseen:
    """The view of those who only want the outcome."""

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


def take_baseline(engine: Engine, stack: str) -> Baseline:
    """Return what a stack is now. Raise EngineUnavailable when it cannot be seen."""
    return take(stack, observe(engine, stack))


def follow(
    watch: Watching,
    *,
    baseline: Baseline | None,
    options: Options,
    view: View | None = None,
    start: Callable[[], Started] | None = None,
    excuses: Callable[[int, str], bool] = lambda _code, _output: False,
) -> Outcome:
    """Follow a stack to its verdict, and COMMAND with it, which `start` starts.

    The watch has subscribed to events already, so that nothing which COMMAND does is missed.
    COMMAND is ended at a failing verdict and at the deadline. `excuses` says whether a failure of
    COMMAND (code, last output) is only impatience, so that a good verdict of ours stands. An
    interrupt ends it with what was known. How it begins and ends is recorded with the watch. Raise
    EngineUnavailable when the Engine refuses us for good.
    """
    rollout = begin(baseline, options.policy, watch.now())
    view = view or Unseen()
    watch.begin(rollout)
    watch.deadline = rollout.ends_at
    interrupted: Interrupted | None = None
    ended: tuple[int | None, Said] | None = None
    timeline = Timeline()
    with ExitStack() as cleanup:
        cleanup.callback(view.close)
        command = start() if start else None
        if command is not None:
            watch.command = command
            cleanup.callback(command.end)
        try:
            for seen in watch.observations():
                interrupts.check()
                rollout = advance(rollout, seen)
                timeline = chronicle.advance(timeline, rollout, seen)
                watch.wake_at, watch.deadline = rollout.ripe_at, rollout.ends_at
                view.show(rollout, seen)
                if rollout.verdict or rollout.lost or _nothing_to_follow(rollout, options, command):
                    break
            ended = _ended(command, excuses, watch)
            if any(each.tasks_at_fault for each in rollout.judgements):
                watch.settle_evidence(_left(watch, EVIDENCE_PATIENCE))
        except Interrupted as stopped:
            interrupted = stopped
        code, said = ended or _ended(command, excuses, watch)
        evidence, memory = dict(watch.evidence), dict(watch.memory)
    if interrupted is not None:
        rollout = cut_short(rollout)
    if interrupted is not None and rollout.verdict is None:
        outcome = outcomes.interrupted(rollout, watch.stack, interrupted, evidence, code)
    else:
        outcome = outcomes.judged(rollout, watch.stack, options, evidence, code, said)
    if interrupted is not None:
        note = f"{interrupted.message} before every service was judged and all evidence collected"
        notes_ = outcome.notes if rollout.verdict is None else (*outcome.notes, note)
        outcome = replace(outcome, signal=interrupted.signal_number, notes=notes_)
    watch.end(_end(outcome))
    timeline = chronicle.finish(timeline, rollout, evidence, memory)
    told = of_rollout.with_memory(outcome.services, timeline)
    return replace(outcome, services=told, timeline=timeline)


def _left(watch: Watching, patience: float) -> float:
    """Return how many of these seconds there are: every end comes soon after the deadline."""
    if watch.deadline is None:
        return patience
    return min(patience, max(_LEAST_PATIENCE, watch.deadline + _OVERTIME - watch.now()))


def _ended(
    command: Started | None, excuses: Callable[[int, str], bool], watch: Watching
) -> tuple[int | None, Said]:
    """End COMMAND, and return the code that it had by then and what it said."""
    if command is None:
        return None, Said("", "")
    code = command.code
    command.end(_left(watch, COMMAND_PATIENCE))
    output = command.output
    return code, Said(output, command.reason, excused=bool(code) and excuses(code or 0, output))


def _end(outcome: Outcome) -> End:
    return End(
        outcome.verdict,
        outcome.rollout.verdict,
        {
            each.name: ServiceEnd(each.verdict, each.cause.code if each.cause else None)
            for each in outcome.services
        },
        outcome.signal,
    )


def _nothing_to_follow(rollout: Rollout, options: Options, command: Started | None) -> bool:
    """Say whether waiting is pointless: COMMAND touched nothing, or there is no such stack."""
    if not rollout.command_ended or rollout.last is None or rollout.unreachable_since is not None:
        return False
    if command is not None and not rollout.touched:
        return not options.allow_untouched or bool(command.code) or not rollout.judgements
    return not rollout.judgements
