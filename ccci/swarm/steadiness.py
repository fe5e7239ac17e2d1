"""What runs, judged apart from what Swarm says: soaks, crash loops, stalled slots. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ccci.exits import Verdict
from ccci.swarm.deadline import LONGEST_SOAK, soak_of
from ccci.swarm.model import CauseCode, Judgement, TaskState, UpdateState
from ccci.swarm.track import Failure, Track

AFTER_COMPLETED = 5.0
"""Seconds to look on after Swarm's `completed`, which is a timer and not health."""

CRASH_LOOP, SAME_CAUSE = 5, 3
STALLED_AFTER = 20.0


def say(
    track: Track,
    phase: str,
    verdict: Verdict | None,
    detail: str,
    *,
    cause: CauseCode | None = None,
    tasks: Sequence[str] = (),
) -> Judgement:
    """Return a judgement of the track's service."""
    return Judgement(track.name, track.id, phase, verdict, detail, tuple(tasks), cause)


def soak_needed(track: Track, soak: float | None) -> float:
    """Return the seconds that each task must have been running.

    Longer than twice the longest life of a task of this rollout that died, up to 60 s: a slow crash
    loop must not be caught between two crashes.
    """
    if soak is not None:
        return soak
    lived = min(2 * track.longest_life, LONGEST_SOAK)
    return max(soak_of(track.service.spec, track.health), lived)


def tasks_in_words(track: Track) -> str:
    """Return what runs, in words: the second axis beside Swarm's own status."""
    slots = track.slots
    if track.service.spec.mode.is_job:
        return f"{len(slots.done)}/{slots.expected} tasks completed"
    # After a rollback Swarm's own test calls the spec that was put back the up-to-date one.
    kind = "tasks of the previous spec" if track.rolling_back else "up-to-date tasks"
    words = f"{len(slots.running)}/{slots.expected} {kind} running"
    if slots.done:
        words += f", {len(slots.done)} ended as they should"
    old = [task for task in slots.dirty if task.state is TaskState.RUNNING]
    other = "of the new spec still running" if track.rolling_back else "old still serving"
    return words + (f", {len(old)} {other}" if old else "")


def by_tasks(track: Track, others: Sequence[Track], at: float, soak: float | None) -> Judgement:
    """Return the judgement of what runs, given that what Swarm says is no failure."""
    updating = track.ours is not None and track.ours.state is UpdateState.UPDATING
    died = _died_after_completed(track, others)
    if died is not None:
        return _unstable(
            track,
            f"Swarm says completed, but its task died during the soak; {tasks_in_words(track)}",
            [died.task],
        )
    if track.slots.filled and not updating:
        return _soaking(track, at, soak)
    for rule in (_dead_slot, _stalled):
        judgement = rule(track, at)
        if judgement is not None:
            return judgement
    loop = _crash_loop(track, others)
    if loop:
        return _unstable(
            track,
            f"crash loop: {len(loop)} failed tasks in one slot; {tasks_in_words(track)}",
            [failure.task for failure in loop],
        )
    return _open(track, updating=updating)


def _unstable(track: Track, detail: str, tasks: Sequence[str]) -> Judgement:
    return say(track, "crashing", Verdict.UNSTABLE, detail, tasks=tasks)


def _soaking(track: Track, at: float, soak: float | None) -> Judgement:
    """Judge a service whose slots are all filled: converged once every task is old enough.

    Not while one of them is known to be unhealthy: it is listed as running until its stop grace is
    over (moby daemon/cluster/executor/container/controller.go: Wait).
    """
    sick = [task.id for task in track.slots.running if task.id in track.unhealthy]
    if sick:
        words = f"{tasks_in_words(track)}, but {len(sick)} unhealthy, which Swarm is stopping"
        return say(track, "soaking", None, words, tasks=sick)
    needed = soak_needed(track, soak)
    ages = [at - track.running_since[task.id] for task in track.slots.running]
    youngest = min(ages, default=needed)
    waits = [needed - youngest]
    if track.completed_since is not None and soak is None:
        waits.append(AFTER_COMPLETED - (at - track.completed_since))
    left = max(waits)
    if left <= 0:
        verdict = Verdict.CONVERGED if track.rolled else Verdict.UNCHANGED
        words = f"{tasks_in_words(track)}, steady for {needed:.0f} s or more"
        if not track.slots.expected:
            words = "no task is asked for, and none runs"
            if track.service.spec.mode.is_global:
                words = "no ready node fits its constraints, so that no task of it runs"
        elif track.service.spec.mode.is_job or not track.slots.running:
            words = tasks_in_words(track)
        return say(track, "steady", verdict, words)
    words = f"{tasks_in_words(track)}, {left:.0f} s more to be steady"
    return replace(say(track, "soaking", None, words), ripe_at=at + left)


def _died_after_completed(track: Track, others: Sequence[Track]) -> Failure | None:
    """Return the failure that belies Swarm's `completed`.

    Not while another service was starting: an app whose database is replaced may fall once.
    """
    if track.completed_since is None:
        return None
    return next(
        (
            failure
            for slot in track.failures.values()
            for failure in slot
            if failure.seen_at >= track.completed_since
            and failure.ran_from is not None
            and _calm_since(others, failure.ran_from)
        ),
        None,
    )


