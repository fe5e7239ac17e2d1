"""What may stand where the cursor is on a command line that is being typed. Pure."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ccci.commandline.declared import Command, Completes, Group, Parameter, Verb

TOPICS = ("words", "variables", "exit-codes")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand there, and what it is."""

    word: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor is: the words that are known to fit, and what else there is to look up.

    `typed` is what stands there already, behind `prefix` (`--head=`); `said` are the values that
    options and arguments have on this line, by the parameter's name.
    """

    typed: str
    prefix: str = ""
    known: tuple[Candidate, ...] = ()
    wanted: Completes = Completes.NOTHING
    said: dict[str, list[str]] = field(default_factory=dict)

    def fitting(self, found: Iterable[Candidate]) -> list[Candidate]:
        """Return those of the words that begin as typed, each one once, in their order."""
        fit = {each.word: each for each in found if each.word.startswith(self.typed)}
        return list(fit.values())


def split(line: str) -> list[str]:
    """Return the words of a line that may end inside of quotes; the last is where the cursor is."""
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(f"{line}{closing}")
        except ValueError:
            continue
        return [*words, ""] if not closing and (not words or line[-1].isspace()) else words
    return line.split(" ")


def place(program: Group, everywhere: Sequence[Parameter], words: Sequence[str]) -> Place:
    """Return where the last of the words stands; the first is behind the name of ccci."""
    *before, typed = words or [""]
    if "--" in before:
        return Place(typed, wanted=Completes.COMMANDS)
    reader = _Reader(program, everywhere)
    for word in before:
        reader.read(word)
    return reader.place(typed)


class _Reader:
    """The words so far, read without a complaint."""

    def __init__(self, program: Group, everywhere: Sequence[Parameter]) -> None:
        self._group = program
        self._program = program
        self._verb: Command | None = None
        self._itself: Command | None = None
        self._path: list[str] = []
        self._options = {name: each for each in everywhere for name in each.names}
        self._open: Parameter | None = None
        self._said: dict[str, list[str]] = {}
        self._arguments: list[str] = []

    def read(self, word: str) -> None:
        if self._open is not None:
            self._say(self._open, word)
            self._open = None
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            option = self._options.get(name)
            if option is not None and option.takes_value and not equals:
                self._open = option
            elif option is not None:
                self._say(option, value)
        elif self._verb is None and not (self._itself and word not in self._group.members):
            self._enter(word)
        else:
            self._verb = self._verb or self._itself
            self._arguments.append(word)

    def _say(self, option: Parameter, value: str) -> None:
        self._said.setdefault(option.name, []).append(value)

    def _enter(self, word: str) -> None:
        member = self._group.members.get(word)
        self._path.append(word)
        loaded: Command | None = None
        if isinstance(member, Verb):
            loaded = self._verb = member.load(" ".join(self._path))
        elif member is not None:
            self._group = member
            if member.itself is not None:
                loaded = self._itself = member.itself.load(" ".join(self._path))
        if loaded is not None:
            self._options |= {name: each for each in loaded.options for name in each.names}

    def place(self, typed: str) -> Place:
        if self._open is not None:
            return self._value(self._open, typed)
        name, equals, value = typed.partition("=")
        if equals and name in self._options:
            return self._value(self._options[name], value, f"{name}=")
        if typed.startswith("-"):
            return Place(typed, known=self._names())
        if self._verb is None:
            first = self._itself.arguments[0].completes if self._itself else Completes.NOTHING
            return Place(typed, known=_members(self._group), wanted=first)
        argument = self._next_argument()
        if argument is None or argument.completes is Completes.VERBS:
            return Place(typed, known=self._topics() if argument else self._names())
        return self._value(argument, typed)

    def _next_argument(self) -> Parameter | None:
        """Return what the next argument is; a COMMAND stands behind `--`, and is none yet."""
        assert self._verb is not None  # noqa: S101 -- asked for where there is one
        arguments = [each for each in self._verb.arguments if not each.ends_options]
        for each, value in zip(arguments, self._arguments, strict=False):
            self._say(each, value)
        if len(self._arguments) < len(arguments):
            return arguments[len(self._arguments)]
        return arguments[-1] if arguments and arguments[-1].many else None

    def _value(self, parameter: Parameter, typed: str, prefix: str = "") -> Place:
        known = tuple(Candidate(word) for word in parameter.words)
        if self._verb is not None:
            self._next_argument()
        return Place(typed, prefix, known, parameter.completes, self._said)

    def _names(self) -> tuple[Candidate, ...]:
        """Return the options that may still be given, by their long names."""
        options = {each.name: each for each in self._options.values()}.values()
        left = [each for each in options if each.many or each.name not in self._said]
        return tuple(Candidate(each.title, each.meaning) for each in left)

    def _topics(self) -> tuple[Candidate, ...]:
        group = self._program.at(self._arguments)
        if not isinstance(group, Group):
            return ()
        topics = () if self._arguments else tuple(Candidate(each) for each in TOPICS)
        return (*_members(group), *topics)


def _members(group: Group) -> tuple[Candidate, ...]:
    return tuple(Candidate(name, each.sentence) for name, each in group.members.items())
