import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.exits import Verdict
from ccci.report import repetition
from ccci.report.model import Report, ServiceReport
from ccci.report.parts import RunFolder
from ccci.report.share import share
from ccci.swarm.model import Cause, CauseCode


def report(verdict: Verdict, code: CauseCode | None = None) -> Report:
    cause = Cause(code, "x", "y") if code else None
    service = ServiceReport("app", "id", verdict, cause=cause)
    return Report(
        "upgrade", verdict, verdict.value, services=(service,), run=RunFolder("r", "/runs/r")
    )


def test_the_interval_is_wilsons() -> None:
    found = share(1, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.018, 0.404)
    assert str(found) == "1 of 10 runs failed (95 % confidence: 2% to 40%)"


@given(st.integers(1, 500).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_the_share_lies_within_its_interval(counts: tuple[int, int]) -> None:
    found = share(*counts)
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
    assert found.repeat is not None
    assert found.repeat.failures == 3
    assert [each.run for each in found.repeat.runs] == ["r"] * 4


@pytest.mark.parametrize("verdict", [Verdict.BASE_BROKEN, Verdict.UNABLE, Verdict.DEPLOY_FAILED])
def test_a_runs_own_verdict_stands_above_its_services(verdict: Verdict) -> None:
    found = repetition.together([report(Verdict.ROLLED_BACK), report(verdict)])
    assert found.verdict is verdict


def test_all_green_is_green() -> None:
    found = repetition.together([report(Verdict.CONVERGED)] * 3)
    assert found.verdict is Verdict.CONVERGED
    assert found.summary.startswith("0 of 3 runs failed (95 % confidence: 0% to 56%)")


def test_runs_that_judged_nothing_are_not_counted() -> None:
    found = repetition.together(
        [report(Verdict.UNABLE), report(Verdict.UNSTABLE), report(Verdict.CONVERGED)]
    )
    assert found.summary.startswith("1 of 2 runs failed")
    assert "1 x unstable; not counted: 1 x unable; the worst" in found.summary
    assert found.repeat is not None
    assert (found.repeat.failures, found.repeat.share) == (1, 0.5)
    assert found.repeat.causes == {"unstable": 1}


@pytest.mark.parametrize("verdict", [Verdict.UNABLE, Verdict.BUG, Verdict.INTERRUPTED])
def test_where_no_run_judged_anything_there_is_no_share(verdict: Verdict) -> None:
    found = repetition.together([report(verdict), report(verdict)])
    assert found.repeat is not None
    assert (found.repeat.failures, found.repeat.confidence_95) == (0, (0.0, 1.0))
    assert f"not counted: 2 x {verdict.value}" in found.summary
