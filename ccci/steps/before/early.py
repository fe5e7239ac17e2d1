"""What is known of the head before anything is deployed: said at once, not after the base is up."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ccci.deployers import App, Revision, writing
from ccci.deployers.plan import DeployPlan, merged
from ccci.errors import CcciError, DeployRefused
from ccci.recipe import checkouts, files
from ccci.recipe.history import History
from ccci.steps import given_secrets, own_settings
from ccci.steps.before import comparison, images, preconditions
from ccci.steps.before.comparison import Commits
from ccci.steps.before.preparation import reached
from ccci.steps.reach import beyond, ownership
from ccci.steps.workspace import Workspace

_COMPARED = "compared"


class HeadRefused(DeployRefused):
    """The head is sure to be refused; nothing was deployed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Base and head as revisions, with the refs that name them in git, if any."""

    base: Revision
    head: Revision
    head_ref: str


def read_head(
    workspace: Workspace,
    app: App,
    pair: Pair,
    base: DeployPlan,
    take_over: Callable[[], tuple[str, ...]],
) -> DeployPlan:
    """Return the head's plan, made once for all, under the `.env` that the app will have by then.

    `base` is the base's plan, whose tree is put back. `take_over` edits the `.env` and returns
    notes on it, which are kept with the run as the slips between the two commits are. Raise
    HeadRefused where the head is sure to be refused.
    """
    with workspace.steps.step("head preview") as progress:
        commits = _compared(workspace, pair)
        trouble = workspace.run.trouble
        before = app.env_file.read_bytes()
        plan: DeployPlan | None = None
        try:
            checkouts.switch(workspace.checkout, pair.head.commit, "head, to read it")
            trouble.extend(take_over())
            plan = workspace.deployer.plan(app, pair.head)
            own_settings.require_front(workspace.choices, plan.stack, plan.carrier)
            comparison.refuse(base, plan, commits)
            _ask_docker(workspace, plan)
        except DeployRefused as error:
            trouble.extend(plan.notes if plan is not None else ())
            if commits is not None:
                trouble.extend(comparison.notes(commits, refused=True))
            raise _refused(pair, error) from None
        finally:
            app.env_file.write_bytes(before)
            checkouts.switch(workspace.checkout, pair.base.commit, "base, the head was read")
        slips = comparison.notes(commits) if commits is not None else ()
        trouble.extend(slips)
        progress.say(f"{len(plan.stack.services)} services, nothing that is sure to be refused")
    return plan


def note_slips(workspace: Workspace, pair: Pair) -> None:
    """Keep with the run what the two commits show, where the base is deployed already.

    What is known of it then are its labels: a commit cut short, or a release.
    """
    named = pair.base.commit or pair.base.version
    try:
        commit = checkouts.resolve(workspace.checkout, named) if named else ""
    except CcciError:
        return
    base = replace(pair.base, commit=commit)
    commits = _compared(workspace, replace(pair, base=base)) if commit else None
    if commits is not None:
        workspace.run.trouble.extend(comparison.notes(commits))


def require(workspace: Workspace, pair: Pair, base: DeployPlan, head: DeployPlan) -> None:
    """Have ready what the head needs of the swarm, or raise HeadRefused: its images, its secrets.

    The base's are there by now. Raise CcciError for what says nothing of the head.
    """
    choices, engine = workspace.choices, workspace.engine
    with workspace.steps.step("head needs") as progress:
        try:
            there = ownership.owners(engine, head.app.stack)
            preconditions.check(engine, head, there, coming=preconditions.made_by(base))
            if choices.reachable is not None:
                beyond.refuse(reached(workspace, head, there), choices.reachable)
            given_secrets.require(workspace, head)
            local = choices.resolve_image == "never"
            told = images.fetch(
                engine,
                head.images.values(),
                head.masks,
                pull=choices.pull,
                local=local,
                waiting=progress.waiting,
            )
        except DeployRefused as error:
            raise _refused(pair, error) from None
        progress.say(f"images: {told}")


def _refused(pair: Pair, error: DeployRefused) -> HeadRefused:
    short = pair.head.short
    return HeadRefused(
        f"the head {short} is refused, and nothing was deployed: {error.message}", error.hint
    )


def _compared(workspace: Workspace, pair: Pair) -> Commits | None:
    """Return the two commits side by side, or None, with a note, where that cannot be had."""
    ours = replace(workspace.checkout, git_in_tree=False)
    folder = workspace.abra_dir / _COMPARED
    base, head = pair.base, pair.head
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with files.refusing("the recipe"):
            return comparison.compared(
                History(ours, folder),
                workspace.source.recipe,
                (base.commit, base.version),
                (head.commit, pair.head_ref),
            )
    except (CcciError, OSError) as error:
        workspace.run.trouble.append(f"base and head could not be compared: {error}")
        return None


def _ask_docker(workspace: Workspace, plan: DeployPlan) -> None:
    """Raise DeployRefused for what docker refuses to read; abra has no such question."""
    if workspace.deployer.name == "stack":
        merged(plan, writing.write(plan.resolved))
