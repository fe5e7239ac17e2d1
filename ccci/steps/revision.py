"""One revision put on the swarm and judged: what base and head, deploy and upgrade share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from ccci.deployers import App, Deployment, Revision
from ccci.deployers.plan import DeployPlan
from ccci.exits import Verdict
from ccci.host.masking import mask, masked
from ccci.recipe import checkouts, stack_file
from ccci.recipe.stack_file import StackFile
from ccci.records import runs
from ccci.report.model import Report, ServiceReport
from ccci.report.parts import Deploy, Upgrade
from ccci.steps import own_settings
from ccci.steps.after import confirmed, health, identity, timeout_label
from ccci.steps.before import moved_tags
from ccci.steps.before.preparation import BASE, HEAD, Ready, prepare
from ccci.steps.follow import Outcome
from ccci.steps.reach import strays
from ccci.steps.rolling import base_soak, rehearsal
from ccci.steps.rolling.rollout import Rolled, roll
from ccci.steps.workspace import Workspace
from ccci.swarm.commits import Dirt
from ccci.swarm.decode.listed import every
from ccci.swarm.identity import IdentityReport
from ccci.swarm.model import Cause, CauseCode


@dataclass(frozen=True, slots=True)
class Judged:
    """How a stage ended.

    `specs` are fingerprints of the specs it set, with its commit; `carrier` is the service that
    carries the labels.
    """

    verdict: Verdict
    summary: str
    outcome: Outcome
    deployment: Deployment
    services: tuple[ServiceReport, ...]
    identity: IdentityReport | None = None
    hint: str = ""
    notes: tuple[str, ...] = ()
    specs: Mapping[str, str] = field(default_factory=dict)
    carrier: str = "app"

    def report(
        self,
        command: str,
        passed: str,
        *,
        upgrade: Upgrade | None = None,
        deploy: Deploy | None = None,
        notes: tuple[str, ...] = (),
    ) -> Report:
        """Return it as the report of a command, masked; `passed` is the summary of a pass.

        `notes` stand before its own.
        """
        found = Report(
            command,
            self.verdict,
            passed if self.verdict.passed else self.summary,
            services=self.services,
            identity=self.identity,
            hint=self.hint,
            notes=(*notes, *self.notes),
            upgrade=upgrade,
            deploy=deploy,
            signal=self.outcome.signal,
            rollout=self.outcome.followed,
            timeline=self.outcome.timeline,
        )
        return mask(found, self.deployment.masks)


def deploy_revision(
    workspace: Workspace,
    app: App,
    revision: Revision,
    why: str,
    recorded: Mapping[str, str],
    ready: Ready | None = None,
) -> Judged:
    """Deploy, follow and identify a revision whose tree is checked out, prepared if need be."""
    ready = ready or prepare(workspace, app, revision, why)
    deployment, plan = ready.deployment, ready.plan
    stack = plan.stack
    if why == HEAD:
        own_settings.require_front(workspace.choices, stack, plan.carrier)
    before = strays.look(workspace.engine)
    with workspace.steps.step(f"{why} deploy") as progress:
        rolled = roll(workspace, ready, why, recorded)
        elsewhere: tuple[str, ...] = ()
        if rolled.outcome.rollout.lost is None:
            elsewhere = strays.refuse(
                workspace.engine,
                app,
                revision,
                before,
                touched=rolled.outcome.rollout.touched,
                succeeded=rolled.outcome.command_code == 0,
            )
        if why == BASE:
            rolled = replace(rolled, outcome=base_soak.whole(workspace, app, rolled.outcome))
        outcome = rolled.outcome
        if outcome.verdict.passed:
            progress.say(outcome.verdict.value)
        else:
            progress.fail(f"{outcome.verdict.value}: {outcome.summary}")
    notes = (*deployment.notes, *outcome.notes, *elsewhere)
    if outcome.may_ask:
        notes = (*notes, *dropped(workspace, app, stack))
    # What was decided before an interrupt stands.
    if outcome.signal is not None or outcome.verdict in {Verdict.INTERRUPTED, Verdict.UNABLE}:
        return Judged(
            outcome.verdict,
            outcome.summary,
            outcome,
            deployment,
            outcome.services,
            hint=outcome.hint,
            notes=notes,
        )
    stays = bool(workspace.run.record.keep)
    notes = (*notes, *moved_tags.notes(workspace.engine, outcome, stays=stays))
    judged = replace(
        _identified(workspace, revision, why, recorded, rolled, notes, plan),
        carrier=plan.carrier,
    )
    if not judged.verdict.passed:
        return judged
    late = timeout_label.note(plan.labels, app.stack, outcome.rollout)
    judged = replace(judged, notes=(*judged.notes, *late))
    return _asked(workspace, app, stack, judged, why)


def _asked(workspace: Workspace, app: App, stack: StackFile, judged: Judged, why: str) -> Judged:
    """Return what a stage that passed so far comes to once its health path was asked."""
    carrier = judged.carrier
    wanted = health.wanted(
        workspace.choices.health_path,
        workspace.choices.health_status,
        stack_file.labels(stack, carrier),
    )
    if wanted is None:
        return judged
    named = workspace.choices.health_service
    if why == BASE and named not in stack.services:
        named = None  # it is the head's, and came with it
    front = health.front(
        {name: stack_file.labels(stack, name) for name in stack.services},
        stack_file.publishing(stack),
        carrier,
        named,
    )
    with workspace.steps.step(f"{why} health") as progress:
        progress.waiting.begin(f"{front} to answer {wanted.path}", health.HEALTH_PATIENCE)
        wrong = health.ask(workspace.engine, f"{app.stack}_{front}", wanted)
        if wrong is None:
            progress.say(f"{front} answers {wanted.path}")
            return judged
        progress.fail(wrong)
        # Now, since after the teardown nobody can look any more.
        task, logs = health.last_words(workspace.engine, f"{app.stack}_{front}")
        logs = tuple(masked(line, judged.deployment.masks) for line in logs)
    return not_served(judged, front, wanted.path, wrong, task, logs)


def not_served(
    judged: Judged, front: str, path: str, wrong: str, task: str | None, logs: tuple[str, ...]
) -> Judged:
    """Return a stage that passed, and whose front does not answer its health path: a failure."""
    hint = (
        f"mend what keeps {front} from serving {path}; --health-path, --health-status "
        "and --health-service say what is asked, and of whom"
    )
    cause = Cause(CauseCode.UNKNOWN, wrong, hint, task=task, logs=logs)
    return replace(
        judged,
        verdict=Verdict.FAILED,
        summary=f"{front} runs, but {wrong}",
        services=tuple(
            replace(each, verdict=Verdict.FAILED, detail=wrong, cause=cause)
            if each.name == front
            else each
            for each in judged.services
        ),
        hint=hint,
    )


def rehearsed(workspace: Workspace, app: App, judged: Judged) -> Judged:
    """Return a stage that passed, after a rehearsal of its rollback: a failure where that fails."""
    with workspace.steps.step("rollback rehearsal") as progress:
        found = rehearsal.rehearse(workspace, app, judged.carrier)
        if not found.wrong:
            progress.say(f"{judged.carrier} was rolled back and serves again")
            return judged
        progress.fail(found.wrong)
    return replace(judged, verdict=Verdict.FAILED, summary=found.wrong, hint=found.hint)


def _identified(
    workspace: Workspace,
    revision: Revision,
    why: str,
    recorded: Mapping[str, str],
    rolled: Rolled,
    notes: tuple[str, ...],
    plan: DeployPlan,
) -> Judged:
    outcome, deployment = rolled.outcome, rolled.deployment
    paths = checkouts.dirty_paths(workspace.checkout, revision.commit)
    dirt = Dirt(frozenset(paths), frozenset(deployment.dirty_paths))
    with workspace.steps.step(f"{why} identity") as progress:
        seen = confirmed.look(
            partial(workspace.observes, workspace.engine, plan.app.stack),
            outcome.rollout.last,
            plan.stack.services,
        )
        wanted = identity.Wanted(
            revision.commit,
            None if revision.chaos else revision.version,
            checkouts.abbreviated_by(workspace.checkout, revision.short),
            dirt,
            recorded,
        )
        found = identity.check(seen, wanted, plan, rolled.baseline)
        if found.verdict is None:
            progress.say(found.summary)
        else:
            progress.fail(found.summary)
    identity.remember(workspace.run.path(runs.IDENTITY), dirt, {**recorded, **found.specs})
    mine = not outcome.verdict.passed or found.verdict is None
    return Judged(
        outcome.verdict if mine else found.verdict or outcome.verdict,
        outcome.summary if mine else found.summary,
        outcome,
        deployment,
        outcome.services,
        found.report,
        outcome.hint if mine else found.hint,
        (*notes, *found.notes),
        found.specs,
    )


def dropped(workspace: Workspace, app: App, stack: StackFile) -> tuple[str, ...]:
    """Return a note for each service that the revision no longer has; remove it with --prune."""
    prefix = f"{app.stack}_"
    notes = []
    for service in every(workspace.engine.services(app.stack)):
        name = service.name.removeprefix(prefix)
        if name in stack.services:
            continue
        if workspace.choices.prune:
            workspace.engine.delete(f"/services/{service.id}")
            notes.append(f"{name} is not in this commit any more: removed")
        else:
            notes.append(
                f"{name} is not in this commit any more and still runs: --prune removes it"
            )
    return tuple(notes)
