"""A service of which nothing runs: because none was asked for, nothing fits, or its work is done.

Nothing expected is not nothing happened: such a service is judged once its old tasks have stopped,
and it is always said that it runs nowhere. Pure.
"""

from dataclasses import replace

from ccci.exits import Verdict
from ccci.swarm.judge.endings import Ending
from ccci.swarm.judge.history import History
from ccci.swarm.judge.limits import STALLED_AFTER
from ccci.swarm.judge.next_steps.by_constraint import met_by
from ccci.swarm.judge.phrases import starts_again
from ccci.swarm.model import CauseCode, Judgement, Mode, Phase


def runs_nowhere(history: History) -> str:
    """Return why nothing of a service runs that is judged to be right, or an empty string."""
    if history.slots.running and history.slots.expected:
        return ""
    if not history.slots.expected:
        if history.service.spec.mode.is_global:
            return "no ready node fits its constraints"
        return "0 tasks asked for" if history.service.spec.mode.is_job else "0 replicas asked for"
    if history.slots.job:
        return "" if history.slots.done else "no task of it completed"
    if not history.slots.done:
        return "no task of it runs"
    again = f", {starts_again(history.service.spec)}" if history.ending is Ending.AGAIN else ""
    return f"ended with 0{again}"


def still_stopping(history: History) -> Judgement | None:
    """Return the open judgement of a service that is to hold no task while some still do.

    Of a job live ones as well: what it is asked to complete may not be what its tasks are made for.
    """
    count = len(history.slots.stopping) + len(history.slots.live)
    if history.slots.expected or not count:
        return None
    words = f"no task is asked for, and {count} still stop{'s' if count == 1 else ''}"
    return Judgement(history.name, history.id, Phase.WAITING, detail=words)


def homeless(history: History, at: float) -> Judgement | None:
    """Judge a global service that no node fits any more, where one did before.

    Swarm takes that for an update without a slot, and says nothing (swarmkit
    orchestrator/global/global.go); the service has gone, all the same. A node may only be away for
    a moment, so it is given as long as any other slot that gets no task.
    """
    if history.since.nowhere is None or not _was_somewhere(history):
        return None
    words = "no ready node fits its constraints any more, so that nothing of it runs"
    gone = at - history.since.nowhere
    if gone < STALLED_AFTER:
        ripe = history.since.nowhere + STALLED_AFTER
        return Judgement(history.name, history.id, Phase.WAITING, detail=words, ripe_at=ripe)
    asked = history.service.spec.constraints
    named = " and ".join(f"`{each}`" for each in asked)
    hint = (
        f"no node that is ready meets {named}: {met_by(asked)}"
        if asked
        else "bring a node back that fits its platform: `docker node ls` shows which are away"
    )
    return replace(
        Judgement(history.name, history.id, Phase.STALLED, Verdict.STALLED, words),
        cause=CauseCode.NO_SUITABLE_NODE,
        hint=hint,
    )


def _was_somewhere(history: History) -> bool:
    if not history.service.spec.mode.is_global:
        return False
    base = history.asked.before
    if base is None:
        return bool(history.tasks.known)
    before = base.tasks if history.service.spec.mode is Mode.GLOBAL_JOB else base.held
    return bool(before or history.tasks.known - base.tasks)
