"""A report in which every text is one that somebody else may have written."""

from dataclasses import replace

from ccci.exits import Verdict
from ccci.report.model import (
    Repeat,
    RepeatedRun,
    Report,
    RolledBack,
    ServiceReport,
    Status,
    Step,
    TaskReport,
)
from ccci.report.parts import EngineOf, Followed, RunFolder
from ccci.swarm.identity import IdentityReport, RunningTask
from ccci.swarm.model import Cause, CauseCode, Identity, Transition


def hostile(text: str) -> Report:
    """Return a report that holds this text wherever others have a say."""
    identity = Identity(text, text, text, dirty=True)
    task = TaskReport(text, text, text, "failed", "shutdown", text, 1, True, text, text)
    cause = Cause(CauseCode.EXIT_NONZERO, text, text, task=text, logs=(text, "x"), health=(text,))
    bad = ServiceReport(
        text,
        text,
        Verdict.ROLLED_BACK,
        detail=text,
        swarm="rollback_completed",
        runs=text,
        cause=cause,
        rolled_back=RolledBack(identity, identity, "2026-01-01T12:00:50Z"),
        transitions=(Transition("2026-01-01T12:00:01Z", "updating"),) * 2,
        tasks=(task,),
    )
    return Report(
        text,
        Verdict.ROLLED_BACK,
        text,
        target=text,
        stack=text,
        services=(bad, replace(bad, verdict=Verdict.UNCHANGED, name=f"{text}2")),
        identity=IdentityReport(
            text, identity, identity, (RunningTask(text, text, text, text, text),), text
        ),
        steps=(Step("head", Status.FAILED, 2.0, text), Step("base", Status.PASSED, 2.0, text)),
        hint=text,
        notes=(text,),
        rollout=Followed(deadline=text),
        run=RunFolder(text, text),
        engine=EngineOf(text, text),
        ccci=text,
        host=text,
    )


def repeated(report: Report, times: int = 2) -> Report:
    """Return a report as that of several attempts."""
    run = RepeatedRun(
        None, report.verdict, report.exit_code, report.summary, report.services, report.steps
    )
    return replace(report, repeat=Repeat((run,) * times, times, 1.0, (0.2, 1.0), {"x": times}))
