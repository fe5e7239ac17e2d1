"""One service judged by Swarm's own status, and by what runs where that says nothing. Pure.

`rollout` draws the table of these rules and folds them over a stack.
"""

from collections.abc import Sequence
from dataclasses import replace

from ccci.exits import Verdict
from ccci.swarm.judge.by_tasks import by_tasks, next_step, say, tasks_in_words, waiting_for
from ccci.swarm.judge.deadline import returns_within
from ccci.swarm.judge.diagnose import diagnose
from ccci.swarm.judge.differences import differences, fired
from ccci.swarm.judge.failures import ended_well, failed_after_rollback, recent_failures
from ccci.swarm.judge.history import History
from ccci.swarm.judge.limits import DISARMED_AFTER, DISARMED_DURING_COMMAND
from ccci.swarm.judge.phrases import PHASES, PUT_BACK, PUTS_BACK, REMOVED_BY_COMMAND
from ccci.swarm.judge.stack import Policy
from ccci.swarm.model import CauseCode, Judgement, Phase, UpdateState

WHO_REMOVED_IT = (
    "see who removed it (`docker service rm`, `docker stack rm`, a deploy with --prune), then "
    "deploy again"
)

FIRED = (
    "deploy when its schedule (label `swarm.cronjob.schedule`) does not fire, or name the services "
    "to judge with --service"
)


def was_dropped(history: History) -> bool:
    """Say whether a service that is gone was dropped: by COMMAND, or there and never updated."""
    if history.asked.removed_by_command:
        return True
    return (
        history.asked.baseline is not None and not history.touched and history.asked.settled is None
    )


def service(
    history: History, others: Sequence[History], at: float, *, policy: Policy, restarted: bool
) -> Judgement:
    """Return the judgement of one service at `at`; `others` are the stack's other services."""
    if history.since.gone is not None:
        return _gone(history, others)
    if history.asked.baseline is not None and history.asked.settled is None and not history.touched:
        return say(history, Phase.AS_BEFORE, None, PHASES[Phase.AS_BEFORE])
    for rule in (_by_update_status, _by_interference):
        judgement = rule(history, at)
        if judgement is not None:
            return judgement
    if restarted:
        return say(
            history,
            Phase.DISTURBED,
            Verdict.DISTURBED,
            "the orchestrator restarted or moved during the rollout, and forgot which tasks the "
            f"update had made; now {tasks_in_words(history)}",
            cause=CauseCode.ORCHESTRATOR_RESTARTED,
        )
    return by_tasks(history, others, at, policy)


def _gone(history: History, others: Sequence[History]) -> Judgement:
    if any(other.name == history.name and other.since.gone is None for other in others):
        return _disturbed(history, "somebody else removed it after the deploy, and made it anew")
    if history.asked.removed_by_command:
        return say(history, Phase.GONE, Verdict.REMOVED, REMOVED_BY_COMMAND)
    gone = say(history, Phase.GONE, Verdict.REMOVED, "it disappeared during the rollout")
    return replace(gone, hint=WHO_REMOVED_IT)


def at_the_end(history: History, judgement: Judgement, *, out_of_time: bool) -> Judgement:
    """Return the judgement when nothing more is waited for: the deadline, or --fail-fast.

    A rollback that was seen is decided, whether or not it has ended.
    """
    if judgement.verdict is not None:
        return judgement
    if history.rolling_back and history.asked.ours is not None:
        going = history.asked.ours.state is UpdateState.ROLLBACK_STARTED
        detail = f"{PUTS_BACK}: {history.asked.ours.message}" if going else judgement.detail
        return replace(judgement, verdict=Verdict.ROLLED_BACK, detail=detail)
    if not out_of_time:
        return judgement
    cause, at_fault = waiting_for(history)
    return replace(
        judgement,
        verdict=Verdict.TIMED_OUT,
        cause=cause,
        hint="" if at_fault else next_step(history),
        tasks_at_fault=at_fault,
    )


def _by_update_status(history: History, at: float) -> Judgement | None:
    """Judge what Swarm says of our own update: `rollback_*` and `paused` fail, whoever serves."""
    status = history.asked.ours
    if status is None:
        return _paused_before(history)
    failed = recent_failures(history) or ended_well(history)
    if history.asked.overtaken:
        detail = f"{PUT_BACK}, and then somebody changed it again"
        return say(history, Phase.ROLLED_BACK, Verdict.ROLLED_BACK, detail, tasks=failed)
    if status.state is UpdateState.ROLLBACK_COMPLETED and not history.asked.put_back:
        return replace(_rolled_back(history, at), tasks_at_fault=failed)
    if status.state not in _STOPPED or (
        history.asked.put_back and status.state is UpdateState.ROLLBACK_STARTED
    ):
        return None
    phase, verdict, words = _STOPPED[status.state]
    detail = status.message
    if words:
        # The policy did as it says: no task failed, and those that ended were free to.
        meant = "" if recent_failures(history) or not failed else _MEANT_TO_END
        if failed_after_rollback(history):
            words = f"{words}, since what came back fails, too"
        detail = f"{words}: {status.message}{meant}; {tasks_in_words(history)}"
    return say(history, phase, verdict, detail, tasks=failed)


