"""The reports of recorded rollouts, to be told again, and what was approved of them.

`CCCI_TEST_WRITE_GOLDEN=1` writes what is told now in place of what was approved; read what changed.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from support import made_stories, recordings

from ccci.report import of_rollout
from ccci.report.model import Report, Status, Step, document, read
from ccci.report.notes import notes
from ccci.report.parts import Followed, RunFolder
from ccci.swarm.watching import recording

GOLDEN = Path(__file__).parents[1] / "unit" / "report" / "golden"
NAMES = (
    *("oom", "mixed-stack", "exited-early", "unhealthy", "never-healthy-at-first"),
    *("image-missing", "bind-source-missing", "constraints-unsatisfied", "host-port-taken"),
    *("network-full", "old-task-not-stopping", "label-only-redeploy-mid-roll"),
    *("identical-redeploy", "leader-changed", "pause-by-default", "rollback-paused", "removed"),
    *("crash-after-monitor", "scaled", "identical", "dropped-added-empty"),
)


def recorded(name: str) -> Report:
    """Return the report of `ccci converge` on a recorded rollout, from the recording alone."""
    path = recordings.recorded(name)
    looks = recordings.replayed(path)
    first, (last, rollout) = looks[0][0], looks[-1]
    services = of_rollout.services(rollout, recording.evidence(path))
    assert rollout.verdict is not None
    return Report(
        "converge",
        rollout.verdict,
        of_rollout.summary(rollout, services),
        target="shop",
        stack="shop",
        started_at="2026-11-23T22:00:00Z",
        finished_at=f"2026-11-23T22:00:{min(int(last.at - first.at), 59):02}Z",
        services=services,
        notes=notes(rollout),
        rollout=Followed(deadline=rollout.arithmetic),
    )


def thirty(failing: int) -> Report:
    """Return a report of thirty services, so many of which were rolled back."""
    bad, good = recorded("oom"), recorded("scaled")
    services = [
        replace((bad if number < failing else good).services[0], name=f"worker-{number:02}")
        for number in range(30)
    ]
    summary = (
        bad.summary.replace("app", "worker-00")
        if failing
        else "30 services: all run what was asked, and stayed so"
    )
    return replace(bad if failing else good, services=tuple(services), summary=summary)


def upgrade() -> Report:
    """Return the report of an upgrade whose head was rolled back."""
    report = recorded("oom")
    names = ("fetch", "head", "lock", "base", "base deploy", "head images")
    steps = [Step(name, Status.PASSED, 4.0) for name in names]
    return replace(
        report,
        command="upgrade",
        steps=(*steps, Step("head deploy", Status.FAILED, 9.0, f"rolled-back: {report.summary}")),
        run=RunFolder("20261123-220000-c63760", "/var/lib/ccci/runs/20261123-220000-c63760"),
    )


MADE: dict[str, Callable[[], Report]] = {
    **{name: partial(recorded, name) for name in NAMES},
    "thirty-of-which-two-failed": partial(thirty, 2),
    "thirty-that-passed": partial(thirty, 0),
    "upgrade-rolled-back": upgrade,
    **made_stories.MADE,
}


@cache
def kept(name: str) -> Report:
    """Return the report that is kept, made anew first where that was asked for."""
    path = GOLDEN / f"{name}.json"
    if os.environ.get("CCCI_TEST_WRITE_GOLDEN"):
        path.write_text(json.dumps(document(MADE[name]()), indent=1) + "\n", encoding="utf-8")
    return read(json.loads(path.read_text(encoding="utf-8")))


def approved(path: Path, told: str) -> str:
    """Return what was approved, which is what is told now where that was asked for."""
    if os.environ.get("CCCI_TEST_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    return path.read_text(encoding="utf-8")
