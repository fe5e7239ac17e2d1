"""How an option is declared, how several verbs share theirs, and what a verb is given."""

import functools
import inspect
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from ccci import settings
from ccci.commandline.declared import Completes, Example, Group, Panel, Parameter
from ccci.errors import CcciError, UsageError
from ccci.host import files
from ccci.report.formats import FORMATS
from ccci.terminal import copies
from ccci.terminal.copies import Copy
from ccci.terminal.output import Output

Function = Callable[..., int]
REPORT = "--report"
SWEPT = ("json", "markdown", "sarif", "github", "gitlab")
"""The forms of a sweep."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a verb is given beside its own options: where its words go, and who called it.

    `given` are the parameters that the command line itself names, `said` those that a variable
    does as well; `program` holds every verb.
    """

    obj: Output
    program: Group
    given: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()


def option(
    variable: str,
    meaning: str,
    *names: str,
    panel: Panel,
    metavar: str = "",
    **more: Any,  # noqa: ANN401
) -> Parameter:
    """Return an option that its variables stand for as well; `names` where not the parameter's.

    `metavar` is its value as the documentation writes it (REF, DURATION); `more` are fields of
    `Parameter`, such as `words`, `least`, `short` and `completes`.
    """
    return Parameter(
        meaning=meaning,
        names=names,
        variables=tuple(settings.variables(variable)) if variable else (),
        panel=panel,
        metavar=metavar,
        **more,
    )


def many(
    variable: str,
    meaning: str,
    *names: str,
    panel: Panel,
    metavar: str,
    **more: Any,  # noqa: ANN401
) -> Parameter:
    """Return an option that may be given again; its variable holds one value per line."""
    told = f"{meaning} May be given again."
    return option(variable, told, *names, panel=panel, metavar=metavar, **more)


def argument(
    metavar: str,
    meaning: str,
    *,
    variable: str = "",
    completes: Completes = Completes.NOTHING,
    words: tuple[str, ...] = (),
) -> Parameter:
    """Return an argument; in brackets where it may be left out."""
    return Parameter(
        meaning=meaning,
        metavar=metavar,
        variables=tuple(settings.variables(variable)) if variable else (),
        is_argument=True,
        completes=completes,
        words=words,
    )


def examples(*pairs: tuple[str, str]) -> Callable[[Function], Function]:
    """Give a verb its examples: command lines that work, each with what it is good for."""

    def keep(verb: Function) -> Function:
        verb.examples = tuple(Example(*each) for each in pairs)  # type: ignore[attr-defined]
        return verb

    return keep


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
            _heed(ctx.obj, report or [], forms, given)
            return verb(ctx=ctx, **given)

        return _taking(bound, [*_parameters(verb), own])

    return bind


reporting = reporting_as(*FORMATS)
"""Give a verb `--report` in every form."""


def _heed(output: Output, words: list[str], forms: tuple[str, ...], given: dict[str, Any]) -> None:
    """Have the copies made that were asked for. Raise UsageError for what cannot be meant."""
    wanted = copies.asked(words, json=output.json)
    for each in wanted:
        if each.format not in forms:
            raise UsageError(
                f"--report {each.format}: this command has no such form",
                f"it has {', '.join(forms)}",
            )
        if each.path is None and given.get("output_format", "table") not in {"table", "text"}:
            raise UsageError("--format and --report FORMAT=- both want standard output")
        if given.get("fix"):
            raise UsageError("--fix writes overlays, and has no report")
        _refuse_what_is_not_the_users(each)
    output.copies.ask((*wanted, *copies.of_the_ci(os.environ, wanted)))


