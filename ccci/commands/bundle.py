"""`ccci runs bundle`: one masked archive of a recorded run."""

from pathlib import Path
from typing import Annotated

from ccci import settings
from ccci.actions.bundle import bundle
from ccci.commandline.declared import Completes, Panel
from ccci.commands.options import Context, argument, examples, option
from ccci.terminal.story import tell


@examples(
    ("ccci runs bundle", "the last run, to be sent with a bug report"),
    ("ccci runs bundle last --output /tmp/run.tar.gz", "into this file"),
)
def command(
    ctx: Context,
    run: Annotated[
        str,
        argument(
            "[RUN]",
            "`last`, the beginning or the end of a run's id, or its folder.",
            completes=Completes.RUNS,
        ),
    ] = "last",
    output: Annotated[
        Path | None,
        option(
            "BUNDLE_OUTPUT",
            "Where to write it (default: ccci-ID.tar.gz in the current folder).",
            "--output",
            panel=Panel.OUTPUT,
            short=True,
        ),
    ] = None,
) -> int:
    """Pack a recorded run into one masked archive, for a bug report.

    Its report, traces and logs, without secrets; known folders of this machine (home, runs,
    temporary files) have a name instead. Nothing that is there is written over. `ccci explain FILE`
    tells the run again anywhere.
    """
    return tell(bundle(settings.runs_folder(), run, output), ctx.obj)
