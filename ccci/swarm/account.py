"""The account of a rollout: each service's verdict with everything that backs it. Pure."""

import re
from collections.abc import Mapping

from ccci.exits import Verdict
from ccci.report import RolledBack, ServiceReport, TaskReport
from ccci.swarm.decode import sortable
from ccci.swarm.diagnose import called, diagnose
from ccci.swarm.hints import hint_for
from ccci.swarm.model import (
    Cause,
    CauseCode,
    Evidence,
    Judgement,
    Node,
    TaskState,
    UpdateState,
)
from ccci.swarm.rollout import Rollout
from ccci.swarm.steadiness import soak_needed, tasks_in_words
from ccci.swarm.track import Life, Track

_TASK_ID = re.compile(r"\b[a-z0-9]{25}\b")


def services(rollout: Rollout, evidence: Mapping[str, Evidence]) -> tuple[ServiceReport, ...]:
    """Return a report of each service judged, the evidence of its failed tasks put to use."""
    nodes = rollout.last.nodes if rollout.last else ()
    return tuple(
        _service(judgement, rollout.tracks.get(judgement.id), rollout, evidence, nodes)
        for judgement in sorted(rollout.judgements, key=lambda each: each.name)
    )


def summary(rollout: Rollout, reports: tuple[ServiceReport, ...]) -> str:
    """Return one sentence: the worst service's story, or that all of them hold."""
    verdict = rollout.verdict
    told = next((each for each in reports if each.verdict is verdict), None)
    if verdict is None or told is None:
        return "nothing was judged"
    if verdict.passed:
        count = f"{len(reports)} service{'s' if len(reports) != 1 else ''}"
        did = "nothing had to roll" if verdict is Verdict.UNCHANGED else "all run what was asked"
        return f"{count}: {did}, and stayed so"
    back = told.rolled_back
    moved = _moved(back) if back else ""
    known = told.cause is not None and told.cause.code is not CauseCode.UNKNOWN
    why = (", because " if known else ": ") + (told.cause.detail if told.cause else told.detail)
    said = {
        Verdict.ROLLED_BACK: f"Swarm rolled {told.name} back{moved}",
        Verdict.ROLLBACK_PAUSED: f"Swarm stopped half-way in rolling {told.name} back{moved}",
        Verdict.PAUSED: f"Swarm stopped the update of {told.name} half-way",
        Verdict.UNSTABLE: f"{told.name} does not stay up",
        Verdict.STALLED: f"{told.name} makes no progress",
        Verdict.DISTURBED: f"the rollout of {told.name} was disturbed",
        Verdict.TIMED_OUT: f"{told.name} was not done before the deadline",
        Verdict.REMOVED: f"{told.name} is gone",
    }.get(verdict, f"{told.name} is {verdict.value}")
    return said + why


def _moved(back: RolledBack) -> str:
    if back.source is None or str(back.source) == str(back.target):
        return f" to its previous spec ({back.target})"
    return f" from {back.source} to {back.target}"


def _service(
    judgement: Judgement,
    track: Track | None,
    rollout: Rollout,
    evidence: Mapping[str, Evidence],
    nodes: tuple[Node, ...],
) -> ServiceReport:
    verdict = judgement.verdict or Verdict.TIMED_OUT
    if track is None:
        return ServiceReport(judgement.name, judgement.id, verdict, judgement.detail)
    hostnames = {node.id: node.hostname for node in nodes}
    update = track.service.update
    return ServiceReport(
        name=judgement.name,
        id=judgement.id,
        verdict=verdict,
        detail=judgement.detail,
        swarm=update.state.value if update else None,
        runs=tasks_in_words(track),
        cause=None if verdict.passed else _cause(judgement, track, evidence, hostnames),
        rolled_back=_rolled_back(track),
        transitions=track.transitions,
        tasks=tuple(
            _task(life, track, hostnames)
            for life in (*_before_the_first_look(track), *track.lives.values())
        ),
        soak=soak_needed(track, rollout.policy.soak) if verdict.passed else None,
    )


