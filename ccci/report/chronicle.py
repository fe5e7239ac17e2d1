"""The time line of a rollout, folded look by look. Pure.

timeline = Timeline()
for seen, rollout in looks:
timeline = advance(timeline, rollout, seen)
timeline = finish(timeline, rollout, evidence, samples)
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from ccci.report.specs import blamed, is_new, spec_of
from ccci.report.timeline import Bar, Lane, Mark, Side, Timeline
from ccci.swarm.judge.diagnose import diagnose, exit_code_of
from ccci.swarm.judge.history import History, our_status
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import (
    Evidence,
    Observation,
    Sample,
    Service,
    Task,
    TaskState,
    Transition,
    UpdateState,
    UpdateStatus,
)

FIRST, LAST = 12, 28
"""How many of a service's tasks are kept, of the first and of the last ones."""


def advance(timeline: Timeline, rollout: Rollout, seen: Observation) -> Timeline:
    """Return the time line after one more look; `rollout` is what the judge made of that look."""
    if seen.unreachable is not None:
        return replace(timeline, ended=seen.wall if timeline.begun else timeline.ended)
    before = {each.service: each for each in timeline.lanes}
    hostnames = {node.id: node.hostname for node in seen.nodes}
    listed = {service.id: service for service in seen.services}
    verdicts = {each.id: each.verdict for each in rollout.judgements}
    lanes = []
    for identifier, history in _shown(rollout).items():
        lane = before.pop(history.name, Lane(history.name))
        lane = _lane(lane, history, listed.get(identifier), hostnames, seen.wall)
        verdict = verdicts.get(identifier)
        if verdict is not lane.verdict:
            lane = replace(lane, verdict=verdict, judged_at=seen.wall if verdict else None)
        lanes.append(lane)
    return replace(
        timeline,
        begun=timeline.begun or seen.wall,
        ended=seen.wall,
        lanes=tuple(sorted((*lanes, *before.values()), key=lambda each: each.service)),
        memory=tuple(sorted((node.hostname, node.memory) for node in seen.nodes if node.memory)),
    )


def finish(
    timeline: Timeline,
    rollout: Rollout,
    evidence: Mapping[str, Evidence],
    samples: Mapping[str, Sequence[Sample]],
) -> Timeline:
    """Return the time line with why tasks died and how much memory they held, by task.

    Where a service had very many tasks, those in the middle are left out.
    """
    verdicts = {each.name: each.verdict for each in rollout.judgements}
    histories = {each.name: each for each in _shown(rollout).values()}
    lanes = []
    for lane in timeline.lanes:
        verdict = verdicts.get(lane.service)
        judged_at = lane.judged_at if verdict is lane.verdict else timeline.ended
        history = histories.get(lane.service)
        left_out = max(len(lane.bars) - FIRST - LAST, 0)
        kept = (*lane.bars[:FIRST], *lane.bars[-LAST:]) if left_out else lane.bars
        bars = tuple(
            replace(_explained(bar, history, evidence), samples=tuple(samples.get(bar.task, ())))
            for bar in kept
        )
        lanes.append(Lane(lane.service, bars, lane.marks, verdict, judged_at, left_out))
    return replace(timeline, lanes=tuple(lanes))


def _shown(rollout: Rollout) -> Mapping[str, History]:
    """Return the histories but those of services that are gone, where another has their name."""
    here = {each.name for each in rollout.histories.values() if each.since.gone is None}
    return {
        identifier: each
        for identifier, each in rollout.histories.items()
        if each.since.gone is None or each.name not in here
    }


def _lane(
    lane: Lane,
    history: History,
    service: Service | None,
    hostnames: Mapping[str, str],
    wall: str,
) -> Lane:
    bars = {each.task: each for each in lane.bars}
    listed = service.tasks if service is not None else ()
    failed = {each.task for slot in history.tasks.failures.values() for each in slot}
    for task in listed:
        if task.id not in bars and task.id in history.tasks.old and task.state.ended:
            continue  # it had ended before the rollout
        known = bars.get(task.id)
        if known is None:
            known = Bar(task.id, task.slot, "", Side.NEW, task.created_at or wall)
        bars[task.id] = _bar(known, task, history, failed, hostnames, wall)
    here = {task.id for task in listed}
    for identifier, bar in bars.items():
        if identifier not in here and bar.until is None:
            bars[identifier] = replace(bar, until=wall)  # Swarm forgot it, whatever it did
    marks = lane.marks
    status = our_status(history.asked.baseline, service) if service is not None else None
    if status is not None and (not marks or marks[-1].state != status.state.value):
        marks = (*marks, _mark(status, wall))
    ordered = sorted(bars.values(), key=lambda each: (each.since, each.task))
    return replace(lane, bars=tuple(ordered), marks=marks)


def _bar(
    bar: Bar,
    task: Task,
    history: History,
    failed: AbstractSet[str],
    hostnames: Mapping[str, str],
    wall: str,
) -> Bar:
    last = bar.states[-1].at if bar.states else None
    at = max(task.timestamp or wall, last or bar.since)
    states = bar.states
    # A task only ever moves forward: an answer older than the one before tells nothing.
    if not states or TaskState(states[-1].state).rank < task.state.rank:
        states = (*states, Transition(at, task.state.value))
    return replace(
        bar,
        node=hostnames.get(task.node, task.node),
        side=Side.NEW if is_new(task, history) else Side.OLD,
        states=states,
        until=(bar.until or at) if task.state.ended else None,
        died=bar.died or task.id in failed or task.state in {TaskState.FAILED, TaskState.REJECTED},
        exit_code=exit_code_of(task) if task.container else None,
        words=task.error,
        limit=_limit(task, history),
    )


def _limit(task: Task, history: History) -> int | None:
    """Return the memory limit of the spec that a task is made of, as far as one is known."""
    spec = spec_of(task, history)
    return (spec.memory_limit or None) if spec is not None else None


_BEGINS = {UpdateState.UPDATING}
_ENDS = {UpdateState.COMPLETED, UpdateState.ROLLBACK_COMPLETED}


def _mark(status: UpdateStatus, wall: str) -> Mark:
    """Return when Swarm says that a state began; it does not say so of those in the middle."""
    at = None
    if status.state in _BEGINS:
        at = status.started_at
    elif status.state in _ENDS:
        at = status.completed_at
    return Mark(at or wall, status.state.value, exact=at is not None)


def _explained(bar: Bar, history: History | None, evidence: Mapping[str, Evidence]) -> Bar:
    life = history.tasks.lives.get(bar.task) if history is not None else None
    if not bar.died or life is None or history is None:
        return bar
    spec = blamed(life.task, history)
    cause = diagnose(life.task, evidence.get(bar.task), spec, bar.node, history.ending)
    code = cause.exit_code if cause.exit_code is not None else bar.exit_code
    return replace(bar, cause=cause.code, words=cause.detail, exit_code=code)