def heed_what_can_be(words: list[str], output: Output) -> None:
    """Have copies made for a command line that is refused; what cannot be meant is passed over."""
    for name in settings.variables("REPORT"):
        if not words and (text := os.environ.get(name, "")).strip():
            words = settings.listed(name, text)
    wanted: list[Copy] = []
    for word in words:
        with suppress(CcciError):
            (each,) = copies.asked([word], json=output.json)
            _refuse_what_is_not_the_users(each)
            copies.asked([*(f"{it.format}={it.path or '-'}" for it in wanted), word])
            wanted.append(each)
    output.copies.ask((*wanted, *copies.of_the_ci(os.environ, wanted)))


def _refuse_what_is_not_the_users(copy: Copy) -> None:
    """Raise UsageError for a file that a pull request could have put there."""
    if copy.path is not None and files.checkout_of(copy.path) is not None:
        from ccci.records import artifacts

        artifacts.refuse_what_is_not_the_users(copy.path, f"--report {copy.format}=")


NoSample = Annotated[
    bool,
    option(
        "NO_SAMPLE",
        "Do not sample how much memory the tasks hold.",
        "--no-sample",
        panel=Panel.JUDGING,
    ),
]

# What every sweep takes.
Format = Annotated[
    str,
    option(
        "FORMAT",
        "How to print it.",
        "--format",
        panel=Panel.OUTPUT,
        words=("table", "json", "sarif", "markdown"),
        short=True,
    ),
]


def refuse_two_forms(ctx: Context, output_format: str) -> None:
    """Raise UsageError where the command line asks for `--json` and for another form at once."""
    if ctx.obj.json and "output_format" in ctx.given and output_format != "json":
        raise UsageError(
            f"--json and --format {output_format} are two forms of one output",
            "give one of them; `--report FORMAT=FILE` copies another form to a file",
        )


FailOn = Annotated[
    str,
    option(
        "FAIL_ON",
        "The least severity that makes the exit code 20.",
        panel=Panel.JUDGING,
        words=("error", "warning", "never"),
        short=True,
    ),
]
Select = Annotated[
    list[str] | None,
    many(
        "SELECT",
        "Only these rules, by the beginning of a number; or ALL.",
        "--select",
        panel=Panel.JUDGING,
        metavar="RULE",
        completes=Completes.RULES,
    ),
]
Ignore = Annotated[
    list[str] | None,
    many(
        "IGNORE",
        "Not these rules, in the same way.",
        "--ignore",
        panel=Panel.JUDGING,
        metavar="RULE",
        completes=Completes.RULES,
    ),
]
Exceptions = Annotated[
    Path | None,
    option(
        "EXCEPTIONS",
        "A file of what is accepted, until a day and for a reason (TOML).",
        panel=Panel.JUDGING,
    ),
]


def spread(cls: type) -> Callable[[Function], Function]:
    """Give a verb the fields of a dataclass of annotated options as options of its own.

    The verb has one parameter annotated with the class, and gets the dataclass filled.
    """
    hints = get_type_hints(cls, include_extras=True)
    own = {
        each.name: inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=hints[each.name],
        )
        for each in fields(cls)
    }

    def bind(verb: Function) -> Function:
        taken = _parameters(verb)
        slot = next(each.name for each in taken if each.annotation is cls)
        at = [each.name for each in taken].index(slot)

        @functools.wraps(verb)
        def bound(**given: Any) -> int:  # noqa: ANN401
            filled = cls(**{name: given.pop(name) for name in own})
            return verb(**given, **{slot: filled})

        return _taking(bound, [*taken[:at], *own.values(), *taken[at + 1 :]])

    return bind


def _parameters(verb: Function) -> list[inspect.Parameter]:
    """Return what a verb takes, each with its annotation as it was written."""
    hints = get_type_hints(verb, include_extras=True)
    return [
        each.replace(annotation=hints.get(name, each.annotation))
        for name, each in inspect.signature(verb).parameters.items()
    ]


def _taking(verb: Function, parameters: list[inspect.Parameter]) -> Function:
    """Let a wrapped verb be read as one that takes these, by their names."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    verb.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    verb.__annotations__ = {each.name: each.annotation for each in named}
    return verb
