"""`ccci sweep leftovers`: remove what killed runs left."""

from typing import Annotated

from ccci.actions import leftovers
from ccci.commandline.declared import Panel
from ccci.commands.options import Context, examples, option
from ccci.commands.reporting import reporting
from ccci.terminal.story import tell


@examples(
    ("ccci sweep leftovers --dry-run", "what killed runs left here"),
    ("ccci sweep leftovers", "remove it"),
)
@reporting
def command(
    ctx: Context,
    dry_run: Annotated[
        bool,
        option(
            "SWEEP_LEFTOVERS_DRY_RUN",
            "Only say what there is; exit code 20 if there is something.",
            "--dry-run",
            panel=Panel.CLEANING,
            short=True,
        ),
    ] = False,
) -> int:
    """Remove what killed runs left: apps, locks, checkouts.

    Found through lock objects and run records, never by age. A lock of another host is watched for
    five minutes before its holder counts as dead. Exit code 3 when something could not be removed.
    """
    return tell(leftovers.sweep(dry_run=dry_run, output=ctx.obj), ctx.obj)
