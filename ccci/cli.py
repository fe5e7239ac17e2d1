"""The command line: global options, the verbs, and the only place that exits."""

import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ccci import config, interrupts
from ccci.commands import (
    converge,
    deploy,
    doctor,
    identity,
    leftovers,
    runs,
    sandbox,
    sweep,
    teardown,
    upgrade,
)
from ccci.errors import CcciError, Interrupted
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report, document

_BROKEN_PIPE = 141
_GLOBAL_FLAGS = {"--json", "-v", "--verbose", "-q", "--quiet"}


class _Group(TyperGroup):
    """Global options before and after the verb; an exit code for every ending.

    `told` says that an error of ours was printed already, as a document too where one was wanted.
    """

    told = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Move the global flags that stand before a `--` to the front, then parse."""
        ours = args[: args.index("--")] if "--" in args else args
        flags = [word for word in ours if word in _GLOBAL_FLAGS]
        rest = [word for word in ours if word not in _GLOBAL_FLAGS] + args[len(ours) :]
        return super().parse_args(ctx, flags + rest)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the verb; turn its exit code, and whatever stopped it, into ours."""
        try:
            code = super().invoke(ctx)
        except (CcciError, Interrupted) as error:
            self.told = True
            raise typer.Exit(_output(ctx).error(error, ctx.invoked_subcommand or "")) from None
        except KeyboardInterrupt:
            stopped = Interrupted(signal.SIGINT)
            raise typer.Exit(_output(ctx).error(stopped, ctx.invoked_subcommand or "")) from None
        raise typer.Exit(code if isinstance(code, int) else 0)


def _output(ctx: typer.Context) -> Output:
    return ctx.obj if isinstance(ctx.obj, Output) else Output()


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Is the commit I meant the commit that runs on Docker Swarm, and if not, why not?",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"ccci {version('ccci')}")
        raise typer.Exit


@app.callback()
def _global(
    ctx: typer.Context,
    json: Annotated[
        bool,
        typer.Option("--json", envvar="CCCI_JSON", help="One JSON document on standard output."),
    ] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Say more, on standard error.")
    ] = 0,
    quiet: Annotated[
        int, typer.Option("-q", "--quiet", count=True, help="Say less, on standard error.")
    ] = 0,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    ctx.obj = Output(json=json, verbosity=verbose - quiet)
    # A setting that is passed over in silence tests something else than what was meant.
    for name, near in config.unread(os.environ, _variables(ctx.command)).items():
        meant = f"; did you mean {near}?" if near else ""
        ctx.obj.warn(f"{name} is set, but is no setting of ccci and is not read{meant}")


def _variables(command: Any) -> set[str]:  # noqa: ANN401
    """Return the variables of every option of a command and of those below it."""
    found: set[str] = set()
    for each in command.params:
        found |= {each.envvar} if isinstance(each.envvar, str) else set(each.envvar or ())
    for each in getattr(command, "commands", {}).values():
        found |= _variables(each)
    return found


app.add_typer(sandbox.app, name="sandbox")
app.add_typer(sweep.app, name="sweep")
app.command("converge")(converge.converge)
app.command("deploy")(deploy.command)
app.command("doctor")(doctor.command)
app.command("identity")(identity.command)
app.command("runs")(runs.command)
app.command("teardown")(teardown.command)
sweep.app.command("leftovers")(leftovers.command)
app.command("upgrade")(upgrade.command)


def _interrupt(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    # A second signal must not cut the cleanup short that the first one began. Not SIG_IGN: what
    # the cleanup starts would inherit that, and could not be ended.
    signal.signal(signal.SIGINT, _pass_over)
    signal.signal(signal.SIGTERM, _pass_over)
    interrupts.note(signal_number)
    raise Interrupted(signal_number)


def _pass_over(signal_number: int, frame: FrameType | None) -> None:
    """Do nothing."""


def run(argv: Sequence[str] | None = None) -> None:
    """Run ccci with these arguments (default: the process's own) and exit with its code."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    interrupts.hide_lost()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file's name may hold what the terminal's encoding has not.
            stream.reconfigure(errors="backslashreplace")
    arguments = list(sys.argv[1:] if argv is None else argv)
    group = typer.main.get_command(app)
    try:
        group(args=arguments, prog_name="ccci")
    except SystemExit as stop:
        told = isinstance(group, _Group) and group.told
        if stop.code == Verdict.USAGE.exit_code and not told:
            _say_usage(arguments)
        raise
    except Interrupted as stopped:
        sys.exit(stopped.exit_code)
    except BrokenPipeError:
        # Who read us has gone, as `head` does; the flush at exit must not fail on it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_BROKEN_PIPE)
    except Exception:  # noqa: BLE001 -- the last resort of the whole program
        traceback.print_exc()
        print(  # noqa: T201 -- output itself may be what failed
            "ccci met a bug. Please report it with the lines above.", file=sys.stderr
        )
        sys.exit(Verdict.BUG.exit_code)


def _say_usage(arguments: list[str]) -> None:
    """Keep the promise of one document on standard output when the command line is refused."""
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in ours:
        verb = next((word for word in ours if not word.startswith("-")), "")
        Output(json=True).document(
            document(Report(verb, Verdict.USAGE, "the command line was refused"))
        )
