"""`ccci upgrade`: a release deployed, then a commit on top of it, and the truth about both."""

from typing import Annotated

from ccci.actions import upgrade
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.chosen import chosen
from ccci.commands.dry_runs import show_dry_run
from ccci.commands.options import Context, examples, option, spread
from ccci.commands.reporting import reporting
from ccci.commands.shared import DryRun, Recipe, Shared, UpgradeEnv
from ccci.names import AUTO
from ccci.steps.app import assignments
from ccci.terminal.story import tell


@examples(
    ("ccci upgrade discourse --head my-branch", "the newest release, then this branch on top"),
    (
        "ccci upgrade . --head HEAD --base 0.7.0+3.3.1",
        "the repository here: from that release to what is committed",
    ),
    ("ccci upgrade . --head HEAD --repeat 5", "a failure that comes and goes: how often, of what"),
    (
        "ccci upgrade . --head HEAD --dry-run",
        "what would be deployed, and what a swarm at hand makes of it",
    ),
)
@reporting
@spread(Shared)
def command(
    *,
    ctx: Context,
    recipe: Recipe,
    head: Annotated[
        str | None,
        option(
            "HEAD",
            "The commit under test: a commit, branch or tag.",
            panel=Panel.TEST,
            metavar="REF",
            completes=Completes.REFS,
            short=True,
            refused_by_verb=True,
        ),
    ] = None,
    base: Annotated[
        str,
        options.ref(
            "BASE",
            "What to upgrade from; auto: the newest release before the head.",
            metavar="TAG|auto",
        ),
    ] = AUTO,
    shared: Shared,
    upgrade_env: UpgradeEnv = None,
    upgrade_env_from_sample: Annotated[
        bool,
        option(
            "UPGRADE_ENV_FROM_SAMPLE",
            "Give the head every key that its .env.sample has and the app lacks.",
            "--upgrade-env-from-sample",
            panel=Panel.SETTINGS,
        ),
    ] = False,
    allow_same: Annotated[
        bool,
        option("ALLOW_SAME", "Let base and head be one commit.", "--allow-same", panel=Panel.TEST),
    ] = False,
    repeat: Annotated[
        int,
        option(
            "REPEAT",
            "Do it all so many times, and say how often it failed, and of what.",
            panel=Panel.JUDGING,
        ),
    ] = 1,
    rehearse_rollback: Annotated[
        bool,
        option(
            "REHEARSE_ROLLBACK",
            "After a green head: does the policy really roll back a revision that is bad?",
            "--rehearse-rollback",
            panel=Panel.JUDGING,
        ),
    ] = False,
    keep: Annotated[
        bool, option("KEEP", "Tear nothing down.", "--keep", panel=Panel.CLEANING, short=True)
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Deploy a release of RECIPE, upgrade it to --head, and say whether that commit runs.

    Both are removed afterwards. A base that does not come up is never the head's fault (exit 17).
    """
    output = ctx.obj
    if head is None:
        raise upgrade.without_head(recipe, shared.source)
    request = upgrade.Request(
        recipe,
        head,
        chosen(ctx, shared),
        base=base,
        allow_same=allow_same,
        keep=keep,
        upgrade_env=assignments(upgrade_env or (), "--upgrade-env"),
        upgrade_env_from_sample=upgrade_env_from_sample,
        rehearse=rehearse_rollback,
    )
    if dry_run:
        return show_dry_run("upgrade", recipe, request.choices, upgrade.parts(request), output)
    return tell(upgrade.repeated(request, repeat, output), output)
