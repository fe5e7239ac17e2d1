"""What goes on when a run is over, without anybody who looks. Pure."""

import shlex

from ccci.exits import Verdict
from ccci.host.counting import some
from ccci.report.model import Report, ServiceReport, Status

_OPEN = {Verdict.STALLED, Verdict.TIMED_OUT}
_STOPPED = {"paused", "rollback_paused"}
_NAMED = 3


def told(report: Report) -> str:
    """Return whether Swarm goes on by itself with what was not done; nothing where all is over.

    It is told as of the end, since a record tells it again much later.
    Swarm has no deadline: its updater waits for a task for ever (swarmkit updater.go), and its
    scheduler tries again whenever something changes (swarmkit scheduler.go). What it paused stays
    so until the next update. Only an app that the run took away is over, and of an Engine out of
    reach nobody knows.
    """
    if report.verdict is Verdict.UNABLE or _taken_away(report):
        return ""
    held = [each.name for each in report.services if each.verdict is Verdict.PAUSED]
    sentences = [_going_on(report), _held(held)]
    return "; ".join(filter(None, sentences))


def _held(names: list[str]) -> str:
    if not names:
        return ""
    return f"Swarm goes no further with {some(names, _NAMED)} until the next deploy"


def _going_on(report: Report) -> str:
    names = [each.name for each in report.services if _goes_on(each)]
    if not names:
        return ""
    name = shlex.quote(report.stack) if report.stack else ""
    look = f"; `ccci converge {name}` tells what became of it" if name else ""
    return f"Swarm was still at work on {some(names, _NAMED)}, by itself{look}"


def _goes_on(service: ServiceReport) -> bool:
    return service.verdict in _OPEN and service.swarm not in _STOPPED


def _taken_away(report: Report) -> bool:
    """Say whether the run removed the app, or began to."""
    return any(
        step.name == "teardown" and step.status is not Status.SKIPPED for step in report.steps
    )