def _task(life: Life, track: Track, hostnames: Mapping[str, str]) -> TaskReport:
    task = life.task
    # After a rollback Swarm's own test means the old spec; the reader asks about the new one.
    up_to_date = task.up_to_date
    if track.rolling_back and track.target is not None:
        up_to_date = task.template == track.target.template
    return TaskReport(
        id=task.id,
        slot=task.slot,
        node=hostnames.get(task.node, task.node),
        state=task.state.value,
        desired=task.desired.value,
        error=task.error,
        exit_code=task.exit_code if task.state.ended else None,
        up_to_date=up_to_date,
        since=life.since,
        until=life.until,
    )


def _rolled_back(track: Track) -> RolledBack | None:
    if not track.rolling_back:
        return None
    at = next((each.at for each in track.transitions if each.state.startswith("rollback_")), None)
    put_back = track.service.spec
    before = track.baseline.spec if track.baseline else None
    # The run may know the commit of a spec whose labels name its version alone.
    known = before if before is not None and before.whole == put_back.whole else put_back
    return RolledBack(track.target.identity if track.target else None, known.identity, at)


def _cause(
    judgement: Judgement,
    track: Track,
    evidence: Mapping[str, Evidence],
    hostnames: Mapping[str, str],
) -> Cause:
    life = _at_fault(judgement, track, evidence)
    own = judgement.cause
    if life is not None:
        node = hostnames.get(life.task.node, life.task.node)
        cause = diagnose(life.task, evidence.get(life.task.id), track.target, node)
        if own is None or own is cause.code:
            return cause
        detail = _lasting_detail(own, life, node) or cause.detail
        return Cause(
            own,
            detail,
            hint_for(own, life.task, cause.exit_code, track.target),
            task=cause.task,
            exit_code=cause.exit_code,
            logs=cause.logs,
            health=cause.health,
            evidence=cause.evidence,
        )
    code = own or CauseCode.UNKNOWN
    detail = judgement.detail
    if own is None and any("manual" in each.message.lower() for each in track.said):
        code = CauseCode.INTERFERENCE
        detail = "somebody asked for the rollback (`docker service rollback`), and no task failed"
    elif own is None and track.ours is not None and track.ours.message and not judgement.hint:
        detail = f"Swarm's last word: {track.ours.message}"
    return Cause(code, detail, judgement.hint or hint_for(code))


def _lasting_detail(code: CauseCode, life: Life, node: str) -> str:
    name = called(life.task, node)
    if code is CauseCode.START_TIMEOUT:
        return f"{name} is still {life.task.state.value}"
    if code is CauseCode.OLD_TASK_NOT_STOPPING:
        return f"{name}, of the old spec, was asked to stop and is still {life.task.state.value}"
    if code is CauseCode.NO_SUITABLE_NODE and life.task.state is TaskState.RUNNING:
        return f"{name}, of the old spec, stays, for {node} is paused"
    if code is CauseCode.NO_SUITABLE_NODE:
        return f"{name} never ran, for {node} went down, and Swarm's update waits for it"
    return ""


def _before_the_first_look(track: Track) -> list[Life]:
    """Return the failed tasks that Swarm's update made before it was first looked at.

    To the judge they are history, for there is no baseline. But an update that Swarm stopped or
    undid was stopped for one of the tasks made since it started; both times are a manager's.
    """
    status = track.ours
    if track.baseline is not None or status is None or not status.started_at:
        return []
    if not (status.state.is_rollback or status.state is UpdateState.PAUSED):
        return []
    begun = sortable(status.started_at)
    return [
        Life(task, None, task.timestamp or None)
        for task in sorted(track.service.tasks, key=lambda task: task.created_at)
        if task.id not in track.lives
        and task.state in {TaskState.FAILED, TaskState.REJECTED}
        and task.created_at >= begun
        and task.up_to_date is not status.state.is_rollback
    ]


def _at_fault(judgement: Judgement, track: Track, evidence: Mapping[str, Evidence]) -> Life | None:
    """Return the task that shows the cause best: the one Swarm names, else the best known one."""
    lives = [track.lives[task] for task in judgement.tasks_at_fault if task in track.lives]
    message = track.ours.message if track.ours else ""
    named = [
        track.lives[task]
        for text in (message, *(each.message for each in track.said))
        for task in _TASK_ID.findall(text)
        if task in track.lives
    ]
    candidates = named or lives or _before_the_first_look(track)
    if not candidates:
        return None
    known = [life for life in candidates if life.task.id in evidence]
    local = [life for life in known if evidence[life.task.id].local]
    for choice in (local, known, candidates):
        if choice:
            return choice[-1]
    return None
