"""How an option is declared, how several verbs share theirs, and what a verb is given."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from ccci import settings
from ccci.commandline.declared import Completes, Example, Group, Panel, Parameter
from ccci.errors import UsageError
from ccci.terminal.output import Output

Function = Callable[..., int]


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
    formerly: str = "",
    **more: Any,  # noqa: ANN401
) -> Parameter:
    """Return an option that its variables stand for as well; `names` where not the parameter's.

    `CCCI_<formerly>` is what its variable was called before; `metavar` is its value as the
    documentation writes it (REF, DURATION); `more` are fields of `Parameter`, such as `words`,
    `least`, `short` and `completes`.
    """
    return Parameter(
        meaning=meaning,
        names=names,
        variables=tuple(settings.variables(variable)) if variable else (),
        former=(f"CCCI_{formerly}",) if formerly else (),
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


# What more than one verb has, each in words of its own.


def ref(
    variable: str,
    meaning: str,
    *names: str,
    metavar: str = "REF",
    panel: Panel = Panel.TEST,
    short: bool = True,
) -> Parameter:
    """Return an option that names a commit of the recipe: its hash, a branch or a tag."""
    return option(
        variable,
        meaning,
        *names,
        panel=panel,
        metavar=metavar,
        completes=Completes.REFS,
        short=short,
    )


def repository(
    variable: str, meaning: str, *, metavar: str = "PATH|URL", short: bool = False
) -> Parameter:
    """Return an option that says where a repository is."""
    return option(
        variable,
        meaning,
        panel=Panel.TEST,
        metavar=metavar,
        completes=Completes.FILES,
        short=short,
    )


def service(variable: str, meaning: str, *, panel: Panel = Panel.WHERE) -> Parameter:
    """Return an option that names a service as the compose file does."""
    return option(variable, meaning, panel=panel, metavar="SERVICE", completes=Completes.SERVICES)


def duration(
    variable: str, meaning: str, *, panel: Panel = Panel.JUDGING, short: bool = False
) -> Parameter:
    """Return an option that takes a time as people write it: 90s, 20m."""
    return option(variable, meaning, panel=panel, metavar="DURATION", short=short)


LOCK_TIMEOUT = "15m"


def lock_timeout(panel: Panel) -> Parameter:
    """Return the option of what waits for another run on the same stack."""
    return duration("LOCK_TIMEOUT", "How long to wait for another run.", panel=panel)


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
        "SWEEP_FORMAT",
        "How to print it.",
        "--format",
        formerly="FORMAT",
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
        "SWEEP_FAIL_ON",
        "The least severity that makes the exit code 20.",
        formerly="FAIL_ON",
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
        taken = declared_of(verb)
        slot = next(each.name for each in taken if each.annotation is cls)
        at = [each.name for each in taken].index(slot)

        @functools.wraps(verb)
        def bound(**given: Any) -> int:  # noqa: ANN401
            filled = cls(**{name: given.pop(name) for name in own})
            return verb(**given, **{slot: filled})

        return taking(bound, [*taken[:at], *own.values(), *taken[at + 1 :]])

    return bind


def declared_of(verb: Function) -> list[inspect.Parameter]:
    """Return what a verb takes, each with its annotation as it was written."""
    hints = get_type_hints(verb, include_extras=True)
    return [
        each.replace(annotation=hints.get(name, each.annotation))
        for name, each in inspect.signature(verb).parameters.items()
    ]


def taking(verb: Function, parameters: list[inspect.Parameter]) -> Function:
    """Let a wrapped verb be read as one that takes these, by their names."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    verb.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    verb.__annotations__ = {each.name: each.annotation for each in named}
    return verb
