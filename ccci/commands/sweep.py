"""`ccci sweep`: which recipes can be rolled back behind your back."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccci import config
from ccci.errors import UsageError
from ccci.output import Output

if TYPE_CHECKING:
    from ccci.sweep.survey import Request

app = typer.Typer(
    help="Look over many recipes, or the running swarm, at once.",
    no_args_is_help=False,
    add_completion=False,
)

_FORMATS = ("table", "json", "sarif", "markdown")
_FAIL_ON = ("error", "warning", "never")


@app.callback(invoke_without_command=True)
def _all(
    ctx: typer.Context,
    list_rules: Annotated[
        bool,
        typer.Option(
            "--list-rules",
            envvar=config.variables("LIST_RULES"),
            help="List every rule with its severity.",
        ),
    ] = False,
) -> int | None:
    """Look over many recipes, or the running swarm, at once."""
    if ctx.invoked_subcommand is not None:
        return None
    if not list_rules:
        ctx.obj.text(ctx.get_help())
        return 0
    return rules(ctx)


@app.command("rules")
def rules(
    ctx: typer.Context,
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="Such as CCCI001.")] = None,
) -> int:
    """Explain a rule, or list them all."""
    from ccci.rules import BY_ID, RULES
    from ccci.sweep import rule_pages

    if rule is not None and rule.upper() not in BY_ID:
        raise UsageError(f"there is no rule {rule}", "see `ccci sweep --list-rules`")
    chosen = [BY_ID[rule.upper()]] if rule else list(RULES)
    ctx.obj.document({"schema": "ccci.rules/1", "rules": rule_pages.documents(chosen)})
    ctx.obj.text(rule_pages.told(chosen[0]) if rule else rule_pages.listed(chosen))
    return 0


@app.command("rollback-policy")
def rollback_policy(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]",
            help="A folder of recipes, a recipe, or compose files. Default: the user's recipes.",
        ),
    ] = None,
    compose: Annotated[
        list[str] | None,
        typer.Option(
            "-c",
            "--compose-file",
            help="A compose file; several are merged in order, as `docker stack deploy -c` does.",
        ),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", help="A variable, KEY=VALUE."),
    ] = None,
    env_file: Annotated[
        list[str] | None,
        typer.Option("--env-file", help="A file of them."),
    ] = None,
    node_memory: Annotated[
        str | None,
        typer.Option(envvar=config.variables("NODE_MEMORY"), help="What a node has, such as 4g."),
    ] = None,
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            envvar=config.variables("FORMAT"),
            help="How to print it: table, json, sarif or markdown.",
        ),
    ] = "table",
    fail_on: Annotated[
        str,
        typer.Option(
            envvar=config.variables("FAIL_ON"),
            help="The least severity that makes the exit code 20: error, warning or never.",
        ),
    ] = "error",
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            envvar=config.variables("LIVE"),
            help="Sweep the services of the running swarm instead.",
        ),
    ] = False,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", help="With --live: this stack."),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(
            envvar=config.variables("RUNS"),
            help="A folder of reports: say which risks were seen and which are theory.",
        ),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            envvar=config.variables("FIX"),
            help="Write the remedy as an overlay, compose.ccci.yml.",
        ),
    ] = False,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            envvar=config.variables("IN_PLACE"),
            help="With --fix: change the recipe's own files.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            envvar=config.variables("DRY_RUN"),
            help="With --fix: print the change, write nothing.",
        ),
    ] = False,
) -> int:
    """Say what update policy Swarm applies to every service, and where that is a risk.

    Exit code 20 for findings at or above --fail-on, 3 when there was nothing to sweep.
    """
    _check_choices(output_format, fail_on)
    from ccci.sweep.survey import Request

    request = Request(
        tuple(paths or ()),
        tuple(config.values("COMPOSE_FILE", compose)),
        given_variables(config.values("ENV", env), config.values("ENV_FILE", env_file), os.environ),
        _bytes(node_memory),
        live,
        tuple(config.values("STACK", stack) if live else stack or ()),
        runs,
    )
    _check_request(request, fix=fix, in_place=in_place, dry_run=dry_run)
    from ccci.sweep import printing, survey

    output: Output = ctx.obj
    if fix:
        changes = survey.remedy(request, output, inside=in_place)
        if not dry_run:
            from ccci.sweep.fix import write

            write(changes)
        return printing.show_changes(changes, output, written=not dry_run)
    return printing.show(survey.survey(request, output), output, output_format, fail_on)


def _check_choices(output_format: str, fail_on: str) -> None:
    if output_format not in _FORMATS:
        raise UsageError(f"--format {output_format}: one of {', '.join(_FORMATS)} is meant")
    if fail_on not in _FAIL_ON:
        raise UsageError(f"--fail-on {fail_on}: one of {', '.join(_FAIL_ON)} is meant")


def _check_request(request: "Request", *, fix: bool, in_place: bool, dry_run: bool) -> None:
    if request.compose and request.paths:
        raise UsageError("PATH and -c exclude each other", "give the files all by -c, or none")
    if request.live and (request.paths or request.compose or fix):
        raise UsageError("--live sweeps what runs: no PATH, -c or --fix goes with it")
    if request.stacks and not request.live:
        raise UsageError("--stack goes with --live")
    if (in_place or dry_run) and not fix:
        raise UsageError("--in-place and --dry-run go with --fix")


def given_variables(
    pairs: Sequence[str], files: Sequence[str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of `--env` (KEY alone takes the environment's) above `--env-file`."""
    from ccci import environment
    from ccci.compose.source import read_plain

    result: dict[str, str] = {}
    for name in files:
        try:
            text = read_plain(Path(name)).decode()
        except (OSError, ValueError) as error:
            raise UsageError(f"--env-file {name} cannot be read: {error}") from None
        result |= environment.values(environment.read(text, name))
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not key:
            raise UsageError(f"--env {pair!r} names no variable", "write --env KEY=VALUE")
        if separator or key in environ:
            result[key] = value if separator else environ[key]
    return result


def _bytes(text: str | None) -> int:
    from ccci.compose.values import size

    if text is None:
        return 0
    try:
        return size(text)
    except ValueError:
        raise UsageError(f"--node-memory {text} is no amount", "write it as 4g or 512m") from None
