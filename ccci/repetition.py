"""The same run several times over: how often it failed, and of what. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from ccci.exits import WORST_FIRST, Verdict
from ccci.report import Report

_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """A share of failures, and the interval in which the true one lies with 95 % confidence."""

    failures: int
    runs: int
    low: float
    high: float

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.failures} of {self.runs} runs failed "
            f"(95 % confidence: {self.low:.0%} to {self.high:.0%})"
        )


def share(failures: int, runs: int) -> Share:
    """Return the share with its Wilson score interval, which holds for few runs too.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    z, rate = _NORMAL_95, failures / runs
    middle = (rate + z * z / (2 * runs)) / (1 + z * z / runs)
    half = z / (1 + z * z / runs) * sqrt(rate * (1 - rate) / runs + z * z / (4 * runs * runs))
    low = 0.0 if failures == 0 else max(0.0, middle - half)
    high = 1.0 if failures == runs else min(1.0, middle + half)
    return Share(failures, runs, low, high)


def together(reports: Sequence[Report]) -> Report:
    """Return the worst of several runs' reports, and in it what became of all of them."""
    worst = min(reports, key=_badness)
    failures = [report for report in reports if not report.verdict.passed]
    found = share(len(failures), len(reports))
    causes = Counter(_reason(report) for report in failures)
    told = ", ".join(f"{count} x {reason}" for reason, count in causes.most_common())
    return replace(
        worst,
        summary=f"{found}{': ' + told if told else ''}; the worst: {worst.summary}",
        started_at=reports[0].started_at,
        finished_at=reports[-1].finished_at,
        extra={**worst.extra, "repeat": _document(reports, found, causes)},
    )


def _document(reports: Sequence[Report], found: Share, causes: "Counter[str]") -> dict[str, Any]:
    return {
        "runs": [
            {
                "run": report.extra.get("run"),
                "verdict": report.verdict.value,
                "exit_code": report.exit_code,
                "summary": report.summary,
            }
            for report in reports
        ],
        "failures": found.failures,
        "share": found.failures / found.runs,
        "confidence_95": [round(found.low, 4), round(found.high, 4)],
        "causes": dict(causes.most_common()),
    }


def _reason(report: Report) -> str:
    codes = [each.cause.code.value for each in report.services if each.cause is not None]
    return f"{report.verdict.value} ({', '.join(codes)})" if codes else report.verdict.value


def _badness(report: Report) -> int:
    """Return a rank, the worst lowest: a run's own verdict stands above its services'."""
    verdict = report.verdict
    own = (Verdict.INTERRUPTED, Verdict.UNABLE, Verdict.DEPLOY_FAILED, Verdict.BASE_BROKEN)
    if verdict in own:
        return own.index(verdict) - len(own)
    return WORST_FIRST.index(verdict)
