"""`ccci identity`: which commit is declared, which runs, and what was there before."""

from pathlib import Path
from typing import Annotated

from ccci.actions import identity
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import Context, argument, examples, option
from ccci.commands.reporting import reporting
from ccci.terminal.story import tell


@examples(
    ("ccci identity shop.example.com", "what is declared there, and what really runs"),
    ("ccci identity shop --expect 7ae7b0f", "is it that commit? 13 where it is not"),
    ("ccci identity shop --expect 0.7.0+3.3.1 --source .", "is it that release?"),
)
@reporting
def command(
    ctx: Context,
    target: Annotated[
        str,
        argument(
            "TARGET",
            "An app's domain, a stack, or a recipe of a recorded run.",
            completes=Completes.TARGETS,
        ),
    ],
    expect: Annotated[
        str | None,
        options.ref(
            "EXPECT",
            "The commit that should run: 7 to 40 hex digits, or any ref with --source.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        options.repository(
            "SOURCE",
            "The recipe's repository (a path or URL), to complete commits and resolve refs.",
            short=True,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        option(
            "BASELINE",
            "What `ccci converge --save-baseline` saved, for what Swarm has forgotten.",
            panel=Panel.TEST,
        ),
    ] = None,
    app_service: Annotated[
        str | None,
        options.service(
            "APP_SERVICE",
            "The service that carries the commit, where it is not named app.",
        ),
    ] = None,
) -> int:
    """Say which commit is declared, which runs on every task, and what was there before.

    A mismatch is exit code 13, with one of the reasons never-deployed, rolled-back, mixed,
    disturbed, dirty. Without --expect, what runs is held against what is declared.
    """
    request = identity.Request(target, expect, source, baseline, app_service)
    return tell(identity.find(request, ctx.obj), ctx.obj)
