"""How a rollout ends: observations in, verdict out. Everything that decides is here.

Rule 1: no I/O and no clock; time is what an observation says. Rule 2: `advance` is a fold, and a
decided rollout is returned unchanged. Rule 3: what Swarm says (update status) and what runs (tasks)
are judged apart, and only both together pass.

For each service, in this order:

====================================  =========================================================
it disappeared                        removed
our update is rolling back            rolled-back once it ended, rollback-paused when it paused
our update is paused                  paused
its spec changed after COMMAND        disturbed (unless that change is Swarm's own rollback)
its status was unset mid-roll         disturbed
the orchestrator restarted            disturbed
all slots filled, soaked, completed   converged, or unchanged when nothing rolled (provisional)
a task died after `completed`         unstable
a slot will not be retried            unstable
five failures of one slot             unstable, unless Swarm is still counting
one blocker for twenty seconds        stalled
none of these                         open; timed-out at the deadline
====================================  =========================================================

Success is provisional until the whole stack has it: a service that turns bad meanwhile is judged
again. Failures stay.
"""

from dataclasses import dataclass, field, replace

from ccci.exits import Verdict, worst
from ccci.swarm import judge
from ccci.swarm.baseline import Baseline
from ccci.swarm.deadline import Deadline, derive, health_of
from ccci.swarm.memory import first, remember
from ccci.swarm.model import Judgement, Observation, Service
from ccci.swarm.slots import stopping
from ccci.swarm.track import Track, was_touched

UNREACHABLE_LIMIT = 60.0
"""Seconds without an answer from the Engine after which nothing can be said."""

COMMAND_ALLOWANCE = 300.0
"""Seconds that COMMAND may take before it first touches the stack."""


FOLLOW_ON = "it was not waited for: `ccci converge` without COMMAND follows it from here"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user chose: seconds for the deadline and the soak (None: derived), and whom."""

    timeout: float | None = None
    soak: float | None = None
    fail_fast: bool = False
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rollout:
    """The whole memory of the judge.

    `verdict` is None while open. `lost` says why nothing can be said (the Engine is out of reach).
    `dropped` names services that COMMAND removed without having updated them.
    """

    policy: Policy
    baseline: Baseline | None
    started_at: float
    tracks: dict[str, Track] = field(default_factory=dict)
    judgements: tuple[Judgement, ...] = ()
    deadline: Deadline | None = None
    touched_at: float | None = None
    orchestrator: str = ""
    restarted: bool = False
    command_ended: bool = False
    dropped: tuple[str, ...] = ()
    unreachable_since: float | None = None
    lost: str | None = None
    last: Observation | None = None
    verdict: Verdict | None = None

    @property
    def touched(self) -> bool:
        """Say whether COMMAND created, updated or removed a service of the stack."""
        return self.touched_at is not None

    @property
    def deadline_at(self) -> float:
        """Return when time is up, on the clock of the observations.

        The recipe's own time counts from COMMAND's first change; until then COMMAND has its own
        allowance, which is part of the printed arithmetic.
        """
        if self.policy.timeout is not None:
            return self.started_at + self.policy.timeout
        seconds = self.deadline.seconds if self.deadline else 0.0
        return self.started_at + self.command_seconds + seconds

    @property
    def command_seconds(self) -> float:
        """Return the seconds between the start and COMMAND's first change, at most five minutes."""
        if self.last is None or self.last.command is None:
            return 0.0
        if self.touched_at is not None:
            return min(self.touched_at - self.started_at, COMMAND_ALLOWANCE)
        return COMMAND_ALLOWANCE

    @property
    def ripe_at(self) -> float:
        """Return when time alone may decide something: a soak's end, or the deadline."""
        ripe = [each.ripe_at for each in self.judgements if each.ripe_at is not None]
        return min([*ripe, self.deadline_at])

    @property
    def arithmetic(self) -> str:
        """Return the deadline's arithmetic in words."""
        if self.policy.timeout is not None:
            return f"{self.policy.timeout:g}s given by --timeout"
        words = self.deadline.arithmetic if self.deadline else "no service yet"
        before = self.command_seconds
        if self.touched_at is None and before:
            return f"{words}; before that COMMAND has {before:g}s for its first change"
        return f"{words}; counted from COMMAND's first change at {before:.0f}s" if before else words


def begin(baseline: Baseline | None, policy: Policy, at: float) -> Rollout:
    """Return an open rollout; `at` is before COMMAND starts, on the clock of the observations."""
    orchestrator = baseline.orchestrator if baseline else ""
    return Rollout(policy, baseline, at, orchestrator=orchestrator)


def advance(rollout: Rollout, seen: Observation) -> Rollout:
    """Return the rollout after one more look; a decided one is returned unchanged."""
    if rollout.verdict is not None or rollout.lost is not None:
        return rollout
    if seen.unreachable is not None:
        return _unreachable(rollout, seen)
    ended = seen.command is None or seen.command.code is not None
    # A restart before COMMAND's first change has nothing to forget yet.
    reign = rollout.orchestrator if rollout.touched or ended else ""
    restarted = bool(reign and seen.orchestrator and seen.orchestrator != reign)
    rollout = replace(
        rollout,
        unreachable_since=None,
        orchestrator=reign or seen.orchestrator or rollout.orchestrator,
        restarted=rollout.restarted or restarted,
        command_ended=ended,
        last=seen,
    )
    rollout = _track(rollout, seen, ended=ended)
    rollout = replace(rollout, deadline=_deadline(rollout, seen))
    return _decide(rollout, seen, ended=ended)


