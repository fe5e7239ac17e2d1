"""What runs, judged apart from what Swarm says: soaks, crash loops, stalled slots. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ccci.exits import Verdict
from ccci.swarm.judge.deadline import soak_of
from ccci.swarm.judge.endings import Ending
from ccci.swarm.judge.failures import recent_failures
from ccci.swarm.judge.history import Failure, History
from ccci.swarm.judge.limits import (
    AFTER_COMPLETED,
    CRASH_LOOP,
    LONGEST_SOAK,
    SAME_CAUSE,
    STALLED_AFTER,
)
from ccci.swarm.judge.no_tasks import homeless, still_stopping
from ccci.swarm.judge.phrases import UPDATES, starts_again
from ccci.swarm.judge.stack import Policy
from ccci.swarm.model import CauseCode, Judgement, Phase, TaskState


def say(
    history: History,
    phase: Phase,
    verdict: Verdict | None,
    detail: str,
    *,
    cause: CauseCode | None = None,
    tasks: Sequence[str] = (),
) -> Judgement:
    """Return a judgement of the history's service."""
    return Judgement(history.name, history.id, phase, verdict, detail, tuple(tasks), cause)


def soak_needed(history: History, soak: float | None, *, brief: bool = False) -> float:
    """Return the seconds that each task must have been running.

    Longer than twice the longest life of a task of this rollout that died, up to 60 s: a slow crash
    loop must not be caught between two crashes.
    """
    if soak is not None:
        return soak
    lived = min(2 * history.tasks.longest_life, LONGEST_SOAK)
    return max(soak_of(history.service.spec, history.health, brief=brief), lived)


def tasks_in_words(history: History) -> str:
    """Return what runs, in words: the second axis beside Swarm's own status."""
    slots = history.slots
    if history.service.spec.mode.is_job:
        return f"{len(slots.done)}/{slots.expected} tasks completed"
    # After a rollback Swarm's own test calls the spec that was put back the up-to-date one.
    kind = "tasks of the previous spec" if history.rolling_back else "up-to-date tasks"
    words = f"{len(slots.running)}/{slots.expected} {kind} running"
    if slots.done and history.ending is Ending.AGAIN:
        words += f", {len(slots.done)} ended with 0, {starts_again(history.service.spec)}"
    elif slots.done:
        words += f", {len(slots.done)} ended as they should"
    old = [task for task in slots.dirty if task.state is TaskState.RUNNING]
    other = "of the new spec still running" if history.rolling_back else "old still serving"
    return words + (f", {len(old)} {other}" if old else "")


def by_tasks(history: History, others: Sequence[History], at: float, policy: Policy) -> Judgement:
    """Return the judgement of what runs, given that what Swarm says is no failure."""
    updating = history.updating
    died = _died_after_completed(history, others)
    if died is not None:
        return _unstable(
            history,
            f"Swarm says completed, but its task died during the soak; {tasks_in_words(history)}",
            [died.task],
        )
    if history.slots.filled and not updating:
        return still_stopping(history) or homeless(history, at) or _soaking(history, at, policy)
    for rule in (_dead_slot, _stalled):
        judgement = rule(history, at)
        if judgement is not None:
            return judgement
    loop = _crash_loop(history, others)
    if loop and all(failure.refused for failure in loop[-SAME_CAUSE:]):
        words = f"{len(loop)} tasks of one slot failed, and its nodes refuse them before they start"
        words = f"{words}; {tasks_in_words(history)}"
        at_fault = [failure.task for failure in loop if failure.refused]
        return say(history, Phase.STALLED, Verdict.STALLED, words, tasks=at_fault)
    if loop:
        return _unstable(
            history,
            f"crash loop: {len(loop)} failed tasks in one slot; {tasks_in_words(history)}",
            [failure.task for failure in loop],
        )
    return _open(history, updating=updating)


def _unstable(history: History, detail: str, tasks: Sequence[str]) -> Judgement:
    return say(history, Phase.CRASHING, Verdict.UNSTABLE, detail, tasks=tasks)


def _soaking(history: History, at: float, policy: Policy) -> Judgement:
    """Judge a service whose slots are all filled: converged once every task is old enough.

    Not while one of them is known to be unhealthy: it is listed as running until its stop grace is
    over (moby daemon/cluster/executor/container/controller.go: Wait).
    """
    sick = [task.id for task in history.slots.running if task.id in history.tasks.unhealthy]
    if sick:
        words = f"{tasks_in_words(history)}, but {len(sick)} unhealthy, which Swarm is stopping"
        return say(history, Phase.SOAKING, None, words, tasks=sick)
    needed = soak_needed(history, policy.soak, brief=policy.brief)
    ages = [at - history.tasks.running_since[task.id] for task in history.slots.running]
    youngest = min(ages, default=needed)
    waits = [needed - youngest]
    if history.since.completed is not None and policy.soak is None:
        waits.append(AFTER_COMPLETED - (at - history.since.completed))
    left = max(waits)
    if left <= 0:
        verdict = Verdict.CONVERGED if history.asked.rolled else Verdict.UNCHANGED
        words = f"{tasks_in_words(history)}, steady for {needed:.0f} s or more"
        if not history.slots.expected:
            words = "no task is asked for, and none runs"
            if history.service.spec.mode.is_global:
                words = "no ready node fits its constraints, so that no task of it runs"
        elif history.service.spec.mode.is_job or not history.slots.running:
            words = tasks_in_words(history)
        return say(history, Phase.STEADY, verdict, words)
    words = f"{tasks_in_words(history)}, {left:.0f} s more to be steady"
    return replace(say(history, Phase.SOAKING, None, words), ripe_at=at + left)


