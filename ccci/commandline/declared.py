"""The vocabulary of a command line: groups, verbs, and their options and arguments. Pure.

An option is declared once, as an annotation of a parameter (`ccci.commands.options.option`); what
reads it, its help, the reference, the manual page and the completion are all made of that.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import import_module
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints


class Panel(StrEnum):
    """Under which heading of a verb's help an option stands, in this order."""

    TEST = "What to test"
    WHERE = "Where"
    SETTINGS = "Environment and overlay"
    JUDGING = "Judging"
    CLEANING = "Cleaning up"
    OUTPUT = "Output"


class Kind(StrEnum):
    """What an option takes."""

    FLAG = "flag"
    COUNT = "count"
    NUMBER = "number"
    PATH = "path"
    TEXT = "text"


_KINDS: Mapping[type, Kind] = {bool: Kind.FLAG, int: Kind.NUMBER, PurePath: Kind.PATH}
"""The kinds of values, by the classes that they are of."""
_METAVARS = {Kind.PATH: "FILE", Kind.NUMBER: "N"}


class Completes(StrEnum):
    """What there is to choose from where a value stands."""

    NOTHING = "nothing"
    FILES = "files"
    STACKS = "stacks"
    SERVICES = "services"
    RECIPES = "recipes"
    REFS = "refs"
    TARGETS = "targets"
    RUNS = "runs"
    RULES = "rules"
    COMMANDS = "commands"
    """The words of another program."""
    VERBS = "verbs"
    """Those of ccci, and the topics of its help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """An option, or an argument."""

    meaning: str
    metavar: str = ""
    """Its value as the documentation writes it."""
    names: tuple[str, ...] = ()
    """Empty for an argument."""
    variables: tuple[str, ...] = ()
    """Those that stand for it, the strongest first."""
    former: tuple[str, ...] = ()
    """Former names of its variables, still read behind them and no longer documented."""
    panel: Panel = Panel.OUTPUT
    words: tuple[str, ...] = ()
    """The only values that there are, where not every one is."""
    least: int | None = None
    short: bool = False
    """Whether `-h` shows it."""
    refused_by_verb: bool = False
    """Whether it has to be given, but the verb itself says so, since it knows what could be meant.
    """
    is_argument: bool = False
    completes: Completes = Completes.NOTHING
    # What the parameter's own annotation says.
    name: str = ""
    kind: Kind = Kind.TEXT
    many: bool = False
    required: bool = False
    default: Any = None

    @property
    def read(self) -> tuple[str, ...]:
        """Return every variable that is read for it, the strongest first."""
        return (*self.variables, *self.former)

    @property
    def takes_value(self) -> bool:
        """Say whether a value belongs to it."""
        return self.kind not in {Kind.FLAG, Kind.COUNT}

    @property
    def ends_options(self) -> bool:
        """Say whether it is a COMMAND, which stands behind `--`."""
        return self.metavar.startswith("[--")

    @property
    def value(self) -> str:
        """Return its value as help and reference write it: `REF`, `auto|abra|stack`."""
        return self.metavar or "|".join(self.words)

    @property
    def title(self) -> str:
        """Return how errors call it: `--head`, or RECIPE."""
        return max(self.names, key=len) if self.names else self.metavar.strip("[].…- ")

    @property
    def usage(self) -> str:
        """Return an argument as the line of usage writes it."""
        return self.metavar if self.required or "[" in self.metavar else f"[{self.metavar}]"


@dataclass(frozen=True, slots=True)
class Example:
    """A command line that works as it stands, and what it is good for."""

    line: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Verb:
    """A command by its sentence in the list of all; its module is imported once it is called.

    The module holds the function `function`, annotated with what it takes.
    """

    module: str
    sentence: str
    panel: str = ""
    function: str = "command"

    def load(self, path: str) -> "Command":
        """Import the verb, and return what it takes; `path` is its name: `sweep rules`."""
        return command(path, getattr(import_module(self.module), self.function))


@dataclass(frozen=True, slots=True)
class Group:
    """Verbs by name, and groups of them; `aliases` are flags that stand for a verb.

    Where it has a verb `itself`, its name alone calls that, and what is no member is its argument.
    """

    sentence: str
    members: Mapping[str, "Verb | Group"]
    aliases: Mapping[str, str] = field(default_factory=dict)
    itself: Verb | None = None

    def at(self, words: Iterable[str]) -> "Verb | Group | None":
        """Return what stands at these words, None where there is nothing."""
        found: Verb | Group | None = self
        for word in words:
            found = found.members.get(word) if isinstance(found, Group) else None
        return found

    def verbs(self, above: str = "") -> Iterator[tuple[str, Verb]]:
        """Give every verb below it with its whole name, in the order that they stand in."""
        if self.itself is not None:
            yield above, self.itself
        for name, member in self.members.items():
            path = f"{above} {name}".strip()
            if isinstance(member, Group):
                yield from member.verbs(path)
            else:
                yield path, member

    def load(self) -> Iterator["Command"]:
        """Import every verb below it."""
        for path, verb in self.verbs():
            yield verb.load(path)


@dataclass(frozen=True, slots=True)
class Command:
    """A verb that was imported: what it takes, what its help says, and what it runs."""

    path: str
    text: str
    parameters: tuple[Parameter, ...]
    examples: tuple[Example, ...]
    function: Callable[..., int]

    @property
    def options(self) -> tuple[Parameter, ...]:
        """Return its options, as declared."""
        return tuple(each for each in self.parameters if not each.is_argument)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """Return its arguments, in their order."""
        return tuple(each for each in self.parameters if each.is_argument)

    @property
    def sentence(self) -> str:
        """Return what it does, in a sentence."""
        return self.text.partition("\n")[0]

    @property
    def usage(self) -> str:
        """Return its line of usage: what has to be given, and what may be."""
        needed = [f"{each.title} {each.value}" for each in self.options if each.required]
        words = ["ccci", self.path, *(each.usage for each in self.arguments)]
        if any(each.ends_options for each in self.arguments):
            return " ".join([*words[:-1], *needed, "[OPTIONS]", words[-1]])
        return " ".join([*words, *needed, "[OPTIONS]"])


def command(path: str, function: Callable[..., int]) -> Command:
    """Return what a function takes as a command: each parameter annotated with a `Parameter`."""
    return Command(
        path,
        inspect.cleandoc(function.__doc__ or ""),
        tuple(parameters(function)),
        tuple(getattr(function, "examples", ())),
        function,
    )


def parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    """Give what a function, or a dataclass, takes, in the order that it is written down."""
    hints = get_type_hints(function, include_extras=True)
    for name, each in inspect.signature(function).parameters.items():
        hint = hints.get(name, each.annotation)
        if get_origin(hint) is not Annotated:
            continue
        kind, declared = get_args(hint)[:2]
        empty = each.default is inspect.Parameter.empty
        yield bound(declared, name, kind, None if empty else each.default, required=empty)


def _kind_of(annotation: object) -> Kind:
    if not isinstance(annotation, type):
        return Kind.TEXT
    return next((_KINDS[each] for each in annotation.__mro__ if each in _KINDS), Kind.TEXT)


def bound(
    declared: Parameter,
    name: str,
    annotation: Any,  # noqa: ANN401 -- any type of an annotation
    default: Any = None,  # noqa: ANN401
    *,
    required: bool = False,
) -> Parameter:
    """Return a declaration with what its place says: name, type and default."""
    kinds = get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)
    inner = next(each for each in kinds if each is not type(None))
    many = get_origin(inner) is list
    kind = get_args(inner)[0] if many else inner
    names = declared.names or (() if declared.is_argument else (f"--{name.replace('_', '-')}",))
    taken = declared.kind if declared.kind is Kind.COUNT else _kind_of(kind)
    completes = declared.completes
    if taken is Kind.PATH and completes is Completes.NOTHING:
        completes = Completes.FILES
    own = f"PLUGIN_{max(names, key=len).lstrip('-').upper().replace('-', '_')}" if names else ""
    variables = declared.variables
    if variables and own and own not in variables:
        variables = (*variables, own)  # a step has one command, so that its own name is enough
    return replace(
        declared,
        variables=variables,
        name=name,
        names=names,
        kind=taken,
        many=many,
        required=required or declared.refused_by_verb,
        default=default,
        completes=completes,
        metavar=declared.metavar or _METAVARS.get(taken, ""),
    )
