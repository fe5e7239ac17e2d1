"""One revision put on the swarm and judged: what base and head, deploy and upgrade share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ccci import checkout as checkouts
from ccci import runs, stackfile
from ccci.convergence import Outcome
from ccci.deployers import App, Deployment, Revision, labelling
from ccci.exits import Verdict
from ccci.masking import mask
from ccci.report import IdentityReport, Report, ServiceReport
from ccci.stackfile import StackFile
from ccci.steps import evidence, health, identity, images, preconditions, rehearsal
from ccci.steps.rollout import Rolled, roll
from ccci.steps.site import Site
from ccci.swarm.commits import Dirt

BASE = "base"
HEAD = "head"


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

    def report(self, passed: str) -> Report:
        """Return it as a report, masked; `passed` is the summary of a pass."""
        found = Report(
            "",
            self.verdict,
            passed if self.verdict.passed else self.summary,
            services=self.services,
            identity=self.identity,
            hint=self.hint,
            notes=self.notes,
            exit_code_override=self.outcome.exit_code,
            extra=self.outcome.extra,
        )
        return mask(found, self.deployment.masks)


def check_out(site: Site, revision: Revision, why: str) -> None:
    """Put the revision's tree in place."""
    with site.steps.step(f"{why} checkout") as progress:
        checkouts.switch(site.checkout, revision.commit, why)
        progress.say(revision.version or revision.commit)


def prepare(site: Site, app: App, revision: Revision, why: str) -> tuple[Deployment, StackFile]:
    """Make secrets, check everything that can be checked, and have the images there."""
    with site.steps.step(f"{why} secrets") as progress:
        _put_back(site, revision, why)
        made = site.deployer.generate_secrets(app, revision)
        site.run.note(secrets=(*site.run.record.secrets, *made))
        progress.say(f"{len(made)} made: {', '.join(made)}" if made else "none missing")
    with site.steps.step(f"{why} check") as progress:
        _put_back(site, revision, why)
        deployment = site.deployer.prepare(app, revision)
        stack = stackfile.read(deployment.compose_files, deployment.interpolation)
        name = runs.COMPOSE if why == HEAD else f"{why}.{runs.COMPOSE}"
        evidence.keep_compose(site, app, deployment, name)
        preconditions.check(site.engine, app, stack)
        progress.say(f"{len(stack.services)} services")
    with site.steps.step(f"{why} images") as progress:
        told = images.fetch(
            site.engine,
            deployment,
            stackfile.images(stack).values(),
            pull=site.choices.pull,
            local=site.choices.resolve_image == "never",
        )
        progress.say(told)
    notes = (*deployment.notes, *images.scarce(site.engine))
    return replace(deployment, notes=notes), stack


def _put_back(site: Site, revision: Revision, why: str) -> None:
    """Put the revision's tree back where the deployer moved it.

    Without `--chaos` abra checks out what it takes for the version to use; `app new` the newest
    release (seen in recipe-maintainers/cc-ci).
    """
    if checkouts.head(site.checkout) != revision.commit:
        checkouts.switch(site.checkout, revision.commit, f"{why}: {site.deployer.name} moved it")


def deploy(
    site: Site,
    app: App,
    revision: Revision,
    why: str,
    recorded: Mapping[str, str],
) -> Judged:
    """Prepare, deploy, follow and identify a revision whose tree is checked out."""
    deployment, stack = prepare(site, app, revision, why)
    with site.steps.step(f"{why} deploy") as progress:
        rolled = roll(
            site.engine,
            site.deployer,
            app,
            deployment,
            site.choices.options,
            site.output,
            site.run.path(runs.DEPLOYER_LOG),
            site.run.path(runs.TRACE if why == HEAD else f"{why}.{runs.TRACE}"),
            recorded,
        )
        outcome = rolled.outcome
        if outcome.verdict.passed:
            progress.say(outcome.verdict.value)
        else:
            progress.fail(f"{outcome.verdict.value}: {outcome.summary}")
    notes = (*deployment.notes, *outcome.notes, *_dropped(site, app, stack))
    if outcome.verdict in {Verdict.INTERRUPTED, Verdict.UNABLE}:
        return Judged(
            outcome.verdict,
            outcome.summary,
            outcome,
            deployment,
            outcome.services,
            hint=outcome.hint,
            notes=notes,
        )
    judged = replace(
        _identified(site, app, revision, why, recorded, rolled, notes),
        carrier=labelling.carrier(stack, app.stack, site.choices.app_service),
    )
    if not judged.verdict.passed:
        return judged
    return _asked(site, app, stack, judged, why)


def _asked(site: Site, app: App, stack: StackFile, judged: Judged, why: str) -> Judged:
    """Return what a stage that passed so far comes to once its health path was asked."""
    carrier = judged.carrier
    wanted = health.wanted(
        site.choices.health_path,
        site.choices.health_status,
        stackfile.labels(stack, carrier),
    )
    if wanted is None:
        return judged
    with site.steps.step(f"{why} health") as progress:
        wrong = health.ask(site.engine, f"{app.stack}_{carrier}", wanted)
        if wrong is None:
            progress.say(f"{wanted.path} answers")
            return judged
        progress.fail(wrong)
    return replace(
        judged,
        verdict=Verdict.FAILED,
        summary=f"{carrier} runs, but {wrong}",
        hint="look at its log: docker service logs",
    )


def rehearsed(site: Site, app: App, judged: Judged) -> Judged:
    """Return a stage that passed, after a rehearsal of its rollback: a failure where that fails."""
    with site.steps.step("rollback rehearsal") as progress:
        found = rehearsal.rehearse(site, app, judged.carrier)
        if not found.wrong:
            progress.say(f"{judged.carrier} was rolled back and serves again")
            return judged
        progress.fail(found.wrong)
    return replace(judged, verdict=Verdict.FAILED, summary=found.wrong, hint=found.hint)


def _identified(
    site: Site,
    app: App,
    revision: Revision,
    why: str,
    recorded: Mapping[str, str],
    rolled: Rolled,
    notes: tuple[str, ...],
) -> Judged:
    outcome, deployment = rolled.outcome, rolled.deployment
    dirt = Dirt(frozenset(checkouts.dirty_paths(site.checkout)), frozenset(deployment.dirty_paths))
    with site.steps.step(f"{why} identity") as progress:
        found = identity.check(
            site.engine,
            app.stack,
            commit=revision.commit,
            version=None if revision.chaos else revision.version,
            commits=checkouts.abbreviated_by(site.checkout, revision.short),
            dirt=dirt,
            baseline=rolled.baseline,
            recorded=recorded,
            app_service=site.choices.app_service,
        )
        if found.verdict is None:
            progress.say(found.summary)
        else:
            progress.fail(found.summary)
    identity.remember(site.run.path(runs.IDENTITY), dirt, {**recorded, **found.specs})
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


def _dropped(site: Site, app: App, stack: StackFile) -> tuple[str, ...]:
    """Return a note for each service that the revision no longer has; remove it with --prune."""
    prefix = f"{app.stack}_"
    notes = []
    for service in site.engine.services(app.stack):
        name = str(service["Spec"]["Name"]).removeprefix(prefix)
        if name in stack.services:
            continue
        if site.choices.prune:
            site.engine.delete(f"/services/{service['ID']}")
            notes.append(f"{name} is not in this commit any more: removed")
        else:
            notes.append(
                f"{name} is not in this commit any more and still runs: --prune removes it"
            )
    return tuple(notes)
