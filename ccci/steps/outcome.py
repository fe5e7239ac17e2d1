"""What a rollout came to, COMMAND's own end taken into account. Pure."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite

from ccci.errors import Interrupted
from ccci.exits import Verdict
from ccci.report import of_rollout, unfinished
from ccci.report.model import ServiceReport
from ccci.report.notes import notes
from ccci.report.parts import Followed
from ccci.report.timeline import Timeline
from ccci.swarm.judge.refusals import refusal
from ccci.swarm.judge.rollout import Policy, Rollout
from ccci.swarm.judge.stopping import cut_short, stop
from ccci.swarm.model import CauseCode, Evidence
from ccci.swarm.nearby import listed


@dataclass(frozen=True, slots=True)
class Options:
    """What the user chose, in seconds; None is derived from the recipe."""

    timeout: float | None = None
    soak: float | None = None
    fail_fast: bool = False
    services: frozenset[str] = frozenset()
    allow_untouched: bool = False
    brief: bool = False
    sample: bool = True
    """Whether the memory of tasks is sampled on the way."""

    @property
    def policy(self) -> Policy:
        """Return what of it the judge goes by."""
        return Policy(
            timeout=self.timeout,
            soak=self.soak,
            fail_fast=self.fail_fast,
            services=self.services,
            brief=self.brief,
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What COMMAND printed: its last lines, the one that tells why it failed, and what of it."""

    output: str
    reason: str
    excused: bool = False
    """Its failure is only impatience: a good verdict of ours stands."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stack's rollout ended."""

    verdict: Verdict
    summary: str
    rollout: Rollout
    """The judge's whole memory: each service's target, its tasks and its states."""
    services: tuple[ServiceReport, ...] = ()
    hint: str = ""
    notes: tuple[str, ...] = ()
    command_code: int | None = None
    """COMMAND's exit code; None when there was none or we ended it."""
    refusal: CauseCode | None = None
    """The cause that COMMAND's own words show, when the Engine refused it."""
    signal: int | None = None
    """The number of the signal that cut it short."""
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def may_ask(self) -> bool:
        """Say whether more may be asked of the Engine: it answers, and nobody wants us to end."""
        return self.signal is None and self.rollout.lost is None

    @property
    def followed(self) -> Followed:
        """Return what a report of this outcome has besides what every report has."""
        rollout = self.rollout
        seconds = rollout.deadline_at - rollout.started_at
        soaks = [each.soak for each in self.services if each.soak is not None]
        return Followed(
            self.command_code,
            rollout.arithmetic,
            seconds if isfinite(seconds) else None,
            max(soaks, default=None),
            self.refusal,
        )


def judged(
    rollout: Rollout,
    stack: str,
    options: Options,
    evidence: Mapping[str, Evidence],
    code: int | None,
    said: Said,
) -> Outcome:
    """Return what a rollout came to that was followed to its end."""
    # Of what could not be followed on nobody knows what it would have come to.
    rollout = cut_short(rollout) if rollout.lost is not None else stop(rollout)
    reports = of_rollout.services(rollout, evidence)
    outcome = Outcome(
        rollout.verdict or Verdict.UNABLE,
        of_rollout.summary(rollout, reports),
        rollout,
        reports,
        notes=notes(rollout, said.output if code else ""),
        command_code=code,
        refusal=refusal(said.reason, said.output).cause if code else None,
    )
    return _with_command(outcome, stack, options, said)


def _with_command(outcome: Outcome, stack: str, options: Options, said: Said) -> Outcome:
    """Return the outcome with COMMAND's own end taken into account."""
    rollout, code = outcome.rollout, outcome.command_code
    if rollout.lost is not None:
        return replace(
            outcome,
            verdict=Verdict.UNABLE,
            summary=unfinished.out_of_reach(rollout.lost),
            hint=f"see whether its daemon runs (`docker info`), then `ccci converge "
            f"{shlex.quote(stack)}` follows it on",
        )
    if code is not None and not rollout.touched and (code or not options.allow_untouched):
        # Nothing was waited for, so that nothing can be said of the services.
        return _untouched(replace(outcome, services=()), stack, code, said)
    if rollout.verdict is None:
        return _nothing_there(outcome, stack, options)
    if code:
        return _judged_with_command(outcome, code, said)
    return _add_removed(outcome)


