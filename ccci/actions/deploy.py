"""A deploy: a release or a commit put on the swarm, judged, and left there."""

from dataclasses import dataclass

from ccci.actions.deploying import record
from ccci.actions.parts import Part, Parts
from ccci.deployers import App
from ccci.errors import CheckoutFailed, UsageError
from ccci.recipe import checkouts
from ccci.recipe.checkouts import Checkout
from ccci.recipe.refs import check_ref, hide_password
from ccci.report.model import Report
from ccci.report.parts import Deploy
from ccci.steps import leftovers, own_settings, teardown
from ccci.steps.app import create_app, edit_env
from ccci.steps.before.preparation import HEAD, check_out
from ccci.steps.lock import locked
from ccci.steps.revision import deploy_revision
from ccci.steps.workspace import Choices, Workspace, adopt, find_recipe
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Request:
    """A deploy as asked for: a released tag, or any ref, or neither."""

    recipe: str
    choices: Choices
    tag: str | None = None
    head: str | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is deployed: a full commit, and the release where it is one."""

    commit: str
    version: str | None

    def __str__(self) -> str:
        """Return it as people name it."""
        return self.version or self.commit[:8]


def deploy(request: Request, output: Output) -> Report:
    """Deploy a recipe and judge it; the app stays, unless it is to be removed.

    Raise UsageError for what the command line alone tells wrong; every other ending is a report.
    """
    _check(request)
    source = find_recipe(request.recipe, request.choices)
    return record(
        "deploy", source, request.choices, output, lambda workspace: _deployed(request, workspace)
    )


def parts(request: Request) -> Parts:
    """Return what finds out what is deployed. Raise UsageError for what cannot be meant."""
    _check(request)

    def found(clone: Checkout, app: App) -> list[Part]:  # noqa: ARG001
        chosen = choose(clone, request.tag, request.head)
        return [Part("deploy", chosen.commit, chosen.version)]

    return found


def _check(request: Request) -> None:
    if request.tag is not None and request.head is not None:
        raise UsageError("--tag and --head are two different things to deploy", "give one of them")
    for ref in (request.tag, request.head):
        if ref is not None:
            check_ref(ref)


def choose(clone: Checkout, tag: str | None, head: str | None) -> Chosen:
    """Return what was asked for: without either, the newest release, else the source's HEAD.

    Raise CheckoutFailed where it cannot be found.
    """
    if tag is not None:
        version = checkouts.tag_of(clone, tag)
        if version is None:
            raise CheckoutFailed(
                f"{tag!r} is no released tag of {hide_password(clone.source)}",
                "a release is a tag such as 1.0.0+2.3.4; --head takes any other ref",
            )
        return Chosen(checkouts.resolve(clone, f"refs/tags/{version}"), version)
    if head is not None:
        return Chosen(checkouts.resolve(clone, head), None)
    released = checkouts.releases(clone)
    if released:
        newest = next(iter(released))
        return Chosen(released[newest], newest.tag)
    return Chosen(checkouts.resolve(clone, "HEAD"), None)


def _deployed(request: Request, workspace: Workspace) -> Report:
    with workspace.steps.step("revision") as progress:
        chosen = choose(workspace.checkout, request.tag, request.head)
        progress.say(f"{chosen}, commit {chosen.commit}")
    workspace.run.note(head=chosen.commit, version=chosen.version)
    revision = workspace.revision(chosen.commit, chosen.version)
    app = workspace.app(chosen.commit)
    workspace = own_settings.heeded(workspace, app, chosen.commit, "deploy")
    with locked(workspace, app) as held:
        there_already = bool(leftovers.services(workspace.engine, app.stack))
        with teardown.afterwards(workspace, app, held, stays=there_already) as ending:
            check_out(workspace, revision, HEAD)
            if there_already:
                adopt(workspace, app)
                edit_env(app, workspace.choices.env)
            else:
                create_app(workspace.deployer, app, revision, workspace.choices.env)
            judged = deploy_revision(workspace, app, revision, HEAD, {})
            # What was cut short, and what never came so far as to be judged, does not stay.
            reached = judged.outcome.signal is None
            ending.stays = (there_already or reached) and not request.remove
            report = workspace.decide(
                judged.report(
                    "deploy",
                    f"{chosen} runs as {app.domain}",
                    deploy=Deploy(chosen.commit, chosen.version),
                )
            )
        return ending.told(report)
