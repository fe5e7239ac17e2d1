"""The account of a rollout: each service's verdict with everything that backs it. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.report import differences, memory
from ccci.report.model import RolledBack, ServiceReport, TaskReport
from ccci.report.specs import blamed, is_new, told_apart
from ccci.report.timeline import Timeline
from ccci.swarm.decode.observation import sortable
from ccci.swarm.judge.by_tasks import soak_needed, tasks_in_words
from ccci.swarm.judge.deadline import health_of
from ccci.swarm.judge.diagnose import called, diagnose, exit_code_of
from ccci.swarm.judge.hints import HINTS
from ccci.swarm.judge.history import History, Life
from ccci.swarm.judge.next_steps.choose import next_step
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.judge.no_tasks import runs_nowhere
from ccci.swarm.judge.rollout import Policy, Rollout
from ccci.swarm.model import (
    Cause,
    CauseCode,
    Evidence,
    Judgement,
    Node,
    Phase,
    TaskState,
    UpdateState,
)

_GONE = "nothing: it is gone"
FAILED_BEFORE = "; tasks of it had failed before COMMAND, which did not touch it"

_TASK_ID = re.compile(r"\b[a-z0-9]{25}\b")


def services(rollout: Rollout, evidence: Mapping[str, Evidence]) -> tuple[ServiceReport, ...]:
    """Return a report of each service judged, the evidence of its failed tasks put to use."""
    nodes = rollout.last.nodes if rollout.last else ()
    return tuple(
        _service(judgement, rollout.histories.get(judgement.id), rollout, evidence, nodes)
        for judgement in sorted(rollout.judgements, key=lambda each: each.name)
    )


def with_memory(reports: Iterable[ServiceReport], timeline: Timeline) -> tuple[ServiceReport, ...]:
    """Return reports of services with what was sampled of their tasks' memory."""
    lanes = {lane.service: memory.of_lane(lane, timeline) for lane in timeline.lanes}
    return tuple(replace(each, memory=lanes.get(each.name)) for each in reports)


def summary(rollout: Rollout, reports: tuple[ServiceReport, ...]) -> str:
    """Return one sentence: the worst service's story, or that all of them hold."""
    verdict = rollout.verdict
    told = next((each for each in reports if each.verdict is verdict), None)
    if verdict is None or told is None:
        return "nothing was judged"
    if verdict.passed:
        return _passed(rollout, verdict)
    back = told.rolled_back
    moved = _moved(back) if back else ""
    known = told.cause is not None and told.cause.code is not CauseCode.UNKNOWN
    why = (", because " if known else ": ") + (told.cause.detail if told.cause else told.detail)
    said = {
        Verdict.ROLLED_BACK: f"Swarm rolled {told.name} back{moved}",
        Verdict.ROLLBACK_PAUSED: f"Swarm stopped half-way in rolling {told.name} back{moved}",
        Verdict.PAUSED: f"Swarm stopped the update of {told.name} half-way",
        Verdict.UNSTABLE: f"{told.name} does not {'come' if _refused(told) else 'stay'} up",
        Verdict.STALLED: f"{told.name} makes no progress",
        Verdict.DISTURBED: f"the rollout of {told.name} was disturbed",
        Verdict.TIMED_OUT: f"{told.name} was not done before the deadline",
        Verdict.REMOVED: f"{told.name} is gone",
    }.get(verdict, f"{told.name} is {verdict.value}")
    return said + why + (FAILED_BEFORE if told.id in _failing_before(rollout) else "")


def _refused(told: ServiceReport) -> bool:
    """Say whether the task at fault never ran, since its node refused it."""
    at_fault = told.cause.task if told.cause is not None else None
    refused = TaskState.REJECTED.value
    return any(task.id == at_fault and task.state == refused for task in told.tasks)


def _failing_before(rollout: Rollout) -> set[str]:
    """Return the services that COMMAND did not touch, and whose tasks had failed before it."""
    return {
        history.id
        for history in rollout.histories.values()
        if history.asked.baseline is not None
        and history.asked.baseline.failed
        and not history.touched
    }


