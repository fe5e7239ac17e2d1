"""Reports of ends that no recording has by itself: made by what makes them in a run."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from support import recordings

from ccci.actions.recorded import failed
from ccci.actions.upgrade import _base_failed, _told
from ccci.deployers import Deployment
from ccci.errors import Interrupted
from ccci.exits import Verdict
from ccci.recipe.base import Base
from ccci.report.model import Report, Status, Step
from ccci.report.parts import RunFolder
from ccci.steps import outcome as outcomes
from ccci.steps import revision
from ccci.steps.outcome import Options, Outcome, Said
from ccci.steps.revision import Judged
from ccci.steps.teardown import Ending
from ccci.swarm.commits import Asked
from ccci.swarm.identity import identify
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.judge.stopping import cut_short
from ccci.swarm.model import Identity, Observation
from ccci.swarm.watching import recording

HEAD, RELEASE = "7ae7b0f7" + "0" * 32, "eb96de94" + "0" * 32
BASE = Base(RELEASE, "0.7.0+3.3.1")
NOBODY_SAID = Said("", "")


def _looks(name: str) -> tuple[tuple[Observation, Rollout], ...]:
    return recordings.replayed(recordings.recorded(name))


def _judged(
    name: str, said: Said = NOBODY_SAID, code: int | None = None, look: int = -1
) -> Outcome:
    path, rollout = recordings.recorded(name), _looks(name)[look][1]
    return outcomes.judged(rollout, "shop", Options(), recording.evidence(path), code, said)


def _converge(outcome: Outcome) -> Report:
    return Report(
        "converge",
        outcome.verdict,
        outcome.summary,
        target="shop",
        stack="shop",
        started_at="2026-11-23T22:00:00Z",
        finished_at="2026-11-23T22:00:07Z",
        services=outcome.services,
        hint=outcome.hint,
        notes=outcome.notes,
        signal=outcome.signal,
        rollout=outcome.followed,
    )


def _stage(outcome: Outcome) -> Judged:
    return Judged(
        outcome.verdict,
        outcome.summary,
        outcome,
        Deployment((), {}, Path()),
        outcome.services,
        hint=outcome.hint,
        notes=outcome.notes,
    )


def _upgrade(report: Report, *steps: Step) -> Report:
    """Return the report of an upgrade whose app was removed at its end."""
    ending = Ending("shop.example.test", gone=True)
    before = [Step(name, Status.PASSED, 4.0) for name in ("fetch", "head", "lock", "base")]
    last = Step("teardown", Status.PASSED, 8.0)
    return replace(
        ending.told(report),
        target="shop.example",
        stack="shop_example",
        started_at="2026-11-23T22:00:00Z",
        finished_at="2026-11-23T22:00:41Z",
        steps=(*before, *steps, last),
        run=RunFolder("20261123-220000-c63760", "/var/lib/ccci/runs/20261123-220000-c63760"),
    )


def _step_failed(name: str, outcome: Outcome) -> Step:
    return Step(name, Status.FAILED, 9.0, f"{outcome.verdict.value}: {outcome.summary}")


def refused(output: str) -> Report:
    """Return the report of a COMMAND that the Engine refused, and that so changed nothing."""
    return _converge(_judged("oom", Said(output, output.splitlines()[-1]), 1, look=0))


def half_done() -> Report:
    """Return the report of a COMMAND that failed although what it changed does run."""
    return _converge(_judged("scaled", Said("update out of sequence", "update out of sequence"), 1))


def interrupted() -> Report:
    """Return the report of a rollout that a signal ended while Swarm was at work on it."""
    path, rollout = recordings.recorded("mixed-stack"), cut_short(_looks("mixed-stack")[4][1])
    evidence = recording.evidence(path)
    return _converge(outcomes.interrupted(rollout, "shop", Interrupted(2), evidence, None))


def upgrade_interrupted() -> Report:
    """Return the report of an upgrade that a signal ended while its head rolled."""
    path, rollout = recordings.recorded("mixed-stack"), cut_short(_looks("mixed-stack")[4][1])
    found = outcomes.interrupted(rollout, "shop", Interrupted(2), recording.evidence(path), None)
    return _upgrade(_told(BASE, HEAD, _stage(found)), _step_failed("head deploy", found))


def interrupted_between() -> Report:
    """Return the report of an upgrade that a signal ended after its base was judged."""
    steps = (
        Step("base deploy", Status.PASSED, 12.0, "converged"),
        Step("head images", Status.FAILED, 3.0, "interrupted"),
    )
    return _upgrade(failed("upgrade", Interrupted(2), steps), *steps)


def base_broken() -> Report:
    """Return the report of an upgrade whose base did not come up."""
    found = _judged("first-deploy-crashes")
    return _upgrade(_base_failed(BASE, HEAD, _stage(found)), _step_failed("base deploy", found))


def wrong_identity() -> Report:
    """Return the report of an upgrade that converged, and of which the old commit runs."""
    found = _judged("scaled")
    seen = _looks("scaled")[-1][0]
    (app,) = [each for each in seen.services if each.name == "app"]
    labelled = Identity(BASE.version, app.spec.identity.image, RELEASE[:8])
    app = replace(app, spec=replace(app.spec, identity=labelled))
    identity = identify([app], app, Asked(HEAD), nodes=seen.nodes)
    stage = replace(
        _stage(found),
        verdict=Verdict.WRONG_IDENTITY,
        summary=identity.summary,
        hint=identity.hint,
        identity=identity.report,
        notes=identity.notes,
    )
    failed_step = Step("head identity", Status.FAILED, 0.2, identity.summary)
    return _upgrade(_told(BASE, HEAD, stage), failed_step)


def not_served() -> Report:
    """Return the report of a head that converged, and does not answer its health path."""
    found = revision.not_served(
        _stage(_judged("scaled")),
        "app",
        "/healthz",
        "/healthz answered 502 for 60 s",
        "t",
        ("listening on 127.0.0.1:80",),
    )
    failed_step = Step("head health", Status.FAILED, 60.0, "/healthz answered 502 for 60 s")
    return _upgrade(_told(BASE, HEAD, found), failed_step)


def out_of_reach() -> Report:
    """Return the report of a rollout whose Engine went away."""
    _, rollout = _looks("oom")[3]
    lost = replace(rollout, lost="connection refused for 60 s")
    return _converge(outcomes.judged(lost, "shop", Options(), {}, None, NOBODY_SAID))


MADE: dict[str, Callable[[], Report]] = {
    "interrupted": interrupted,
    "interrupted-between": interrupted_between,
    "upgrade-interrupted": upgrade_interrupted,
    "config-immutable": partial(
        refused,
        "failed to update config shop_conf_v1: Error response from daemon: rpc error: code = "
        "InvalidArgument desc = only updates to Labels are allowed",
    ),
    "conflict": partial(
        refused,
        "failed to update service shop_app: Error response from daemon: rpc error: code = Unknown "
        "desc = update out of sequence",
    ),
    "deploy-failed": half_done,
    "base-broken": base_broken,
    "wrong-identity": wrong_identity,
    "health-path": not_served,
    "out-of-reach": out_of_reach,
}
