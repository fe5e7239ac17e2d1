"""A rollout that nobody follows on: what is to be said of services that are open still; pure."""

from dataclasses import replace

from ccci.exits import Verdict, worst
from ccci.swarm.judge.rollout import Rollout

FOLLOW_ON = "it was not waited for: `ccci converge` without COMMAND follows it from here"


def stop(rollout: Rollout) -> Rollout:
    """Return the rollout as it stands when nobody follows it on: what is open is timed-out."""
    return _called(rollout, Verdict.TIMED_OUT)


def cut_short(rollout: Rollout) -> Rollout:
    """Return the rollout as it stands when a signal ends it: what is open is interrupted.

    A rollback that was seen is decided, and so is the whole where any service's failure is.
    """
    seen = {key for key, history in rollout.histories.items() if history.rolling_back}
    known = replace(
        rollout,
        judgements=tuple(
            replace(each, verdict=Verdict.ROLLED_BACK, hint=FOLLOW_ON)
            if each.verdict is None and each.id in seen
            else each
            for each in rollout.judgements
        ),
    )
    failed = [each.verdict for each in known.judgements if each.verdict and not each.verdict.passed]
    if rollout.verdict is None and failed:
        known = replace(known, verdict=worst(failed))
    return _called(known, Verdict.INTERRUPTED)


def _called(rollout: Rollout, verdict: Verdict) -> Rollout:
    return replace(
        rollout,
        judgements=tuple(
            each if each.verdict else replace(each, verdict=verdict, hint=FOLLOW_ON)
            for each in rollout.judgements
        ),
    )
