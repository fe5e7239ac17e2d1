"""A rollout as a fold over looks, and the table of the rules by which it is judged.

Rule 1: no I/O and no clock; time is what an observation says. Rule 2: `advance` is a fold, and a
decided rollout is returned unchanged. Rule 3: what Swarm says (update status) and what runs (tasks)
are judged apart, and only both together pass.

For each service, in this order; each rule stands in the module of its row:

==================================  ===============================================  ===========
it disappeared                      removed                                          by_status
our update is rolling back          rolled-back once it ended and what came back     by_status
                                    runs, or ought to; rollback-paused when it
                                    paused; neither where COMMAND itself asked for
                                    it
our update is paused                paused                                           by_status
its spec changed after COMMAND      disturbed (unless that change is Swarm's own     by_status
                                    rollback)
its status was unset mid-roll       disturbed                                        by_status
the orchestrator restarted          disturbed                                        by_status
all slots filled, soaked,           converged, or unchanged when nothing rolled      by_tasks
completed                           (provisional)
no task asked for, old ones stop    open                                             no_tasks
a global service fits nowhere now   stalled, when it was somewhere before            no_tasks
a task died after `completed`       unstable                                         by_tasks
a slot will not be retried          unstable                                         by_tasks
five failures of one slot           unstable, or stalled where its nodes refuse its  by_tasks
                                    tasks before they start; unless Swarm is still
                                    counting
one blocker for twenty seconds      stalled                                          by_tasks
none of these                       open                                             by_tasks
open at the deadline                timed-out                                        by_status
==================================  ===============================================  ===========

What a filled slot is, `slots` and `endings` say; what a blocker is, `blockers`; every number,
`limits`. Of the stack this module decides: its verdict is the worst of its services', once each
has one and COMMAND has ended, and a service that COMMAND dropped has none. How COMMAND itself ended
is added to the verdict afterwards, by `ccci/steps/outcome.py`.

Success is provisional until the whole stack has it: a service that turns bad meanwhile is judged
again. Failures stay.
"""

from dataclasses import replace

from ccci.exits import Verdict, worst
from ccci.swarm.baseline import Baseline
from ccci.swarm.judge import by_status
from ccci.swarm.judge.deadline import Deadline, derive
from ccci.swarm.judge.fold import first, remember
from ccci.swarm.judge.history import was_touched
from ccci.swarm.judge.limits import UNREACHABLE_LIMIT
from ccci.swarm.judge.moment import look, moment
from ccci.swarm.judge.phrases import PHASES, REMOVED_BY_COMMAND
from ccci.swarm.judge.stack import Policy, Rollout
from ccci.swarm.judge.stale import older
from ccci.swarm.model import Judgement, Observation, Phase, Service

__all__ = ["Policy", "Rollout", "advance", "begin"]


def begin(baseline: Baseline | None, policy: Policy, at: float) -> Rollout:
    """Return an open rollout; `at` is before COMMAND starts, on the clock of the observations."""
    orchestrator = baseline.orchestrator if baseline else ""
    return Rollout(policy, baseline, at, orchestrator=orchestrator)


def advance(rollout: Rollout, seen: Observation) -> Rollout:
    """Return the rollout after one more look; a decided one is returned unchanged."""
    if rollout.verdict is not None or rollout.lost is not None:
        return rollout
    if seen.unreachable is None and (why := older(rollout.last, seen)):
        seen = replace(seen, unreachable=f"an answer older than the one before: {why}")
    if seen.unreachable is not None:
        return _unreachable(rollout, seen)
    ended = seen.command is None or seen.command.code is not None
    before = rollout.last.command if rollout.last else None
    during = seen.command is not None and (before is None or before.code is None)
    # A restart before COMMAND's first change has nothing to forget yet.
    reign = rollout.orchestrator if rollout.touched or ended else ""
    restarted = bool(reign and seen.orchestrator and seen.orchestrator != reign)
    last = rollout.last
    rollout = replace(
        rollout,
        unreachable_since=None,
        orchestrator=reign or seen.orchestrator or rollout.orchestrator,
        restarted=rollout.restarted or restarted,
        command_ended=ended,
        last=seen,
    )
    rollout = _remember(rollout, seen, last, during=during)
    rollout = replace(rollout, deadline=_deadline(rollout, seen))
    return _decide(rollout, seen, ended=ended)


