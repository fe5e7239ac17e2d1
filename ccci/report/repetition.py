"""The same run several times over: how often it failed, and of what. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ccci.exits import WORST_FIRST, Verdict
from ccci.report.model import Repeat, RepeatedRun, Report
from ccci.report.share import Share, share


def together(reports: Sequence[Report]) -> Report:
    """Return the worst of several runs' reports, and in it what became of all of them."""
    worst = min(reports, key=_badness)
    judged = [report for report in reports if report.outcome.counts]
    failures = [report for report in judged if not report.verdict.passed]
    found = share(len(failures), len(judged)) if judged else Share(0, 0, 0.0, 1.0)
    causes = Counter(_reason(report) for report in failures)
    others = Counter(each.outcome.value for each in reports if not each.outcome.counts)
    told = f"{found}: {_listed(causes)}" if causes else str(found)
    said = f"; not counted: {_listed(others)}" if others else ""
    return replace(
        worst,
        summary=f"{told}{said}; the worst: {worst.summary}",
        started_at=reports[0].started_at,
        finished_at=reports[-1].finished_at,
        repeat=_told(reports, found, causes),
    )


def _listed(counts: "Counter[str]") -> str:
    return ", ".join(f"{count} x {word}" for word, count in counts.most_common())


def _told(reports: Sequence[Report], found: Share, causes: "Counter[str]") -> Repeat:
    return Repeat(
        tuple(
            RepeatedRun(
                report.run.run if report.run else None,
                report.verdict,
                report.exit_code,
                report.summary,
                report.services,
                report.steps,
            )
            for report in reports
        ),
        found.failures,
        found.failures / found.runs if found.runs else 0.0,
        found.interval,
        dict(causes.most_common()),
    )


def _reason(report: Report) -> str:
    codes = [each.cause.code.value for each in report.services if each.cause is not None]
    return f"{report.verdict.value} ({', '.join(codes)})" if codes else report.verdict.value


def _badness(report: Report) -> int:
    """Return a rank, the worst lowest: a run's own verdict stands above its services'."""
    verdict = report.verdict
    own = (
        *(Verdict.INTERRUPTED, Verdict.BUG, Verdict.USAGE, Verdict.UNABLE),
        *(Verdict.DEPLOY_FAILED, Verdict.BASE_BROKEN),
    )
    if verdict in own:
        return own.index(verdict) - len(own)
    return WORST_FIRST.index(verdict)