def _calm_since(others: Sequence[Track], since: float) -> bool:
    """Say whether every other service was up by then, or fails on its own account."""
    return all(
        other.troubled
        or other.gone_since is not None
        or (other.up_since is not None and other.up_since <= since)
        for other in others
    )


def _dead_slot(track: Track, at: float) -> Judgement | None:
    """Judge a slot that nothing fills and that Swarm will not retry; seen twice, to be sure."""
    if track.dead_since is None or at <= track.dead_since or track.counting:
        return None
    detail = f"a slot has no attempts left and stays empty; {tasks_in_words(track)}"
    return _unstable(track, detail, [task.id for task in track.slots.dead])


def _stalled(track: Track, at: float) -> Judgement | None:
    for blocked in track.blocked.values():
        if at - blocked.since < STALLED_AFTER or (not blocked.listed and track.counting):
            continue
        return say(
            track,
            "stalled",
            Verdict.STALLED,
            f"a slot could not get its task for {at - blocked.since:.0f} s, all along for the same "
            f"reason; {tasks_in_words(track)}",
            cause=blocked.code,
            tasks=[blocked.task],
        )
    return None


def _crash_loop(track: Track, others: Sequence[Track]) -> tuple[Failure, ...]:
    """Return the failures of a slot that will not recover by itself, or nothing."""
    if track.counting:
        return ()
    for failures in track.failures.values():
        crashed = tuple(each for each in failures if not each.blocked)
        last = crashed[-SAME_CAUSE:]
        if (
            len(crashed) >= CRASH_LOOP
            and len({each.signature for each in last}) == 1
            and _calm_since(others, last[0].seen_at)
        ):
            return crashed
    return ()


def recent_failures(track: Track) -> tuple[str, ...]:
    """Return the tasks of this rollout that failed, the latest last; not those put back."""
    back = _put_back(track)
    return tuple(task for task in _failed(track) if task not in back)


def ended_well(track: Track) -> tuple[str, ...]:
    """Return the tasks of the spec asked for that ended as a one-shot may.

    Within `monitor` Swarm takes these for failures, too (swarmkit updater.go).
    """
    template = track.target.template if track.target is not None else ""
    return tuple(
        life.task.id
        for life in track.lives.values()
        if life.task.template == template
        and life.task.state is TaskState.COMPLETE
        and life.task.id not in track.asked
    )


def put_back_and_failed(track: Track) -> bool:
    """Say whether a rollback brought back tasks that fail, too."""
    return bool(_put_back(track))


def _put_back(track: Track) -> frozenset[str]:
    if not track.rolling_back or track.target is None:
        return frozenset()
    asked, now = track.target.template, track.service.spec.template
    return frozenset(
        task
        for task in _failed(track)
        if asked != now and task in track.lives and track.lives[task].task.template == now
    )


def _failed(track: Track) -> tuple[str, ...]:
    failures = sorted(
        (each for slot in track.failures.values() for each in slot), key=lambda each: each.seen_at
    )
    return tuple(each.task for each in failures)


def _open(track: Track, *, updating: bool) -> Judgement:
    if updating:
        return say(track, "updating", None, f"Swarm is updating it: {tasks_in_words(track)}")
    if track.slots.dirty:
        return say(
            track, "waiting", None, f"Swarm has to replace old tasks: {tasks_in_words(track)}"
        )
    if doubled := _doubled(track):
        words = (
            f"slot {doubled[0][:12]} holds {doubled[1]} tasks where one is asked for, and Swarm "
            "stops the spare one only when the service is sent again"
        )
        return say(track, "waiting", None, words)
    if track.slots.surplus:
        return say(track, "waiting", None, "Swarm has to stop tasks that are too many")
    words = tasks_in_words(track)
    if track.slots.job and track.slots.running:
        words += f", {len(track.slots.running)} still at work"
    return say(track, "starting", None, words)


def _doubled(track: Track) -> tuple[str, int] | None:
    """Return a slot with more than one task, and how many it has."""
    most = Counter(task.slot for task in track.slots.live).most_common(1)
    return next(((slot, count) for slot, count in most if count > 1), None)


def next_step(track: Track) -> str:
    """Return what to do about a service at whose deadline nothing was seen to fail."""
    longer = "give it longer with --timeout"
    if track.settled is None and not track.touched:
        return f"COMMAND had not come to it yet: {longer}"
    if not track.slots.dirty and _doubled(track):
        return "deploy again: Swarm then keeps one task of the slot"
    if track.slots.job and track.slots.running:
        return f"read its logs to see how far it is, and {longer}"
    return f"nothing of it was seen to fail: {longer}"


def what_it_waited_for(track: Track) -> tuple[CauseCode | None, tuple[str, ...]]:
    """Return the cause of a time-out and the tasks that show it."""
    starting = [
        task
        for task in track.slots.live
        if task.up_to_date and task.state.rank < TaskState.RUNNING.rank
    ]
    if track.slots.stopping and not starting:
        return CauseCode.OLD_TASK_NOT_STOPPING, tuple(task.id for task in track.slots.stopping)
    if any(task.state is TaskState.READY for task in starting) and track.slots.stopping:
        return CauseCode.OLD_TASK_NOT_STOPPING, tuple(task.id for task in track.slots.stopping)
    failures = recent_failures(track)
    if failures:
        return None, failures
    if starting:
        return CauseCode.START_TIMEOUT, tuple(task.id for task in starting)
    return None, ()