def _add_removed(outcome: Outcome) -> Outcome:
    """Return the outcome of a COMMAND that did its work, which may have been to remove."""
    rollout = outcome.rollout
    removed = rollout.removed_by_command
    if outcome.verdict is Verdict.REMOVED and removed:
        what = f"{', '.join(removed)} {'is' if len(removed) == 1 else 'are'} gone"
        return replace(
            outcome,
            summary=f"{what}: COMMAND removed {'it' if len(removed) == 1 else 'them'}",
            hint="if that was not the purpose: let COMMAND deploy it again",
        )
    if outcome.verdict is Verdict.UNCHANGED and rollout.dropped:
        # It did change something, if none of what is left.
        who = "COMMAND" if rollout.with_command else "the deploy"
        words = f"{who} removed {', '.join(rollout.dropped)}; {outcome.summary}"
        return replace(outcome, summary=words)
    return outcome


def _untouched(outcome: Outcome, stack: str, code: int, said: Said) -> Outcome:
    if code:
        return _deploy_failed(outcome, unfinished.untouched(code), said)
    return replace(
        outcome,
        verdict=Verdict.UNABLE,
        summary=f"COMMAND did not touch {stack}: it changed no service of it",
        hint="check the stack's name; --allow-untouched accepts a COMMAND that changes nothing",
    )


def _judged_with_command(outcome: Outcome, code: int, said: Said) -> Outcome:
    """Return the outcome of services that were judged, while COMMAND itself failed."""
    removed = outcome.rollout.removed_by_command
    if outcome.verdict is Verdict.REMOVED and removed:
        what = f"COMMAND removed {', '.join(removed)}, and then exited with {code}"
        return _deploy_failed(outcome, what, said)
    if not outcome.verdict.passed:
        note = f"COMMAND exited with {code}{f': {said.reason}' if said.reason else ''}"
        return replace(outcome, notes=(*outcome.notes, note))
    if said.excused:
        note = f"COMMAND exited with {code} out of impatience; the verdict is ours"
        return replace(outcome, notes=(*outcome.notes, note))
    what = f"COMMAND exited with {code}, though what it changed does run"
    if dropped := ", ".join(outcome.rollout.dropped):
        what = f"COMMAND removed {dropped}, and exited with {code}, though what is left does run"
    return _deploy_failed(outcome, what, said)


def _deploy_failed(outcome: Outcome, summary: str, said: Said) -> Outcome:
    return replace(
        outcome,
        verdict=Verdict.DEPLOY_FAILED,
        summary=f"{summary}: {said.reason}" if said.reason else summary,
        hint=refusal(said.reason, said.output).hint,
    )


def _nothing_there(outcome: Outcome, stack: str, options: Options) -> Outcome:
    baseline = outcome.rollout.baseline
    seen = outcome.rollout.last
    there = [each.name for each in seen.services] if seen is not None else []
    if options.services and there:
        names = ", ".join(sorted(options.services))
        return replace(
            outcome,
            summary=f"{stack} has no service {names}",
            hint=f"it has {listed(sorted(options.services), there)}",
        )
    if baseline is not None and baseline.services:
        return replace(outcome, verdict=Verdict.REMOVED, summary=f"the stack {stack} is gone")
    return replace(
        outcome,
        summary=f"there is no stack {stack} on this Engine",
        hint="check its name with `docker stack ls`, and DOCKER_HOST or the docker context",
    )


def interrupted(
    rollout: Rollout,
    stack: str,
    stopped: Interrupted,
    evidence: Mapping[str, Evidence],
    code: int | None,
) -> Outcome:
    """Return what a rollout came to that a signal ended before anything was decided."""
    hint = unfinished.in_flight(stack)
    if rollout.with_command and not rollout.touched:
        hint = "COMMAND had changed no service by then: run it again"
    return Outcome(
        Verdict.INTERRUPTED,
        unfinished.interrupted(rollout, stopped.message),
        rollout,
        of_rollout.services(rollout, evidence),
        hint=hint,
        command_code=code,
        signal=stopped.signal_number,
    )
