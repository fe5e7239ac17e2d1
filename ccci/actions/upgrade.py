"""An upgrade: a release deployed, then a commit on top of it, and the truth about both."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ccci.actions.deploying import record
from ccci.actions.parts import Part, Parts
from ccci.deployers import App
from ccci.deployers.plan import DeployPlan
from ccci.errors import CcciError, Interrupted, UsageError
from ccci.exits import Verdict
from ccci.names import AUTO
from ccci.recipe import checkouts, heads
from ccci.recipe.base import Base, choose_base, refuse_same
from ccci.recipe.checkouts import Checkout
from ccci.recipe.refs import check_ref
from ccci.recipe.source import locate
from ccci.report.model import Report
from ccci.report.parts import BaseOf, Upgrade
from ccci.report.repetition import together
from ccci.report.services_text import failing
from ccci.steps import leftovers, own_settings, teardown
from ccci.steps.app import create_app, edit_env, take_over
from ccci.steps.before import early
from ccci.steps.before.early import HeadRefused, Pair
from ccci.steps.before.preparation import BASE, HEAD, check_out, prepare
from ccci.steps.deployed import deployed_base
from ccci.steps.follow import Outcome
from ccci.steps.lock import locked
from ccci.steps.revision import Judged, deploy_revision, rehearsed
from ccci.steps.rolling import base_soak
from ccci.steps.version import version_at
from ccci.steps.workspace import Choices, Workspace, adopt, find_recipe
from ccci.swarm.judge.blame import Whose, whose
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Request:
    """An upgrade as asked for."""

    recipe: str
    head: str
    choices: Choices
    base: str = AUTO
    allow_same: bool = False
    keep: bool = False
    upgrade_env: dict[str, str] = field(default_factory=dict)
    upgrade_env_from_sample: bool = False
    rehearse: bool = False


def repeated(request: Request, times: int, output: Output) -> Report:
    """Do the whole upgrade so many times; return the worst run's report and what became of all."""
    if times < 1:
        raise UsageError(f"--repeat {times} is no number of runs", "give 1 or more")
    reports: list[Report] = []
    for number in range(1, times + 1):
        if times > 1:
            output.progress(f"run {number} of {times}")
        reports.append(upgrade(request, output))
        # What stopped this one would stop the next one as well.
        if reports[-1].verdict in {Verdict.INTERRUPTED, Verdict.UNABLE}:
            break
    return together(reports) if times > 1 else reports[0]


def upgrade(request: Request, output: Output) -> Report:
    """Deploy the base, then the head on top of it, and judge both; then remove both.

    Raise UsageError for what the command line alone tells wrong; every other ending is a report.
    """
    _check(request)
    source = find_recipe(request.recipe, request.choices)
    return record(
        "upgrade", source, request.choices, output, lambda workspace: _upgraded(request, workspace)
    )


def parts(request: Request) -> Parts:
    """Return what finds out what is deployed. Raise UsageError for what cannot be meant."""
    _check(request)

    def found(clone: Checkout, app: App) -> list[Part]:
        head = checkouts.resolve(clone, request.head)
        chosen = request.choices
        own = version_at(clone, app, head, chosen.env, chosen.app_service)
        base = choose_base(clone, head, request.base, own, allow_same=request.allow_same)
        return [
            Part(BASE, base.commit, base.version),
            Part(
                HEAD,
                head,
                None,
                request.upgrade_env,
                request.upgrade_env_from_sample,
                request.head,
            ),
        ]

    return found


def _check(request: Request) -> None:
    check_ref(request.head)
    if request.base != AUTO:
        check_ref(request.base)


def _upgraded(request: Request, workspace: Workspace) -> Report:
    with workspace.steps.step("head") as progress:
        head = checkouts.resolve(workspace.checkout, request.head)
        progress.say(f"{request.head} is {head}")
    workspace.run.note(head=head)
    app = workspace.app(head)
    workspace = own_settings.heeded(workspace, app, head, "upgrade")
    with locked(workspace, app) as held:
        with workspace.steps.step("base") as progress:
            there = deployed_base(leftovers.services(workspace.engine, app.stack))
            base = there or choose_base(
                workspace.checkout,
                head,
                request.base,
                version_at(
                    workspace.checkout,
                    app,
                    head,
                    workspace.choices.env,
                    workspace.choices.app_service,
                ),
                allow_same=request.allow_same,
            )
            refuse_same(base, head, allow_same=request.allow_same)
            progress.say(f"{base}, commit {base.commit or 'unknown'}")
            workspace.run.note(base=base.version or base.commit[:8])
        if base.skipped is not None:
            workspace.run.trouble.append(
                f"the head still has the version {base.skipped}, which is released: it is tested "
                f"from the release before, {base}"
            )
        stays = request.keep or there is not None
        with teardown.afterwards(workspace, app, held, stays=stays) as ending:
            report = workspace.decide(
                _on_the_swarm(request, workspace, app, base, head, upgrade_only=there is not None)
            )
        return ending.told(report)


