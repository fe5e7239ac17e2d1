"""`ccci sweep upgrade`: what a pull request forgot, told from git alone."""

from typing import Annotated

from ccci.actions.sweep_upgrade import Request, compared
from ccci.commandline.declared import Completes
from ccci.commands import options
from ccci.commands.options import Context, argument, examples
from ccci.commands.reporting import SWEPT, reporting_as
from ccci.names import AUTO
from ccci.sweep import asked, printing
from ccci.sweep.rules import Choice


@examples(
    ("ccci sweep upgrade .", "what HEAD forgets, against the newest release before it"),
    ("ccci sweep upgrade discourse --to my-branch", "another branch, of a recipe of yours"),
    (
        "ccci sweep upgrade ./discourse --from 0.7.0+3.3.1 --to my-branch --format markdown",
        "between two commits, as a comment for a pull request",
    ),
)
@reporting_as(*SWEPT)
def command(
    ctx: Context,
    recipe: Annotated[
        str,
        argument(
            "RECIPE",
            "A recipe's name, or a path to its repository.",
            completes=Completes.RECIPES,
        ),
    ],
    start: Annotated[
        str,
        options.ref(
            "FROM",
            "The older commit; auto: the newest release before the other.",
            "--from",
            metavar="REF|auto",
        ),
    ] = AUTO,
    end: Annotated[
        str | None,
        options.ref(
            "TO",
            "The newer commit. Default: the repository's HEAD.",
            "--to",
        ),
    ] = None,
    source: Annotated[
        str | None,
        options.repository(
            "SOURCE",
            "The repository, where RECIPE is only a name.",
            metavar="PATH",
        ),
    ] = None,
    output_format: options.Format = "table",
    fail_on: options.FailOn = "error",
    select: options.Select = None,
    ignore: options.Ignore = None,
    exceptions: options.Exceptions = None,
) -> int:
    """Say what an upgrade between two commits of a recipe forgets. Nothing is deployed.

    Exit code 20 for findings at or above --fail-on, in every format.
    """
    options.refuse_two_forms(ctx, output_format)
    choice = Choice(asked.rules("--select", select or ()), asked.rules("--ignore", ignore or ()))
    told = compared(Request(recipe, start, end, source, choice, exceptions, fail_on))
    printing.show_upgrade(told, ctx.obj, output_format)
    return told.ended.exit_code
