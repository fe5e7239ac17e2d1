"""`ccci deploy`: a release or a commit put on the swarm, judged, and left there."""

from typing import Annotated

from ccci.actions import deploy
from ccci.commandline.declared import Panel
from ccci.commands import options
from ccci.commands.chosen import chosen
from ccci.commands.dry_runs import show_dry_run
from ccci.commands.options import Context, examples, option, spread
from ccci.commands.reporting import reporting
from ccci.commands.shared import DryRun, Recipe, Shared, head_meant
from ccci.terminal.story import tell


@examples(
    ("ccci deploy discourse", "its newest release, under a domain of its own"),
    ("ccci deploy discourse --tag 0.7.0+3.3.1", "that release"),
    ("ccci deploy . --head my-branch --teardown", "a commit of this repository, removed again"),
)
@reporting
@spread(Shared)
def command(
    *,
    ctx: Context,
    recipe: Recipe,
    tag: Annotated[
        str | None,
        options.ref(
            "TAG",
            "The release to deploy, pinned.",
            metavar="TAG",
        ),
    ] = None,
    head: Annotated[
        str | None,
        options.ref(
            "HEAD",
            "A commit, branch or tag to deploy as chaos (default: the newest release).",
        ),
    ] = None,
    shared: Shared,
    teardown: Annotated[
        bool,
        option(
            "TEARDOWN",
            "Remove it after the verdict.",
            "--teardown",
            panel=Panel.CLEANING,
            short=True,
        ),
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Deploy RECIPE and say whether what was asked for runs. The app stays.

    Without --tag or --head: the newest release, else the repository's HEAD.
    """
    output = ctx.obj
    head = head_meant(ctx, head, tag)
    request = deploy.Request(recipe, chosen(ctx, shared), tag, head, remove=teardown)
    if dry_run:
        return show_dry_run("deploy", recipe, request.choices, deploy.parts(request), output)
    return tell(deploy.deploy(request, output), output)
