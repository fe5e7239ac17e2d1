"""Reports in every form, for the tests of the writers: those of recordings, and odd ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from support.hostile_reports import repeated
from support.stories import MADE, kept

from ccci.exits import Verdict
from ccci.report.model import Report, Status, Step
from ccci.report.parts import EngineOf
from ccci.report.rendering import render
from ccci.report.settled import settled

SUFFIXES = {
    "json": "json",
    "junit": "xml",
    "markdown": "md",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab.json",
}

ODD: dict[str, Callable[[], Report]] = {
    "refused": lambda: Report(
        "upgrade", Verdict.USAGE, "Missing option '--head'", hint="`ccci upgrade --help`"
    ),
    "unable": lambda: Report(
        "converge", Verdict.UNABLE, "there is no Docker Engine at unix:///x", target="web"
    ),
    "interrupted": lambda: replace(
        kept("scaled"),
        verdict=Verdict.INTERRUPTED,
        summary="interrupted",
        signal=2,
        services=tuple(
            replace(each, verdict=Verdict.INTERRUPTED, detail="updating", cause=None)
            for each in kept("scaled").services
        ),
    ),
    "base-broken": lambda: replace(
        kept("upgrade-rolled-back"),
        verdict=Verdict.BASE_BROKEN,
        summary="the base 1.0.0 did not come up, so the head 7ae7b0f7 was not tested",
        steps=(
            Step("fetch", Status.PASSED, 1.25),
            Step("base deploy", Status.FAILED, 9.0, "rolled-back: app died"),
            Step("head deploy", Status.SKIPPED, 0.0, "there is no base"),
        ),
    ),
    "repeated": lambda: repeated(kept("upgrade-rolled-back"), 3),
    "finished": lambda: replace(
        kept("oom"),
        duration_seconds=1234.5678,
        host="ci-1",
        ccci="0.1.0",
        engine=EngineOf("unix:///var/run/docker.sock", "28.2.2"),
        notes=("two of a kind", "a note"),
    ),
    "done": lambda: Report("teardown", Verdict.DONE, "web is gone", stack="web"),
}
"""Ends that no recording has."""

ALL: dict[str, Callable[[], Report]] = {
    **{name: partial(kept, name) for name in MADE},
    **ODD,
}
"""Every report that a writer is tried on."""


def rendered(form: str, report: Report) -> str:
    """Return a report in a form, as a run hands it on."""
    told = settled(report)
    return render(form, told)
