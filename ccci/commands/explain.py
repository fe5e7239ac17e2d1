"""`ccci explain`: the story of a recorded run, offline."""

from typing import Annotated

from ccci import settings
from ccci.actions.explain import explain
from ccci.commandline.declared import Completes
from ccci.commands.options import Context, argument, examples
from ccci.commands.reporting import reporting
from ccci.terminal.story import tell


@examples(
    ("ccci explain", "the last run's story"),
    ("ccci explain 20261126", "a run by the beginning of its id, as `ccci runs` lists it"),
    ("ccci -v explain ./ccci-report", "the folder of an artifact, with every line"),
)
@reporting
def command(
    ctx: Context,
    run: Annotated[
        str,
        argument(
            "[RUN]",
            "`last`, the beginning or the end of a run's id, its folder, its report, a trace, "
            "or an archive of `ccci runs bundle`.",
            completes=Completes.RUNS,
        ),
    ] = "last",
) -> int:
    """Tell the story of a recorded run again, from its files alone.

    It needs no Engine, works after the teardown and on another machine. Ends with 0 whatever the
    run ended with: nothing is judged anew on the swarm.
    """
    found = explain(settings.runs_folder(), run, timeline=ctx.obj.copies.timed)
    tell(found, ctx.obj, asked_for=True)
    return 0
