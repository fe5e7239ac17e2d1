"""A base that did not come up: who has to act is told by why."""

from pathlib import Path

import pytest

from ccci.actions.upgrade import _base_failed
from ccci.deployers import Deployment
from ccci.exits import Verdict
from ccci.recipe.base import Base
from ccci.report.model import ServiceReport
from ccci.steps.outcome import Outcome
from ccci.steps.revision import Judged
from ccci.swarm.judge.rollout import Policy, begin
from ccci.swarm.model import Cause, CauseCode


def failed(verdict: Verdict, cause: CauseCode | None) -> str:
    outcome = Outcome(verdict, "why", begin(None, Policy(), 0.0))
    why = Cause(cause, "why", "mend that") if cause else None
    service = ServiceReport("app", "id", verdict, "why", cause=why)
    judged = Judged(verdict, "why", outcome, Deployment((), {}, Path()), (service,))
    report = _base_failed(Base("a" * 40, "1.0.0+1"), "b" * 40, judged)
    assert report.verdict is Verdict.BASE_BROKEN
    return report.hint


@pytest.mark.parametrize(
    ("verdict", "cause", "hint"),
    [
        (Verdict.STALLED, CauseCode.MOUNT_FAILED, "here, not in the release: mend that"),
        (Verdict.STALLED, CauseCode.PORT_IN_USE, "here, not in the release: mend that"),
        (Verdict.TIMED_OUT, None, "give it longer (--timeout), or give another --base"),
        (Verdict.DISTURBED, CauseCode.INTERFERENCE, "repeat it while nobody else deploys"),
        (Verdict.UNSTABLE, CauseCode.EXIT_NONZERO, "mend that; the release is to be mended"),
        (Verdict.UNSTABLE, None, "give another --base, or mend the release"),
    ],
)
def test_who_has_to_act_is_named(verdict: Verdict, cause: CauseCode | None, hint: str) -> None:
    assert failed(verdict, cause).startswith(hint)