def _on_the_swarm(
    request: Request, workspace: Workspace, app: App, base: Base, head: str, *, upgrade_only: bool
) -> Report:
    second = workspace.revision(head, None)
    pair = Pair(workspace.revision(base.commit, base.version), second, request.head)
    take = partial(
        take_over,
        app,
        request.upgrade_env,
        from_sample=request.upgrade_env_from_sample,
        given=workspace.choices.env,
        adopted=upgrade_only,
    )
    before: Judged | None = None
    plan: DeployPlan | None = None
    if upgrade_only:
        workspace.steps.skip("base deploy", f"{app.domain} is deployed already")
        adopt(workspace, app)
        edit_env(app, workspace.choices.env)
        check_out(workspace, second, HEAD)
        # Kept with the run, so that they are told whatever becomes of the head.
        workspace.run.trouble.extend(take())
        early.note_slips(workspace, pair)
    else:
        try:
            before, plan = _base(workspace, app, pair, take)
        except HeadRefused as error:
            return _head_refused(base, head, error)
        except CcciError as error:
            if error.verdict is not Verdict.DEPLOY_FAILED:
                raise
            return _base_broken(base, head, error.message, error.hint)
        if not before.verdict.passed:
            return _base_failed(base, head, before)
        if before.outcome.signal is not None:
            raise Interrupted(before.outcome.signal)
        check_out(workspace, second, HEAD)
        take()
    ready = prepare(workspace, app, second, HEAD, plan)
    recorded = dict(before.specs) if before is not None else {}
    judged = deploy_revision(workspace, app, second, HEAD, recorded, ready)
    if before is not None and not judged.verdict.passed:
        again = base_soak.again(workspace, app, before.outcome, judged.outcome)
        if again.broken is not None:
            return _base_fails_too(base, head, before, judged, again.broken)
        notes = (*judged.notes, *again.notes, *base_soak.doubts(before.outcome, judged.outcome))
        signal = judged.outcome.signal or again.signal
        judged = replace(judged, notes=notes, outcome=replace(judged.outcome, signal=signal))
    if request.rehearse and judged.verdict.passed:
        judged = rehearsed(workspace, app, judged)
    return _told(base, head, judged)


def _base(
    workspace: Workspace, app: App, pair: Pair, take: Callable[[], tuple[str, ...]]
) -> tuple[Judged, DeployPlan]:
    """Deploy the base, and return what became of it, and the head's plan.

    Raise HeadRefused, with nothing deployed, where the head is sure to be refused.
    """
    check_out(workspace, pair.base, BASE)
    create_app(workspace.deployer, app, pair.base, workspace.choices.env)
    plan = workspace.deployer.plan(app, pair.base)
    of_head = early.read_head(workspace, app, pair, plan, take)
    ready = prepare(workspace, app, pair.base, BASE, plan)
    early.require(workspace, pair, plan, of_head)
    return deploy_revision(workspace, app, pair.base, BASE, {}, ready), of_head


def _head_refused(base: Base, head: str, error: HeadRefused) -> Report:
    return Report(
        "upgrade",
        error.verdict,
        error.message,
        hint=error.hint,
        upgrade=Upgrade(head, BaseOf(base.version, base.commit)),
    )


def _base_broken(base: Base, head: str, reason: str, hint: str) -> Report:
    return Report(
        "upgrade",
        Verdict.BASE_BROKEN,
        f"the base {base} did not come up, so the head {head[:8]} was not tested: {reason}",
        hint=hint or "give another --base, or mend the release",
    )


def _base_failed(base: Base, head: str, judged: Judged) -> Report:
    summary = judged.summary
    if judged.verdict in {Verdict.INTERRUPTED, Verdict.UNABLE}:
        judged = replace(judged, summary=f"while the base {base} came up: {summary}")
        return _told(base, head, judged)
    broken = _base_broken(base, head, summary, judged.hint or _who_acts(judged))
    failed = replace(judged, verdict=broken.verdict, summary=broken.summary, hint=broken.hint)
    return _told(base, head, failed, base_verdict=judged.verdict)


def _base_fails_too(
    base: Base, head: str, before: Judged, judged: Judged, again: Outcome
) -> Report:
    """Return the report of a head that was rolled back to a base which does not stay up either."""
    found = replace(
        before,
        verdict=Verdict.BASE_BROKEN,
        summary=f"the base {base} does not stay up either, so that nothing is known of the head "
        f"{head[:8]}, which Swarm had rolled back: {again.summary}",
        outcome=again,
        services=again.services,
        hint=again.hint,
        notes=(*judged.notes, *again.notes),
    )
    hint = found.hint or _who_acts(found)
    return _told(base, head, replace(found, hint=hint), base_verdict=again.verdict)


def _who_acts(judged: Judged) -> str:
    """Return the next step for a base that did not come up: the command line's, this place's."""
    if judged.verdict is Verdict.TIMED_OUT:
        return "give it longer (--timeout), or give another --base"
    if judged.verdict is Verdict.DISTURBED:
        return "repeat it while nobody else deploys: nothing was learned of the release"
    cause = next((each.cause for each in failing(judged.services) if each.cause is not None), None)
    if cause is None:
        return ""
    return {
        Whose.PLACE: f"here, not in the release: {cause.hint}",
        Whose.RECIPE: f"{cause.hint}; the release is to be mended, or another --base given",
        Whose.EITHER: f"{cause.hint}; or give another --base",
    }[whose(cause)]


def _told(
    base: Base,
    head: str,
    judged: Judged,
    *,
    base_verdict: Verdict | None = None,
) -> Report:
    return judged.report(
        "upgrade",
        f"{head[:8]} runs, upgraded from {base}",
        upgrade=Upgrade(head, BaseOf(base.version, base.commit), base_verdict),
    )


def without_head(recipe: str, source: str | None) -> UsageError:
    """Return why an upgrade without a head is refused, with the head that may be meant."""
    try:
        place = Path(locate(recipe, source).location)
    except CcciError as error:
        return UsageError(f"--head is missing, and {error.message}", error.hint)
    here = heads.current(place)
    if here is None:
        return UsageError(
            "--head is missing", "give it a commit, branch or tag; CCCI_HEAD stands for it, too"
        )
    short = here.commit[:7]
    if here.branch is None:
        return UsageError(f"--head is missing: {short} is checked out", f"--head {short}")
    return UsageError(
        f"--head is missing: this branch is {here.branch} ({short})",
        f"--head {shlex.quote(here.branch)}",
    )
