"""A timeout label that is shorter than the roll took: abra would have given up on it."""

from collections.abc import Mapping

from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.labels import of_app

_DIGITS = 9


def note(labels: Mapping[str, str], stack: str, rollout: Rollout) -> tuple[str, ...]:
    """Return a note where the recipe allows its deploy fewer seconds than its tasks took to run.

    abra waits so long, whatever becomes of the deploy after that (GetTimeoutFromLabel).
    """
    text = labels.get(of_app(stack, "timeout"), "")
    if not (text.isascii() and text.isdigit()) or rollout.touched_at is None:
        return ()
    allowed = int(text[:_DIGITS])
    ran = [
        history.tasks.running_since[task.id]
        for history in rollout.histories.values()
        for task in history.slots.running
        if task.id in history.tasks.running_since
    ]
    took = max(ran, default=rollout.touched_at) - rollout.touched_at
    if took <= allowed:
        return ()
    told = (
        f"its tasks took {took:.0f} s to run, and the timeout label allows {allowed} s: abra would"
    )
    return (f"{told} have given up meanwhile; raise it (TIMEOUT in .env.sample, where it is read)",)