def _died_after_completed(history: History, others: Sequence[History]) -> Failure | None:
    """Return the failure that belies Swarm's `completed`.

    Not while another service was starting: an app whose database is replaced may fall once.
    """
    if history.since.completed is None:
        return None
    return next(
        (
            failure
            for slot in history.tasks.failures.values()
            for failure in slot
            if failure.seen_at >= history.since.completed
            and failure.ran_from is not None
            and _calm_since(others, failure.ran_from)
        ),
        None,
    )


def _calm_since(others: Sequence[History], since: float) -> bool:
    """Say whether every other service was up by then, or fails on its own account."""
    return all(
        other.troubled
        or other.since.gone is not None
        or (other.since.up is not None and other.since.up <= since)
        for other in others
    )


def _dead_slot(history: History, at: float) -> Judgement | None:
    """Judge a slot that nothing fills and that Swarm will not retry; seen twice, to be sure.

    Nor one whose task ended with 0 while Swarm updates, whatever its failure action: it writes the
    service when it is done, and with each write the orchestrator fills empty slots anew (swarmkit
    manager/orchestrator/replicated/services.go: reconcile, addTasks). What failed as often as it
    may is doomed all the same.
    """
    if history.since.dead is None or at <= history.since.dead or history.counting:
        return None
    failed = any(task.exit_code for task in history.slots.dead)
    if history.updating and not failed:
        return None
    detail = f"a slot has no attempts left and stays empty; {tasks_in_words(history)}"
    base, before = history.asked.baseline, history.asked.before
    stayed = before is not None and before.stays
    if stayed and not failed:
        detail = f"its tasks stayed before, and now one ended for good; {tasks_in_words(history)}"
    if base is not None and all(task.id in base.tasks for task in history.slots.dead):
        detail = (
            "a slot had been given up before COMMAND, and Swarm tries the same spec no more by "
            f"itself; {tasks_in_words(history)}"
        )
        return replace(
            _unstable(history, detail, [task.id for task in history.slots.dead]),
            hint="mend what made its task end, or let Swarm try once more: `docker service update "
            f"--force {history.service.full_name}`",
        )
    return _unstable(history, detail, [task.id for task in history.slots.dead])


def _stalled(history: History, at: float) -> Judgement | None:
    for blocked in history.since.blocked.values():
        if at - blocked.since < STALLED_AFTER or (not blocked.listed and history.counting):
            continue
        return say(
            history,
            Phase.STALLED,
            Verdict.STALLED,
            f"a slot could not get its task for {at - blocked.since:.0f} s, all along for the same "
            f"reason; {tasks_in_words(history)}",
            cause=blocked.code,
            tasks=[blocked.task],
        )
    return None


def _crash_loop(history: History, others: Sequence[History]) -> tuple[Failure, ...]:
    """Return the failures of a slot that will not recover by itself, or nothing."""
    if history.counting:
        return ()
    for failures in history.tasks.failures.values():
        crashed = tuple(each for each in failures if not each.blocked)
        last = crashed[-SAME_CAUSE:]
        if (
            len(crashed) >= CRASH_LOOP
            and len({each.signature for each in last}) == 1
            and _calm_since(others, last[0].seen_at)
        ):
            return crashed
    return ()


def _open(history: History, *, updating: bool) -> Judgement:
    if updating:
        return say(history, Phase.UPDATING, None, f"{UPDATES}: {tasks_in_words(history)}")
    if history.slots.dirty:
        return say(
            history,
            Phase.WAITING,
            None,
            f"Swarm has to replace old tasks: {tasks_in_words(history)}",
        )
    if doubled := _doubled(history):
        words = (
            f"slot {doubled[0][:12]} holds {doubled[1]} tasks where one is asked for, and Swarm "
            "stops the spare one only when the service is sent again"
        )
        return say(history, Phase.WAITING, None, words)
    if history.slots.surplus:
        return say(history, Phase.WAITING, None, "Swarm has to stop tasks that are too many")
    words = tasks_in_words(history)
    if history.slots.job and history.slots.running:
        words += f", {len(history.slots.running)} still at work"
    return say(history, Phase.STARTING, None, words)


def _doubled(history: History) -> tuple[str, int] | None:
    """Return a slot with more than one task, and how many it has."""
    most = Counter(task.slot for task in history.slots.live).most_common(1)
    return next(((slot, count) for slot, count in most if count > 1), None)


def next_step(history: History) -> str:
    """Return what to do about a service at whose deadline nothing was seen to fail."""
    longer = "give it longer with --timeout"
    if history.asked.settled is None and not history.touched:
        return f"COMMAND had not come to it yet: {longer}"
    if not history.slots.dirty and _doubled(history):
        return "deploy again: Swarm then keeps one task of the slot"
    if history.slots.job and history.slots.running:
        return f"read its logs to see how far it is, and {longer}"
    return f"nothing of it was seen to fail: {longer}"


def waiting_for(history: History) -> tuple[CauseCode | None, tuple[str, ...]]:
    """Return the cause of a time-out and the tasks that show it."""
    starting = [
        task
        for task in history.slots.live
        if task.up_to_date and task.state.rank < TaskState.RUNNING.rank
    ]
    if history.slots.stopping and not starting:
        return CauseCode.OLD_TASK_NOT_STOPPING, tuple(task.id for task in history.slots.stopping)
    if any(task.state is TaskState.READY for task in starting) and history.slots.stopping:
        return CauseCode.OLD_TASK_NOT_STOPPING, tuple(task.id for task in history.slots.stopping)
    failures = recent_failures(history)
    if failures:
        return None, failures
    if starting:
        return CauseCode.START_TIMEOUT, tuple(task.id for task in starting)
    return None, ()