def _passed(rollout: Rollout, verdict: Verdict) -> str:
    """Return what came of a stack that passed; what runs nowhere is never said to run."""
    judged = [
        rollout.histories[each.id] for each in rollout.judgements if each.id in rollout.histories
    ]
    nowhere = {history.name: why for history in judged if (why := runs_nowhere(history))}
    told = [f"{name} runs nowhere ({why})" for name, why in sorted(nowhere.items())]
    running = len(judged) - len(nowhere)
    did = "nothing had to roll" if verdict is Verdict.UNCHANGED else "all run what was asked"
    if running:
        told = [f"{counted(running, 'service')}: {did}, and stayed so", *told]
    elif verdict is Verdict.UNCHANGED:
        told = [f"nothing had to roll: {told[0]}", *told[1:]]
    return "; ".join(told)


def _moved(back: RolledBack) -> str:
    if back.source is None or str(back.source) == str(back.target):
        return f" to its previous spec ({back.target})"
    return f" from {back.source} to {back.target}"


def _service(
    judgement: Judgement,
    history: History | None,
    rollout: Rollout,
    evidence: Mapping[str, Evidence],
    nodes: tuple[Node, ...],
) -> ServiceReport:
    verdict = judgement.verdict or Verdict.TIMED_OUT
    if history is None:  # it was gone before the first look
        runs = _GONE if judgement.phase is Phase.GONE else ""
        return ServiceReport(judgement.name, judgement.id, verdict, judgement.detail, runs=runs)
    hostnames = {node.id: node.hostname for node in nodes}
    update = history.service.update
    gone = history.since.gone is not None
    # Of what was stopped on its way nobody knows what it would have come to.
    stopped = verdict is Verdict.INTERRUPTED
    blameless = verdict.passed or history.asked.removed_by_command or stopped
    return ServiceReport(
        name=judgement.name,
        id=judgement.id,
        verdict=verdict,
        detail=judgement.detail,
        swarm=update.state.value if update and not gone else None,
        runs=_GONE if gone else tasks_in_words(history),
        **({} if gone else _counts(history)),
        cause=None if blameless else _cause(judgement, history, evidence, hostnames, rollout),
        changed=() if blameless else differences.of(history),
        rolled_back=_rolled_back(history),
        transitions=history.asked.transitions,
        tasks=tuple(
            _task(life, history, hostnames)
            for life in (*_unwatched_failures(history), *history.tasks.lives.values())
        ),
        soak=_soak(history, rollout.policy) if verdict.passed else None,
    )


def _soak(history: History, policy: Policy) -> float:
    return soak_needed(history, policy.soak, brief=policy.brief)


def _counts(history: History) -> dict[str, Any]:
    """Return the numbers of tasks: wanted, of the spec that was asked for, of an older one."""
    slots = history.slots
    new = len(slots.running) + len(slots.done)
    old = sum(task.state is TaskState.RUNNING for task in slots.dirty)
    if history.rolling_back:  # Swarm's own test calls the spec that was put back the up-to-date one
        new, old = old, new
    return {
        "tasks_wanted": slots.expected,
        "tasks_up_to_date": new,
        "tasks_old": old,
    }


def _task(life: Life, history: History, hostnames: Mapping[str, str]) -> TaskReport:
    task = life.task
    return TaskReport(
        id=task.id,
        slot=task.slot,
        node=hostnames.get(task.node, task.node),
        state=task.state.value,
        desired=task.desired.value,
        error=task.error,
        exit_code=exit_code_of(task) if task.container else None,
        up_to_date=is_new(task, history),
        since=life.since,
        until=life.until,
    )


def _rolled_back(history: History) -> RolledBack | None:
    if not history.rolling_back:
        return None
    at = next(
        (each.at for each in history.asked.transitions if each.state.startswith("rollback_")), None
    )
    put_back = history.service.spec
    before = history.asked.baseline.spec if history.asked.baseline else None
    # The run may know the commit of a spec whose labels name its version alone.
    known = before if before is not None and before.whole == put_back.whole else put_back
    return RolledBack(
        history.asked.target.identity if history.asked.target else None, known.identity, at
    )


