"""`--report FORMAT=FILE` of a verb: its forms, and what of that is asked for can be meant."""

import functools
import inspect
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

from ccci import settings
from ccci.commandline.declared import Completes, Panel
from ccci.commands.options import Context, Function, declared_of, many, taking
from ccci.errors import CcciError, UsageError
from ccci.records import places
from ccci.report.formats import FORMATS
from ccci.terminal import copies
from ccci.terminal.copies import Copy
from ccci.terminal.output import Output

REPORT = "--report"
SWEPT = ("json", "markdown", "sarif", "github", "gitlab")
"""The forms of a sweep."""


def reporting_as(*forms: str) -> Callable[[Function], Function]:
    """Give a verb `--report` with these forms, which is heeded before the verb is called."""
    told = f"Copy the report to a file, however it ends ({', '.join(forms)}); FILE may be -."

    def bind(verb: Function) -> Function:
        declared = Annotated[
            list[str] | None,
            many(
                "REPORT",
                told,
                REPORT,
                panel=Panel.OUTPUT,
                metavar="FORMAT=FILE",
                completes=Completes.FILES,
            ),
        ]
        own = inspect.Parameter(
            "report", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=declared
        )

        @functools.wraps(verb)
        def bound(*, ctx: Context, report: list[str] | None = None, **given: Any) -> int:  # noqa: ANN401
            _heed(ctx, report or [], forms, given)
            return verb(ctx=ctx, **given)

        return taking(bound, [*declared_of(verb), own])

    return bind


reporting = reporting_as(*FORMATS)
"""Give a verb `--report` in every form."""


def _heed(ctx: Context, words: list[str], forms: tuple[str, ...], given: dict[str, Any]) -> None:
    """Have the copies made that were asked for. Raise UsageError for what cannot be meant.

    A variable is set for every command of a pipeline: what this one has not is then passed over.
    """
    output, is_own = ctx.obj, "report" in ctx.given
    wanted: list[Copy] = []
    passed_over: dict[str, list[str]] = {}
    for each in copies.asked(words, json=output.json and is_own):
        reason, hint = _unfit(each, forms, given, json=output.json)
        if not reason:
            _refuse_tracked_place(each)
            wanted.append(each)
        elif is_own:
            raise UsageError(f"--report {each.format}: {reason}", hint)
        else:
            passed_over.setdefault(reason, []).append(each.format)
    for reason, names in passed_over.items():
        output.warn(f"{_asked_by()} asks for {', '.join(names)}, passed over: {reason}")
    output.copies.ask((*wanted, *copies.of_the_ci(os.environ, wanted)))


def _unfit(
    copy: Copy, forms: tuple[str, ...], given: dict[str, Any], *, json: bool
) -> tuple[str, str]:
    """Return why a command cannot make a copy, and what it can; empty where it can make it."""
    has = f"it has {', '.join(forms)}"
    if copy.format not in forms:
        return "this command has no such form", has
    if given.get("fix"):
        return "--fix writes overlays, and has no report", "leave out one of the two"
    formatted = given.get("output_format", "table") not in {"table", "text"}
    if copy.path is None and (formatted or json):
        option = "--format" if formatted else "--json"
        return f"{option} wants standard output as well", f"such as {copy.format}=report"
    return "", ""


def _asked_by() -> str:
    """Return what asks for reports, where the command line does not."""
    said = [name for name in settings.variables("REPORT") if os.environ.get(name, "").strip()]
    return said[0] if said else "a file of settings"


def ask_for_copies(words: list[str], output: Output) -> None:
    """Have copies made for a command line that is refused; what cannot be meant is passed over."""
    for name in settings.variables("REPORT"):
        if not words and (text := os.environ.get(name, "")).strip():
            words = settings.listed(name, text)
    wanted: list[Copy] = []
    for word in words:
        with suppress(CcciError):
            (each,) = copies.asked([word], json=output.json)
            _refuse_tracked_place(each)
            copies.asked([*(f"{it.format}={it.path or '-'}" for it in wanted), word])
            wanted.append(each)
    output.copies.ask((*wanted, *copies.of_the_ci(os.environ, wanted)))


def _refuse_tracked_place(copy: Copy) -> None:
    """Raise UsageError for a file that a pull request could have put there."""
    if copy.path is not None:
        places.refuse_tracked_place(copy.path, f"--report {copy.format}=")