def _unreachable(rollout: Rollout, seen: Observation) -> Rollout:
    since = rollout.unreachable_since if rollout.unreachable_since is not None else seen.at
    over = seen.at - since >= UNREACHABLE_LIMIT or seen.at >= rollout.deadline_at > since
    if rollout.ends_at is not None:  # what fails for the first time then has another second
        over = over or seen.at >= rollout.ends_at + 1.0
    return replace(
        rollout,
        unreachable_since=since,
        command_ended=seen.command is None or seen.command.code is not None,
        lost=seen.unreachable if over else None,
    )


def _wanted(rollout: Rollout, service: Service) -> bool:
    return not rollout.policy.services or service.name in rollout.policy.services


def _remember(
    rollout: Rollout, seen: Observation, last: Observation | None, *, during: bool
) -> Rollout:
    histories = dict(rollout.histories)
    begun = rollout.started_at if rollout.baseline is not None else None
    before_that = last.at if last is not None else begun
    at = look(seen, last=before_that, during=during, patience=_patience(rollout, seen))
    services = [service for service in seen.services if _wanted(rollout, service)]
    listed = {service.id for service in seen.services}
    for service in services:
        base = rollout.baseline
        before = base.before(service.id, service.name, listed) if base is not None else None
        history = histories.get(service.id)
        now = moment(service, at, before, history.tasks.ran if history is not None else {})
        if history is None:
            history = first(now, before, compared=base is not None)
        if history.verdict is None:
            history = remember(history, now)
        histories[service.id] = history
    present = {service.id for service in services}
    for service_id, history in list(histories.items()):
        if service_id not in present and history.since.gone is None:
            histories[service_id] = replace(
                history,
                since=replace(history.since, gone=seen.at),
                asked=replace(history.asked, removed_by_command=during),
            )
    touched = rollout.touched_at
    if touched is None and _changed(rollout, seen):
        touched = seen.at
    return replace(rollout, histories=histories, touched_at=touched)


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
    policy = rollout.policy
    now = derive(replace(seen, services=wanted), policy.soak, brief=policy.brief)
    before = rollout.deadline
    if before is None or not rollout.touched or rollout.touched_at == seen.at:
        return now
    return max(before, now, key=lambda each: each.seconds)


def _patience(rollout: Rollout, seen: Observation) -> float:
    """Return the seconds within which a service that is to run has to start again.

    A longer --timeout waits for more; a shorter one, or a shorter soak, says nothing of the recipe.
    """
    wanted = tuple(service for service in seen.services if _wanted(rollout, service))
    own = derive(replace(seen, services=wanted))
    return max(rollout.policy.timeout or 0.0, _deadline(rollout, seen).seconds, own.seconds)


def _decide(rollout: Rollout, seen: Observation, *, ended: bool) -> Rollout:
    histories = dict(rollout.histories)
    dropped = list(rollout.dropped)
    judgements: list[Judgement] = []
    out_of_time = seen.at >= rollout.deadline_at
    names_present = {history.name for history in histories.values() if history.since.gone is None}
    for service_id, history in histories.items():
        if history.since.gone is not None and history.verdict is None:
            if not ended or (history.name in names_present and history.asked.settled is None):
                continue
            if by_status.was_dropped(history) and names_present:
                dropped += [history.name] if history.name not in dropped else []
                continue
        others = [each for each in histories.values() if each.id != service_id]
        judgement = history.verdict or by_status.service(
            history, others, seen.at, policy=rollout.policy, restarted=rollout.restarted
        )
        if out_of_time or rollout.policy.fail_fast:
            judgement = by_status.at_the_end(history, judgement, out_of_time=out_of_time)
        if judgement.verdict is not None and not judgement.verdict.passed:
            histories[service_id] = replace(history, verdict=judgement)
        judgements.append(judgement)
    for gone in _never_seen(rollout, names_present, ended=ended):
        if names_present:
            dropped += [gone.name] if gone.name not in dropped else []
        else:
            judgements.append(gone)
    rollout = replace(
        rollout, histories=histories, judgements=tuple(judgements), dropped=tuple(dropped)
    )
    return replace(rollout, verdict=_stack_verdict(rollout, ended=ended, over=out_of_time))


def _never_seen(rollout: Rollout, present: set[str], *, ended: bool) -> list[Judgement]:
    """Return the services of the baseline that were gone before the first look."""
    if rollout.baseline is None or not ended:
        return []
    gone = [
        each
        for each in rollout.baseline.services
        if each.id not in rollout.histories
        and each.name not in present
        and (not rollout.policy.services or each.name in rollout.policy.services)
    ]
    detail = REMOVED_BY_COMMAND if rollout.with_command else PHASES[Phase.GONE]
    return [Judgement(each.name, each.id, Phase.GONE, Verdict.REMOVED, detail) for each in gone]


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