def stop(rollout: Rollout) -> Rollout:
    """Return the rollout as it stands when the user stops it: what is open is called timed-out."""
    return replace(
        rollout,
        judgements=tuple(
            each if each.verdict else replace(each, verdict=Verdict.TIMED_OUT, hint=FOLLOW_ON)
            for each in rollout.judgements
        ),
    )


def _unreachable(rollout: Rollout, seen: Observation) -> Rollout:
    since = rollout.unreachable_since if rollout.unreachable_since is not None else seen.at
    over = seen.at - since >= UNREACHABLE_LIMIT or seen.at >= rollout.deadline_at > since
    return replace(
        rollout,
        unreachable_since=since,
        command_ended=seen.command is None or seen.command.code is not None,
        lost=seen.unreachable if over else None,
    )


def _wanted(rollout: Rollout, service: Service) -> bool:
    return not rollout.policy.services or service.name in rollout.policy.services


def _track(rollout: Rollout, seen: Observation, *, ended: bool) -> Rollout:
    inherited = dict(seen.inherited)
    tracks = dict(rollout.tracks)
    services = [service for service in seen.services if _wanted(rollout, service)]
    busy = any(stopping(service, seen.nodes) for service in seen.services)
    for service in services:
        health = health_of(service.spec, inherited)
        track = tracks.get(service.id)
        if track is None:
            base = rollout.baseline.of(service.id) if rollout.baseline else None
            track = first(
                service,
                seen.nodes,
                health,
                base,
                compared=rollout.baseline is not None,
                at=seen.at,
            )
        if track.verdict is None:
            track = remember(
                track,
                service,
                seen.nodes,
                health,
                at=seen.at,
                wall=seen.wall,
                settled=ended,
                stopping=busy,
                unhealthy=seen.unhealthy,
            )
        tracks[service.id] = track
    present = {service.id for service in services}
    for service_id, track in list(tracks.items()):
        if service_id not in present and track.gone_since is None:
            tracks[service_id] = replace(track, gone_since=seen.at)
    touched = rollout.touched_at
    if touched is None and _changed(rollout, seen):
        touched = seen.at
    return replace(rollout, tracks=tracks, touched_at=touched)


def _changed(rollout: Rollout, seen: Observation) -> bool:
    if rollout.baseline is None:
        return False
    before = {each.id: each for each in rollout.baseline.services}
    now = {service.id: service for service in seen.services}
    return before.keys() != now.keys() or any(
        was_touched(before[service_id], service) for service_id, service in now.items()
    )


def _deadline(rollout: Rollout, seen: Observation) -> Deadline:
    """Return the longest deadline seen so far: a spec that Swarm put back must not shorten it."""
    wanted = tuple(service for service in seen.services if _wanted(rollout, service))
    now = derive(replace(seen, services=wanted), rollout.policy.soak)
    before = rollout.deadline
    if before is None or not rollout.touched or rollout.touched_at == seen.at:
        return now
    return max(before, now, key=lambda each: each.seconds)


def _decide(rollout: Rollout, seen: Observation, *, ended: bool) -> Rollout:
    tracks = dict(rollout.tracks)
    dropped = list(rollout.dropped)
    judgements: list[Judgement] = []
    out_of_time = seen.at >= rollout.deadline_at
    names_present = {track.name for track in tracks.values() if track.gone_since is None}
    for service_id, track in tracks.items():
        if track.gone_since is not None and track.verdict is None:
            if not ended or (track.name in names_present and track.settled is None):
                continue
            if judge.was_dropped(track) and names_present:
                dropped += [track.name] if track.name not in dropped else []
                continue
        others = [each for each in tracks.values() if each.id != service_id]
        judgement = track.verdict or judge.service(
            track, others, seen.at, soak=rollout.policy.soak, restarted=rollout.restarted
        )
        if out_of_time or rollout.policy.fail_fast:
            judgement = judge.at_the_end(track, judgement, out_of_time=out_of_time)
        if judgement.verdict is not None and not judgement.verdict.passed:
            tracks[service_id] = replace(track, verdict=judgement)
        judgements.append(judgement)
    for gone in _never_seen(rollout, names_present, ended=ended):
        if names_present:
            dropped += [gone.name] if gone.name not in dropped else []
        else:
            judgements.append(gone)
    rollout = replace(rollout, tracks=tracks, judgements=tuple(judgements), dropped=tuple(dropped))
    return replace(rollout, verdict=_stack_verdict(rollout, ended=ended, over=out_of_time))


def _never_seen(rollout: Rollout, present: set[str], *, ended: bool) -> list[Judgement]:
    """Return the services of the baseline that were gone before the first look."""
    if rollout.baseline is None or not ended:
        return []
    gone = [
        each
        for each in rollout.baseline.services
        if each.id not in rollout.tracks
        and each.name not in present
        and (not rollout.policy.services or each.name in rollout.policy.services)
    ]
    return [
        Judgement(each.name, each.id, "gone", Verdict.REMOVED, "it is no longer there")
        for each in gone
    ]


def _stack_verdict(rollout: Rollout, *, ended: bool, over: bool) -> Verdict | None:
    verdicts = [each.verdict for each in rollout.judgements]
    decided = [verdict for verdict in verdicts if verdict is not None]
    failing = [verdict for verdict in decided if not verdict.passed]
    if not verdicts:
        return Verdict.TIMED_OUT if over else None
    if failing and rollout.policy.fail_fast:
        return worst(decided)
    if len(decided) == len(verdicts) and (ended or failing):
        return worst(decided)
    if over:
        return worst([*decided, Verdict.TIMED_OUT])
    return None
