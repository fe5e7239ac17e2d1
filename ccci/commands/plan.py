"""`ccci plan`: options in, what a deploy would do out."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated

from ccci.actions import plan
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import (
    Context,
    argument,
    examples,
    option,
    refuse_two_forms,
    spread,
)
from ccci.commands.reporting import reporting_as
from ccci.commands.shared import Deployed, UpgradeEnv, head_meant
from ccci.errors import UsageError
from ccci.host.durations import seconds
from ccci.host.masking import mask
from ccci.planning import text
from ccci.planning.forms import render
from ccci.planning.markdown import markdown
from ccci.planning.model import Plan, document
from ccci.steps import recorder
from ccci.terminal.output import Output
from ccci.terminal.story import tell_rows


@examples(
    (
        "ccci plan shop -- docker stack deploy -c compose.yml shop",
        "what that deploy would do; nothing is written",
    ),
    (
        "ccci plan shop --save plan.json -- docker stack deploy -c compose.yml shop",
        "and keep it, for `ccci converge --plan`",
    ),
    (
        "ccci plan shop --format markdown -- docker stack deploy -c compose.yml shop",
        "and print it for the comment on a pull request",
    ),
    (
        "ccci plan discourse --head my-branch",
        "what this branch would do to the app that a run left, or to a new one",
    ),
)
@reporting_as("json", "markdown")
@spread(Deployed)
def command(
    *,
    ctx: Context,
    stack: Annotated[
        str,
        argument(
            "STACK|RECIPE",
            "With COMMAND a stack's name; else a recipe's, its path or URL, or an app that a run "
            "left.",
            completes=Completes.STACKS,
        ),
    ],
    command: Annotated[
        list[str] | None,
        argument("[-- COMMAND…]", "What would deploy it.", completes=Completes.COMMANDS),
    ] = None,
    head: Annotated[
        str | None,
        options.ref(
            "HEAD",
            "A recipe's commit, branch or tag, deployed as chaos.",
        ),
    ] = None,
    tag: Annotated[
        str | None,
        options.ref(
            "TAG",
            "A recipe's release, pinned.",
            metavar="TAG",
        ),
    ] = None,
    base: Annotated[
        str | None,
        options.ref(
            "BASE",
            "What a new app is upgraded from, as by `ccci upgrade`; auto: the newest release "
            "before the head.",
            metavar="TAG|auto",
        ),
    ] = None,
    recipe: Deployed,
    upgrade_env: UpgradeEnv = None,
    save: Annotated[
        Path | None,
        option(
            "PLAN_SAVE",
            "Keep the plan in this file, for `converge --plan`.",
            panel=Panel.OUTPUT,
            short=True,
        ),
    ] = None,
    timeout: Annotated[
        str,
        options.duration(
            "PLAN_TIMEOUT",
            "How long COMMAND may take, such as 90s or 5m.",
            short=True,
        ),
    ] = "5m",
    output_format: Annotated[
        str,
        option(
            "PLAN_FORMAT",
            "How to print it; markdown is for the comment on a pull request.",
            "--format",
            panel=Panel.OUTPUT,
            words=("text", "json", "markdown"),
        ),
    ] = "text",
    fail_on: Annotated[
        str,
        option(
            "PLAN_FAIL_ON",
            "The least severity of a finding that makes the exit code 20.",
            panel=Panel.JUDGING,
            words=("error", "warning", "never"),
        ),
    ] = "never",
) -> int:
    """Say what COMMAND would do to STACK, or a deploy of RECIPE to its app, and write nothing.

    What deploys speaks to a recording Engine: reads go through, writes are recorded. A plan says
    what Swarm is asked and will do; it is no promise about the app.
    """
    refuse_two_forms(ctx, output_format)
    output = ctx.obj
    within = seconds(timeout, "--timeout") or recorder.DEPLOY_PATIENCE
    if command:
        _refuse_options_of_recipes(ctx)
        request = plan.Request(stack, tuple(command), save, within, fail_on)
        found = plan.plan(request, lines=output.detail, keep_secret=output.keep_secret)
    else:
        head = head_meant(ctx, head, tag)
        if base is not None and head is None:
            if "base" in ctx.given:
                raise UsageError("--base is what a --head goes on top of", "give the head")
            base = None
        from ccci.commands.revisions import Revision  # noqa: PLC0415 -- all that reads recipes

        of = Revision(stack, recipe, head, tag, base, upgrade_env or [], save, within, fail_on)
        found = of.planned(output)
    if output.copies.left:
        told = mask(found, output.secrets)
        output.hand_on(lambda name: render(name, told))
    _show(found, output, output_format)
    return found.verdict.exit_code


def _show(found: Plan, output: Output, output_format: str) -> None:
    """Print a plan in a format; `--json` stands above `--format`."""
    if output.json or output_format == "json":
        output.json_result(document(found))
    elif output_format == "markdown":
        output.text(*markdown(mask(found, output.secrets)).rstrip("\n").split("\n"))
    else:
        tell_rows(text.rows(found), output)


def _refuse_options_of_recipes(ctx: Context) -> None:
    """Raise UsageError where what only a recipe has was given beside a COMMAND."""
    known = (*_OF_A_REVISION, *(each.name for each in fields(Deployed)))
    wrong = [f"--{name.replace('_', '-')}" for name in known if name in ctx.given]
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)}: for a recipe, and a COMMAND deploys what it likes",
            "leave out either the COMMAND or these",
        )


_OF_A_REVISION = ("head", "tag", "base", "upgrade_env")
