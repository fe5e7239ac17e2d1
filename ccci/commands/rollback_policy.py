"""`ccci sweep rollback-policy`: which recipes can be rolled back behind your back."""

import os
from pathlib import Path
from typing import Annotated

from ccci.actions import rollback_policy
from ccci.actions.rollback_policy import Remedy
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import Context, argument, examples, many, option
from ccci.commands.reporting import SWEPT, reporting_as
from ccci.errors import UsageError
from ccci.names import OVERLAY
from ccci.sweep import asked, printing, survey
from ccci.sweep.rules import Choice
from ccci.sweep.survey import Request


@examples(
    ("ccci sweep rollback-policy", "your recipes: which can be rolled back behind your back"),
    (
        "ccci sweep rollback-policy ~/recipes --statistics",
        "a folder of recipes: how often each rule found something",
    ),
    (
        "ccci sweep rollback-policy -c compose.yml -c compose.prod.yml --env TAG=1.2",
        "files merged in that order, as `docker stack deploy -c` does",
    ),
    ("ccci sweep rollback-policy --live", "what runs on the swarm right now"),
    ("ccci sweep rollback-policy . --fix --dry-run", "the remedy, as a diff"),
)
@reporting_as(*SWEPT)
def command(
    ctx: Context,
    paths: Annotated[
        list[str] | None,
        argument(
            "[PATH…]",
            "A folder of recipes, a recipe, or compose files. Default: the user's recipes.",
            completes=Completes.FILES,
        ),
    ] = None,
    compose: Annotated[
        list[str] | None,
        many(
            "COMPOSE_FILE",
            "A compose file, or - for standard input; several are merged in order, as "
            "`docker stack deploy -c` does.",
            "-c",
            "--compose-file",
            panel=Panel.TEST,
            metavar="FILE",
            completes=Completes.FILES,
            short=True,
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        many("ENV", "A variable.", "--env", panel=Panel.SETTINGS, metavar="KEY=VALUE", short=True),
    ] = None,
    env_file: Annotated[
        list[str] | None,
        many(
            "ENV_FILE",
            "A file of them.",
            "--env-file",
            panel=Panel.SETTINGS,
            metavar="FILE",
            completes=Completes.FILES,
        ),
    ] = None,
    node_memory: Annotated[
        str | None,
        option(
            "NODE_MEMORY", "What a node has, such as 4g.", panel=Panel.SETTINGS, metavar="BYTES"
        ),
    ] = None,
    output_format: options.Format = "table",
    fail_on: options.FailOn = "error",
    select: options.Select = None,
    ignore: options.Ignore = None,
    statistics: Annotated[
        bool,
        option(
            "STATISTICS",
            "Only say how often each rule found something.",
            "--statistics",
            panel=Panel.OUTPUT,
        ),
    ] = False,
    exceptions: options.Exceptions = None,
    new_since: Annotated[
        str | None,
        options.ref(
            "NEW_SINCE",
            "A commit: only what it had not. For files in git.",
            panel=Panel.JUDGING,
            short=False,
        ),
    ] = None,
    live: Annotated[
        bool,
        option(
            "LIVE",
            "Sweep the services of the running swarm instead.",
            "--live",
            panel=Panel.TEST,
            short=True,
        ),
    ] = False,
    stack: Annotated[
        list[str] | None,
        many(
            "STACK",
            "With --live: this stack.",
            "--stack",
            panel=Panel.TEST,
            metavar="STACK",
            completes=Completes.STACKS,
        ),
    ] = None,
    runs: Annotated[
        Path | None,
        option(
            "SWEEP_RUNS",
            "A folder of reports: say which risks were seen and which are theory.",
            formerly="RUNS",
            panel=Panel.JUDGING,
            metavar="FOLDER",
        ),
    ] = None,
    fix: Annotated[
        bool,
        option(
            "FIX",
            f"Write the remedy as an overlay, {OVERLAY}.",
            "--fix",
            panel=Panel.OUTPUT,
            short=True,
        ),
    ] = False,
    in_place: Annotated[
        bool,
        option(
            "IN_PLACE",
            "With --fix: change the recipe's own files.",
            "--in-place",
            panel=Panel.OUTPUT,
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        option(
            "SWEEP_ROLLBACK_POLICY_DRY_RUN",
            "With --fix: print the change, write nothing.",
            "--dry-run",
            panel=Panel.OUTPUT,
        ),
    ] = False,
) -> int:
    """Say what update policy Swarm applies to every service, and where that is a risk.

    Exit code 20 for findings at or above --fail-on, in every format, 3 when there was nothing to
    sweep. Who reads the SARIF and takes another code than 0 for a broken tool gives
    `--fail-on never`.
    """
    options.refuse_two_forms(ctx, output_format)
    if statistics and "statistics" in ctx.given:
        _refuse_other_forms(ctx, output_format)
        output_format = "table"  # what a variable asks for is not meant here
    if not live and "stack" not in ctx.given:
        stack = None  # a variable for what runs says nothing of files
    request = Request(
        tuple(paths or ()),
        tuple(compose or ()),
        survey.given_variables(env or [], env_file or [], os.environ),
        survey.amount(node_memory),
        live,
        tuple(stack or ()),
        runs,
        Choice(asked.rules("--select", select or ()), asked.rules("--ignore", ignore or ())),
        exceptions,
        new_since,
    )
    if (in_place or dry_run) and not fix:
        raise UsageError("--in-place and --dry-run go with --fix")
    output = ctx.obj
    if fix:
        mended = rollback_policy.mended(request, Remedy(in_place, not dry_run), output)
        printing.show_fix(mended.changes, output, written=mended.written)
        return mended.ended.exit_code
    told = rollback_policy.swept(request, output, fail_on)
    printing.show(told, output, output_format, counted=statistics)
    return told.ended.exit_code


def _refuse_other_forms(ctx: Context, output_format: str) -> None:
    """Raise UsageError where the command line asks for another form than the counts, too."""
    other = "--json" if ctx.obj.json else "--fix" if "fix" in ctx.given else ""
    if "output_format" in ctx.given and output_format != "table":
        other = f"--format {output_format}"
    if other:
        raise UsageError(
            f"--statistics and {other} are two forms of one output",
            "give one of them; `--report FORMAT=FILE` copies another form to a file",
        )
