"""A rollout that nobody follows on: what is to be said of services that are open still; pure."""

from dataclasses import replace

from ccci.exits import Verdict, worst
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.labels import stack_to_paste
from ccci.swarm.model import Judgement


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
            _open(each, Verdict.ROLLED_BACK, rollout)
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
            each if each.verdict else _open(each, verdict, rollout) for each in rollout.judgements
        ),
    )


def _open(judgement: Judgement, verdict: Verdict, rollout: Rollout) -> Judgement:
    history = rollout.histories.get(judgement.id)
    there = history.service if history is not None else None
    stack = stack_to_paste(there.full_name, there.name) if there is not None else "STACK"
    hint = f"it was not waited for: `ccci converge {stack}` follows it from here"
    return replace(judgement, verdict=verdict, hint=hint)
