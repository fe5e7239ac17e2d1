"""`ccci converge`: run COMMAND and follow every service of a stack to a verdict."""

from pathlib import Path
from typing import Annotated

from ccci.actions import converge
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import Context, argument, examples, many, option
from ccci.commands.reporting import reporting
from ccci.host.durations import seconds
from ccci.steps.follow import Options
from ccci.terminal.story import tell


@examples(
    (
        "ccci converge shop -- docker stack deploy -c compose.yml shop",
        "deploy, and know whether what was sent runs",
    ),
    ("ccci converge shop", "follow what is in flight, or judge what is there"),
    (
        "ccci converge shop --save-baseline before.json",
        "in pipelines of several steps: what is there before the deploy",
    ),
    ("ccci converge shop --baseline before.json", "and, in a later step, what became of it"),
)
@reporting
def command(
    ctx: Context,
    stack: Annotated[str, argument("STACK", "The stack's name.", completes=Completes.STACKS)],
    command: Annotated[
        list[str] | None,
        argument(
            "[-- COMMAND…]",
            "What deploys. Without it: follow what is in flight, or judge what is there.",
            completes=Completes.COMMANDS,
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        options.duration(
            "TIMEOUT",
            "The deadline, like 90s or 20m (default: derived from the services' own numbers).",
            short=True,
        ),
    ] = None,
    soak: Annotated[
        str | None,
        options.duration(
            "SOAK",
            "How long every task must have been running (default: derived, 5 s to 60 s).",
            short=True,
        ),
    ] = None,
    fail_fast: Annotated[
        bool,
        option(
            "FAIL_FAST",
            "Stop at the first failing service; do not wait for a rollback to end.",
            "--fail-fast",
            panel=Panel.JUDGING,
        ),
    ] = False,
    service: Annotated[
        list[str] | None,
        many(
            "SERVICE",
            "Judge only this service, as named in the compose file.",
            panel=Panel.TEST,
            metavar="SERVICE",
            completes=Completes.SERVICES,
            short=True,
        ),
    ] = None,
    save_baseline: Annotated[
        Path | None,
        option(
            "SAVE_BASELINE",
            "Write what the stack is now to this file, and end.",
            panel=Panel.TEST,
            short=True,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        option(
            "BASELINE",
            "Judge against a baseline saved before the deploy.",
            panel=Panel.TEST,
            short=True,
        ),
    ] = None,
    allow_untouched: Annotated[
        bool,
        option(
            "ALLOW_UNTOUCHED",
            "Accept a COMMAND that changes no service of STACK.",
            "--allow-untouched",
            panel=Panel.JUDGING,
        ),
    ] = False,
    plan: Annotated[
        Path | None,
        option(
            "PLAN",
            "A plan of `ccci plan --save`: refuse when the stack moved since.",
            panel=Panel.TEST,
        ),
    ] = None,
    no_sample: options.NoSample = False,
    trace: Annotated[
        Path | None,
        option(
            "TRACE",
            "Write every raw answer of the Engine to this file, secrets masked.",
            panel=Panel.OUTPUT,
        ),
    ] = None,
) -> int:
    """Take a baseline, run COMMAND, and follow every service of STACK to a verdict.

    Exits 0 only when the tasks that serve are the ones that were asked for, and stay.
    """
    followed = Options(
        timeout=seconds(timeout, "--timeout"),
        soak=seconds(soak, "--soak"),
        fail_fast=fail_fast,
        services=frozenset(service or ()),
        allow_untouched=allow_untouched,
        sample=not no_sample,
    )
    request = converge.Request(
        stack, tuple(command or ()), followed, baseline, save_baseline, trace, plan
    )
    return tell(converge.converge(request, ctx.obj), ctx.obj)
