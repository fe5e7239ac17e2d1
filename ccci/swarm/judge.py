"""One service at one moment: from the judge's memory of it to a judgement. Pure.

`rollout` draws the table of these rules and folds them over a stack.
"""

from collections.abc import Sequence
from dataclasses import replace

from ccci.exits import Verdict
from ccci.swarm.differences import differences
from ccci.swarm.model import CauseCode, Judgement, UpdateState
from ccci.swarm.steadiness import (
    by_tasks,
    ended_well,
    next_step,
    put_back_and_failed,
    recent_failures,
    say,
    tasks_in_words,
    what_it_waited_for,
)
from ccci.swarm.track import Track

WHO_REMOVED_IT = (
    "see who removed it (`docker service rm`, `docker stack rm`, a deploy with --prune), then "
    "deploy again"
)
DISARMED_AFTER, DISARMED_DURING_COMMAND = 5.0, 20.0


def was_dropped(track: Track) -> bool:
    """Say whether a service that is gone was only dropped: there before, and never updated."""
    return track.baseline is not None and not track.touched and track.settled is None


def service(
    track: Track, others: Sequence[Track], at: float, *, soak: float | None, restarted: bool
) -> Judgement:
    """Return the judgement of one service at `at`; `others` are the stack's other services."""
    if track.gone_since is not None:
        if any(other.name == track.name and other.gone_since is None for other in others):
            return _disturbed(track, "somebody else removed it after the deploy, and made it anew")
        gone = say(track, "gone", Verdict.REMOVED, "it disappeared during the rollout")
        return replace(gone, hint=WHO_REMOVED_IT)
    if track.baseline is not None and track.settled is None and not track.touched:
        return say(track, "as before", None, "COMMAND has not touched it yet")
    for rule in (_by_update_status, _by_interference):
        judgement = rule(track, at)
        if judgement is not None:
            return judgement
    if restarted:
        return say(
            track,
            "disturbed",
            Verdict.DISTURBED,
            "the orchestrator restarted or moved during the rollout, and forgot which tasks the "
            f"update had made; now {tasks_in_words(track)}",
            cause=CauseCode.ORCHESTRATOR_RESTARTED,
        )
    return by_tasks(track, others, at, soak)


def at_the_end(track: Track, judgement: Judgement, *, out_of_time: bool) -> Judgement:
    """Return the judgement when nothing more is waited for: the deadline, or --fail-fast.

    A rollback that was seen is decided, whether or not it has ended.
    """
    if judgement.verdict is not None:
        return judgement
    if track.rolling_back:
        return replace(
            judgement,
            verdict=Verdict.ROLLED_BACK,
            detail="Swarm is rolling it back: " + (track.ours.message if track.ours else ""),
        )
    if not out_of_time:
        return judgement
    cause, at_fault = what_it_waited_for(track)
    return replace(
        judgement,
        verdict=Verdict.TIMED_OUT,
        cause=cause,
        hint="" if at_fault else next_step(track),
        tasks_at_fault=at_fault,
    )


def _by_update_status(track: Track, at: float) -> Judgement | None:
    """Judge what Swarm says of our own update: `rollback_*` and `paused` fail, whoever serves."""
    del at
    failed = recent_failures(track) or ended_well(track)
    status = track.ours
    if status is None:
        return _paused_before(track)
    if track.overtaken:
        detail = "Swarm put the previous spec back, and then somebody changed it again"
        return say(track, "rolled back", Verdict.ROLLED_BACK, detail, tasks=failed)
    runs = tasks_in_words(track)
    back = "; what came back fails, too" if put_back_and_failed(track) else ""
    if len(track.slots.running) + len(track.slots.done) < track.slots.expected:
        back = f"; at that moment what came back was not running: {runs}"
    phase, verdict, detail = {
        UpdateState.UPDATING: ("", None, ""),
        UpdateState.COMPLETED: ("", None, ""),
        UpdateState.ROLLBACK_STARTED: ("rolling back", None, status.message),
        UpdateState.ROLLBACK_COMPLETED: (
            "rolled back",
            Verdict.ROLLED_BACK,
            f"Swarm put the previous spec back{back}",
        ),
        UpdateState.ROLLBACK_PAUSED: (
            "rollback paused",
            Verdict.ROLLBACK_PAUSED,
            f"Swarm stopped the rollback half-way: {status.message}; {runs}",
        ),
        UpdateState.PAUSED: (
            "paused",
            Verdict.PAUSED,
            f"Swarm stopped the update half-way: {status.message}; {runs}",
        ),
    }[status.state]
    return say(track, phase, verdict, detail, tasks=failed) if phase else None


def _paused_before(track: Track) -> Judgement | None:
    """Judge a service that COMMAND left alone and that Swarm had stopped half-way before.

    The status is no evidence against our rollout; but it says that nothing will move any more.
    """
    base = track.baseline
    if base is None or track.touched or track.settled is None or not track.slots.due:
        return None
    if base.update_state not in {UpdateState.PAUSED, UpdateState.ROLLBACK_PAUSED}:
        return None
    detail = (
        "it was paused before COMMAND, which did not touch it; "
        f"it still is, with {tasks_in_words(track)}"
    )
    return say(track, "paused", Verdict.PAUSED, detail)


def _by_interference(track: Track, at: float) -> Judgement | None:
    if track.rolling_back:
        return None
    if track.settled is not None and track.service.spec.whole != track.settled.whole:
        changed = differences(track.settled, track.service.spec)
        return _disturbed(track, f"somebody else changed the service after the deploy: {changed}")
    if track.unset_mid_roll:
        detail = (
            "its update status was unset while our update was rolling, so somebody re-sent the "
            f"service; Swarm no longer watches it, and {tasks_in_words(track)}"
        )
        return _disturbed(track, detail)
    patience = DISARMED_AFTER if track.settled is not None else DISARMED_DURING_COMMAND
    if track.disarmed_since is not None and at - track.disarmed_since >= patience:
        detail = (
            "the same spec was sent twice while it rolled, which disarms Swarm's updater for good: "
            f"no update status, and {tasks_in_words(track)}"
        )
        return _disturbed(track, detail)
    return None


def _disturbed(track: Track, detail: str) -> Judgement:
    return say(track, "disturbed", Verdict.DISTURBED, detail, cause=CauseCode.INTERFERENCE)
