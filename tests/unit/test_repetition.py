import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci import repetition
from ccci.exits import Verdict
from ccci.report import Report, ServiceReport
from ccci.swarm.model import Cause, CauseCode


def report(verdict: Verdict, code: CauseCode | None = None) -> Report:
    cause = Cause(code, "x", "y") if code else None
    service = ServiceReport("app", "id", verdict, cause=cause)
    return Report("upgrade", verdict, verdict.value, services=(service,), extra={"run": "r"})


def test_the_interval_is_wilsons() -> None:
    found = repetition.share(1, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.018, 0.404)
    assert str(found) == "1 of 10 runs failed (95 % confidence: 2% to 40%)"


@given(st.integers(1, 500).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_the_share_lies_within_its_interval(counts: tuple[int, int]) -> None:
    found = repetition.share(*counts)
    assert 0 <= found.low <= found.failures / found.runs <= found.high <= 1
    assert found.low < found.high


def test_the_worst_run_stands_for_all_of_them() -> None:
    found = repetition.together(
        [
            report(Verdict.CONVERGED),
            report(Verdict.ROLLED_BACK, CauseCode.OOM_KILLED),
            report(Verdict.UNSTABLE, CauseCode.EXIT_NONZERO),
            report(Verdict.ROLLED_BACK, CauseCode.OOM_KILLED),
        ]
    )
    assert found.verdict is Verdict.ROLLED_BACK
    assert found.summary.startswith("3 of 4 runs failed (95 % confidence: 30% to 95%)")
    assert "2 x rolled-back (oom-killed), 1 x unstable (exit-nonzero)" in found.summary
    assert found.extra["repeat"]["failures"] == 3
    assert len(found.extra["repeat"]["runs"]) == 4


@pytest.mark.parametrize("verdict", [Verdict.BASE_BROKEN, Verdict.UNABLE, Verdict.DEPLOY_FAILED])
def test_a_runs_own_verdict_stands_above_its_services(verdict: Verdict) -> None:
    found = repetition.together([report(Verdict.ROLLED_BACK), report(verdict)])
    assert found.verdict is verdict


def test_all_green_is_green() -> None:
    found = repetition.together([report(Verdict.CONVERGED)] * 3)
    assert found.verdict is Verdict.CONVERGED
    assert found.summary.startswith("0 of 3 runs failed (95 % confidence: 0% to 56%)")
