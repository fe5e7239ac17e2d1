"""`ccci teardown`: remove an app that a run left, and prove that it is gone."""

from typing import Annotated

from ccci.actions import teardown
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import Context, argument, examples, option
from ccci.commands.reporting import reporting
from ccci.host.durations import seconds
from ccci.terminal.story import tell


@examples(
    ("ccci teardown discourse", "the app of this recipe that a run left here"),
    ("ccci teardown shop --force shop", "a stack that ccci did not deploy: its name again"),
)
@reporting
def command(
    ctx: Context,
    target: Annotated[
        str,
        argument(
            "TARGET",
            "An app's domain, a stack, a recipe or the id of a recorded run.",
            completes=Completes.TARGETS,
        ),
    ],
    force: Annotated[
        str | None,
        option(
            "",
            "Remove a stack that ccci did not deploy: repeat its name here.",
            panel=Panel.CLEANING,
            metavar="NAME",
            completes=Completes.STACKS,
            short=True,
        ),
    ] = None,
    timeout: Annotated[
        str,
        options.duration(
            "TEARDOWN_TIMEOUT",
            "How long to wait until all of it is gone.",
            panel=Panel.CLEANING,
            short=True,
        ),
    ] = "3m",
    lock_timeout: Annotated[
        str,
        options.lock_timeout(Panel.CLEANING),
    ] = options.LOCK_TIMEOUT,
) -> int:
    """Remove an app that a run left, and prove that it is gone.

    Services, containers, networks, then volumes, secrets, configs, the .env and the run's
    checkouts; never images, never the record. May be repeated. Exit code 3 when something is left.
    """
    request = teardown.Request(
        target,
        force=force,
        timeout=seconds(timeout, "--timeout") or 0.0,
        lock_timeout=seconds(lock_timeout, "--lock-timeout") or 0.0,
    )
    return tell(teardown.tear_down(request, ctx.obj), ctx.obj)
