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


def service(name: str, verdict: Verdict, why: Cause | None) -> ServiceReport:
    return ServiceReport(name, f"id of {name}", verdict, "why", cause=why)


def hint(verdict: Verdict, *services: ServiceReport) -> str:
    outcome = Outcome(verdict, "why", begin(None, Policy(), 0.0))
    judged = Judged(verdict, "why", outcome, Deployment((), {}, Path()), services)
    report = _base_failed(Base("a" * 40, "1.0.0+1"), "b" * 40, judged)
    assert report.verdict is Verdict.BASE_BROKEN
    return report.hint


def failed(verdict: Verdict, cause: CauseCode | None) -> str:
    why = Cause(cause, "why", "mend that") if cause else None
    return hint(verdict, service("app", verdict, why))


@pytest.mark.parametrize(
    ("verdict", "cause", "begins"),
    [
        (Verdict.STALLED, CauseCode.MOUNT_FAILED, "here, not in the release: mend that"),
        (Verdict.STALLED, CauseCode.PORT_IN_USE, "here, not in the release: mend that"),
        (Verdict.STALLED, CauseCode.IMAGE_UNAVAILABLE, "here, not in the release: mend that"),
        (Verdict.STALLED, CauseCode.UNKNOWN, "mend that; or give another --base"),
        (Verdict.TIMED_OUT, None, "give it longer (--timeout), or give another --base"),
        (Verdict.DISTURBED, CauseCode.INTERFERENCE, "repeat it while nobody else deploys"),
        (Verdict.UNSTABLE, CauseCode.EXIT_NONZERO, "mend that; the release is to be mended"),
        (Verdict.UNSTABLE, None, "give another --base, or mend the release"),
    ],
)
def test_who_has_to_act_is_named(verdict: Verdict, cause: CauseCode | None, begins: str) -> None:
    assert failed(verdict, cause).startswith(begins)


def test_it_is_the_worst_service_whose_cause_decides() -> None:
    app = Cause(CauseCode.START_TIMEOUT, "is starting", "see what it does")
    db = Cause(CauseCode.MOUNT_FAILED, "bind source path does not exist: /mnt/db", "create it")
    told = hint(
        Verdict.STALLED,
        service("app", Verdict.TIMED_OUT, app),
        service("db", Verdict.STALLED, db),
    )
    assert told == "here, not in the release: create it"
