"""A revision made ready for its deploy: its tree, its plan, its secrets and images, checked."""

from dataclasses import dataclass, replace

from ccci import settings
from ccci.deployers import App, Deployment, Revision
from ccci.deployers.plan import DeployPlan
from ccci.recipe import checkouts
from ccci.records import runs
from ccci.steps import evidence, given_secrets
from ccci.steps.before import images, preconditions
from ccci.steps.reach import beyond, ownership
from ccci.steps.reach.beyond import Reach
from ccci.steps.reach.ownership import Owners
from ccci.steps.workspace import Workspace

BASE = "base"
HEAD = "head"


def check_out(workspace: Workspace, revision: Revision, why: str) -> None:
    """Put the revision's tree in place."""
    with workspace.steps.step(f"{why} checkout") as progress:
        checkouts.switch(workspace.checkout, revision.commit, why)
        progress.say(revision.version or revision.commit)
    version = revision.version
    if version is not None and checkouts.is_lightweight(workspace.checkout, version):
        workspace.run.trouble.append(
            f"{version} is a lightweight tag: abra refuses such a release (its lint R014); "
            f"`git tag -a -f {version} {version}^{{}}` makes it an annotated one"
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """A revision that nothing is known to hinder: what is to be run, and what that comes to."""

    deployment: Deployment
    plan: DeployPlan


def prepare(
    workspace: Workspace, app: App, revision: Revision, why: str, plan: DeployPlan | None = None
) -> Ready:
    """Make secrets, check everything that can be checked, and have the images there.

    The recipe is read now, unless that was done: `plan` is what came of it.
    """
    with workspace.steps.step(f"{why} secrets") as progress:
        _put_back(workspace, revision, why)
        plan = plan or workspace.deployer.plan(app, revision)
        workspace.output.keep_secret(given_secrets.masks_of(workspace.choices.secrets))
        given, remarks = given_secrets.insert(workspace, plan)
        trouble = workspace.run.trouble
        trouble.extend(each for each in remarks if each not in trouble)
        given_secrets.intend(workspace, plan)
        made = workspace.deployer.generate_secrets(plan)
        fresh = (each for each in made if each not in workspace.run.record.secrets)
        workspace.run.note(secrets=(*workspace.run.record.secrets, *fresh))
        said = [f"{len(made)} made: {', '.join(made)}"] if made else []
        said += [f"{len(given)} given: {', '.join(given)}"] if given else []
        progress.say("; ".join(said) or "none missing")
    with workspace.steps.step(f"{why} check") as progress:
        _put_back(workspace, revision, why)
        deployment = workspace.deployer.prepare(plan)
        hidden = (*deployment.masks, *given_secrets.masks_of(workspace.choices.secrets))
        deployment = evidence.without_secrets(workspace, app, replace(deployment, masks=hidden))
        name = runs.COMPOSE if why == HEAD else f"{why}.{runs.COMPOSE}"
        evidence.keep_compose(workspace, deployment, name)
        there = ownership.owners(workspace.engine, app.stack)
        preconditions.check(workspace.engine, plan, there)
        beyond = _tell_reach(workspace, plan, there, why)
        progress.say(f"{len(plan.stack.services)} services")
    with workspace.steps.step(f"{why} images") as progress:
        told = images.fetch(
            workspace.engine,
            plan.images.values(),
            deployment.masks,
            pull=workspace.choices.pull,
            local=workspace.choices.resolve_image == "never",
            waiting=progress.waiting,
        )
        progress.say(told)
    notes = (*deployment.notes, *beyond, *images.scarce(workspace.engine))
    return Ready(replace(deployment, notes=notes), plan)


def reached(workspace: Workspace, plan: DeployPlan, there: Owners) -> frozenset[Reach]:
    """Return what of the host or of others a plan reaches; `there` says whose everything is."""
    ours = (workspace.run.folder, settings.runs_folder(), settings.locks_folder())
    found = beyond.as_handed_over(plan, ours)
    if workspace.deployer.name == "abra":
        found |= beyond.of_abra(plan.app.checkout)
    return found | beyond.of_others(there, plan.stack, plan.app.stack)


def _tell_reach(workspace: Workspace, plan: DeployPlan, there: Owners, why: str) -> tuple[str, ...]:
    """Say what of the host or of others the revision reaches that none before it did.

    Raise DeployRefused for what the user does not allow.
    """
    found = reached(workspace, plan, there)
    told = beyond.judged(found, workspace.reached, why, workspace.choices.reachable)
    for each in told:
        workspace.output.warn(each)
    return told


def _put_back(workspace: Workspace, revision: Revision, why: str) -> None:
    """Put the revision's tree back where the deployer moved it.

    Without `--chaos` abra checks out what it takes for the version to use; `app new` the newest
    release (seen in recipe-maintainers/cc-ci).
    """
    if checkouts.moved(workspace.checkout, revision.commit):
        checkouts.switch(
            workspace.checkout, revision.commit, f"{why}: {workspace.deployer.name} moved it"
        )
