"""`ccci runs`: what was run, newest first, and how often it failed."""

from typing import Annotated

from ccci import settings
from ccci.actions import runs, runs_text
from ccci.commandline.declared import Completes, Panel
from ccci.commands.options import Context, argument, examples, many, option
from ccci.errors import UsageError
from ccci.exits import Verdict

_AT_MOST = 20


@examples(
    ("ccci runs", "what was run, newest first"),
    ("ccci runs discourse --verdict rolled-back", "the runs of a recipe, a domain or a stack"),
    ("ccci runs --since 7d --markdown", "the report of a week"),
    ("ccci runs --rates", "how often each failed"),
)
def command(
    ctx: Context,
    target: Annotated[
        str | None,
        argument(
            "[TARGET]",
            "Only runs of this recipe, domain or stack.",
            completes=Completes.TARGETS,
        ),
    ] = None,
    since: Annotated[
        str | None,
        option(
            "RUNS_SINCE",
            "Only runs since then: 12h, 7d, 2w, or a date (UTC).",
            "--since",
            panel=Panel.TEST,
            metavar="WHEN",
            short=True,
        ),
    ] = None,
    verdict: Annotated[
        list[str] | None,
        many(
            "RUNS_VERDICT",
            "Only runs that ended with this verdict.",
            "--verdict",
            panel=Panel.TEST,
            metavar="VERDICT",
            words=tuple(each.value for each in Verdict),
            short=True,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        option(
            "",
            "Only runs of this recipe.",
            panel=Panel.TEST,
            metavar="RECIPE",
            completes=Completes.RECIPES,
        ),
    ] = None,
    stack: Annotated[
        str | None,
        option(
            "",
            "Only runs of this stack.",
            panel=Panel.TEST,
            metavar="STACK",
            completes=Completes.STACKS,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        option(
            "RUNS_LIMIT",
            f"How many runs are listed at most (default: {_AT_MOST}).",
            formerly="LIMIT",
            panel=Panel.OUTPUT,
            least=1,
            short=True,
        ),
    ] = None,
    rates: Annotated[
        bool,
        option(
            "RUNS_RATES",
            "How often each failed, with an interval.",
            "--rates",
            panel=Panel.OUTPUT,
            short=True,
        ),
    ] = False,
    markdown: Annotated[
        bool,
        option(
            "RUNS_MARKDOWN",
            "A report for people: rates, failures, next steps.",
            "--markdown",
            panel=Panel.OUTPUT,
            short=True,
        ),
    ] = False,
) -> int:
    """List what was run, newest first, and what each run left behind.

    `ccci explain RUN` tells one again, `ccci runs bundle RUN` packs one into an archive.
    """
    if rates and markdown:
        raise UsageError("--rates and --markdown are two forms", "the Markdown has the rates in it")
    if markdown and ctx.obj.json:
        raise UsageError("--markdown and --json are two forms", "the JSON has the rates in it")
    wanted = limit or (None if rates or markdown else _AT_MOST)
    found = runs.listed(
        settings.runs_folder(),
        runs.Request(target, recipe, stack, since, tuple(verdict or ()), wanted),
    )
    ctx.obj.document(runs.document(found))
    if markdown:
        ctx.obj.text(*runs_text.markdown(found).split("\n"))
    elif rates:
        ctx.obj.text(*runs_text.rate_table(found))
    else:
        ctx.obj.text(*runs_text.table(found, ctx.obj.width))
    return 0