_STOPPED: dict[UpdateState, tuple[Phase, Verdict | None, str]] = {
    UpdateState.ROLLBACK_STARTED: (Phase.ROLLING_BACK, None, ""),
    UpdateState.ROLLBACK_PAUSED: (
        Phase.ROLLBACK_PAUSED,
        Verdict.ROLLBACK_PAUSED,
        PHASES[Phase.ROLLBACK_PAUSED],
    ),
    UpdateState.PAUSED: (Phase.PAUSED, Verdict.PAUSED, PHASES[Phase.PAUSED]),
}
"""What Swarm says of an update that goes no further: the phase, the verdict, and the words."""

_MEANT_TO_END = (
    " (its task ended with 0, as it may; within `monitor` its `failure_action` takes every end for "
    "a failure)"
)


def _rolled_back(history: History, at: float) -> Judgement:
    """Judge a rollback that Swarm calls completed: decided, once it is known what serves.

    Swarm says so before the old spec's task runs again, up to its restart delay earlier. It is
    looked at until then, or until that task ought to run by its own numbers.
    """
    back = PUT_BACK
    if failed := failed_after_rollback(history):
        latest = history.tasks.lives[failed[-1]].task
        why = diagnose(latest, None, history.service.spec).detail
        words = f"{back}; what came back fails, too: {why}"
        return say(history, Phase.ROLLED_BACK, Verdict.ROLLED_BACK, words)
    if serves(history):
        return say(history, Phase.ROLLED_BACK, Verdict.ROLLED_BACK, back)
    since = history.since.back if history.since.back is not None else at
    comes = [task for task in history.slots.live if task.up_to_date] or history.slots.due
    ripe = since + returns_within(history.service.spec, history.health)
    runs = tasks_in_words(history)
    if comes and at < ripe:
        words = f"{back}; what came back does not run yet: {runs}"
        return replace(say(history, Phase.COMING_BACK, None, words), ripe_at=ripe)
    words = f"{back}; what came back was not running {at - since:.0f} s later: {runs}"
    return say(history, Phase.ROLLED_BACK, Verdict.ROLLED_BACK, words)


def serves(history: History) -> bool:
    """Say whether every slot holds a running task of the spec that Swarm calls up to date."""
    slots = history.slots
    return len(slots.running) + len(slots.done) >= slots.expected


def _paused_before(history: History) -> Judgement | None:
    """Judge a service that COMMAND left alone and that Swarm had stopped half-way before.

    The status is no evidence against our rollout; but it says that nothing will move any more.
    """
    base = history.asked.baseline
    if base is None or history.touched or history.asked.settled is None or not history.slots.due:
        return None
    if base.update_state not in {UpdateState.PAUSED, UpdateState.ROLLBACK_PAUSED}:
        return None
    detail = (
        "it was paused before COMMAND, which did not touch it; "
        f"it still is, with {tasks_in_words(history)}"
    )
    return say(history, Phase.PAUSED, Verdict.PAUSED, detail)


def _by_interference(history: History, at: float) -> Judgement | None:
    if history.rolling_back:
        return None
    if (
        history.asked.settled is not None
        and history.service.spec.whole != history.asked.settled.whole
    ):
        changed = differences(history.asked.settled, history.service.spec)
        if fired(history.asked.settled, history.service.spec):
            fires = _disturbed(history, f"swarm-cronjob started it after the deploy: {changed}")
            return replace(fires, hint=FIRED)
        return _disturbed(history, f"somebody else changed the service after the deploy: {changed}")
    if history.asked.unset_mid_roll:
        detail = (
            "its update status was unset while our update was rolling, so somebody re-sent the "
            f"service; Swarm no longer watches it, and {tasks_in_words(history)}"
        )
        return _disturbed(history, detail)
    patience = DISARMED_AFTER if history.asked.settled is not None else DISARMED_DURING_COMMAND
    if history.since.disarmed is not None and at - history.since.disarmed >= patience:
        detail = (
            "the same spec was sent twice while it rolled, which disarms Swarm's updater for good: "
            f"no update status, and {tasks_in_words(history)}"
        )
        return _disturbed(history, detail)
    return None


def _disturbed(history: History, detail: str) -> Judgement:
    return say(history, Phase.DISTURBED, Verdict.DISTURBED, detail, cause=CauseCode.INTERFERENCE)