def _cause(
    judgement: Judgement,
    history: History,
    evidence: Mapping[str, Evidence],
    hostnames: Mapping[str, str],
    rollout: Rollout,
) -> Cause:
    life = _at_fault(judgement, history, evidence)
    own = judgement.cause
    if life is not None:
        task = life.task
        node = hostnames.get(task.node, task.node)
        found, spec = evidence.get(task.id), blamed(task, history)
        if spec is not None and rollout.last is not None:
            spec = replace(spec, health=health_of(spec, dict(rollout.last.inherited)))
        known = {"was_up": life.since is not None, "alone": _alone(history, rollout)}
        cause = diagnose(task, found, spec, node, history.ending, **known)
        if own is not None and own is not cause.code:
            now = Situation(own, task, cause.exit_code, spec, found, node, history.ending, **known)
            detail = _lasting_detail(own, life, node) or cause.detail
            cause = replace(cause, code=own, detail=detail, hint=next_step(now))
        if judgement.hint:
            cause = replace(cause, hint=judgement.hint)
        return told_apart(cause, task, node, history)
    code = own or CauseCode.UNKNOWN
    detail = judgement.detail
    if own is None and any("manual" in each.message.lower() for each in history.asked.said):
        code = CauseCode.INTERFERENCE
        # Before COMMAND had ended it may have been a script's own doing, of which nothing is known.
        after = history.asked.settled is not None or history.asked.baseline is None
        who = "somebody" if after else "COMMAND, or somebody while it ran,"
        detail = f"{who} asked for the rollback (`docker service rollback`), and no task failed"
    elif (
        own is None
        and history.asked.ours is not None
        and history.asked.ours.message
        and not judgement.hint
    ):
        detail = f"Swarm's last word: {history.asked.ours.message}"
    return Cause(code, detail, judgement.hint or HINTS[code])


def _alone(history: History, rollout: Rollout) -> bool:
    """Say whether the service is known to have had no task before the rollout."""
    base = history.asked.baseline
    return rollout.baseline is not None and (base is None or not base.held)


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


def _unwatched_failures(history: History) -> list[Life]:
    """Return the failed tasks that Swarm's update made before it was first looked at.

    To the judge they are history, for there is no baseline. But an update that Swarm stopped or
    undid was stopped for one of the tasks made since it started; both times are a manager's.
    """
    status = history.asked.ours
    if history.asked.baseline is not None or status is None or not status.started_at:
        return []
    if not (status.state.is_rollback or status.state is UpdateState.PAUSED):
        return []
    begun = sortable(status.started_at)
    return [
        Life(task, None, task.timestamp or None)
        for task in sorted(history.service.tasks, key=lambda task: task.created_at)
        if task.id not in history.tasks.lives
        and task.state in {TaskState.FAILED, TaskState.REJECTED}
        and task.created_at >= begun
        and task.up_to_date is not status.state.is_rollback
    ]


def _at_fault(
    judgement: Judgement, history: History, evidence: Mapping[str, Evidence]
) -> Life | None:
    """Return the task that shows the cause best: the one Swarm names, else the best known one."""
    # A slot may have been given up before the rollout: its last task is no life of it.
    listed = {task.id: Life(task) for task in history.service.tasks} | dict(history.tasks.lives)
    lives = [listed[task] for task in judgement.tasks_at_fault if task in listed]
    candidates = _named_last(history) or lives or _unwatched_failures(history)
    if not candidates:
        return None
    known = [life for life in candidates if life.task.id in evidence]
    local = [life for life in known if evidence[life.task.id].local]
    for choice in (local, known, candidates):
        if choice:
            return choice[-1]
    return None


def _named_last(history: History) -> list[Life]:
    """Return the task that Swarm named last: for a rollback that it stopped, one of those put back.

    What it said before is of what it did before, and what it says of a rollback's end names none.
    """
    last = [history.asked.ours.message] if history.asked.ours else []
    for text in (*last, *(each.message for each in reversed(history.asked.said))):
        lives = history.tasks.lives
        named = [lives[task] for task in _TASK_ID.findall(text) if task in lives]
        if named:
            return named
    return []
