"""The words of a command line → what they ask for; whatever cannot be meant is refused.

Options stand in any order, before and after arguments, as `--name value` or `--name=value`, short
ones as `-c value`, `-cvalue` or several flags in one (`-vv`). What stands behind `--` is left as it
is. What the line does not say is taken from variables, then from files, then from the default.
"""

from argparse import SUPPRESS, ArgumentError, ArgumentParser, HelpFormatter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ccci import settings
from ccci.commandline.declared import Command, Group, Kind, Parameter, Verb
from ccci.errors import UsageError
from ccci.nearest import ALIKE, nearest

_TRUE = {"1", "true", "t", "yes", "y", "on"}
_FALSE = {"0", "false", "f", "no", "n", "off"}
_MUCH_ALIKE = 0.8
_WORDS = "words"
_DIGITS = 4  # of a count


class Incomplete(UsageError):  # noqa: N818 -- reads as what happened
    """Nothing is said of what to do: `path` is the name of the group that a verb is missing in."""

    def __init__(self, path: str) -> None:
        name = f"ccci {path}".strip()
        super().__init__(f"{name} what? A command is missing", f"`{name} --help` lists them")
        self.path = path


@dataclass(frozen=True, slots=True)
class Words:
    """A command line taken apart.

    `given` holds the values of each option by its parameter's name, as words; the arguments are
    those before a `--` and those `behind` it. `verb` is None where there is none yet, `path` its
    whole name, or its group's.
    """

    path: str
    verb: Command | None
    given: Mapping[str, list[str]]
    before: tuple[str, ...]
    behind: tuple[str, ...]

    @property
    def usage(self) -> str:
        """Return the line of usage of what is called."""
        return self.verb.usage if self.verb else f"ccci {self.path}".strip()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line asks for: each parameter's value, and where it is from.

    `sources` has the name of a variable, or `file`, for what the line itself does not say.
    """

    values: Mapping[str, Any]
    given: frozenset[str]
    sources: Mapping[str, str]

    @property
    def said(self) -> frozenset[str]:
        """Return what the line or a variable names."""
        return self.given | {name for name, source in self.sources.items() if source != "file"}


def taken_apart(program: Group, everywhere: Sequence[Parameter], words: Sequence[str]) -> Words:
    """Return the words by what they are; `everywhere` are the options that each verb takes.

    Raise UsageError for an option or a verb that there is none of.
    """
    end = list(words).index("--") if "--" in words else len(words)
    ours, behind = list(words[:end]), tuple(words[end + 1 :])
    group, members = program, program.members
    verb: Command | None = None
    names: list[str] = []
    while True:
        if verb is None:
            ours = [group.aliases.get(word, word) for word in ours]
        read = _read((*everywhere, *(verb.options if verb else ())), ours)
        rest = read.words[len(names) :]
        member = members.get(rest[0]) if rest else None
        path = " ".join(names)
        if member is None:
            break
        # What the next name's options are is known only once it is read: then all is read again.
        names.append(rest[0])
        if isinstance(member, Verb):
            verb, members = member.load(" ".join(names)), {}
        else:
            group, members = member, member.members
            verb = member.itself.load(" ".join(names)) if member.itself else None
    stands_first = next((word for word in ours if word in {read.unknown, *rest[:1]}), "")
    if verb is None and rest and stands_first == rest[0]:
        raise _no_member(group, rest[0], path)
    if read.unknown:
        raise _unknown(read, path, verb)
    return Words(path, verb, read.given, rest, behind)


def _no_member(group: Group, word: str, path: str) -> UsageError:
    name = f"ccci {path}".strip()
    near = meant(word, group.members)
    return UsageError(
        f"{name} has no command {word!r}{near}", f"`{name} --help` lists the commands"
    )


def meant(word: str, words: Iterable[str], alike: float = ALIKE) -> str:
    """Return `; did you mean …?` for the word that is most alike, nothing where none is."""
    found = nearest(word, words, alike=alike)
    return f"; did you mean {found[0]}?" if found else ""


@dataclass(frozen=True, slots=True)
class _Read:
    """The words with these options known: their values, the other words, and an unknown option."""

    known: tuple[str, ...]
    given: Mapping[str, list[str]]
    words: tuple[str, ...]
    unknown: str = ""


def _read(options: Sequence[Parameter], words: Sequence[str]) -> _Read:
    """Return the words as argparse reads them. Raise UsageError for an option without its value."""
    parser = ArgumentParser(
        usage="",
        add_help=False,
        # No help is printed, but each option has it made: without a width it asks the terminal.
        formatter_class=partial(HelpFormatter, width=80),
        allow_abbrev=False,
        exit_on_error=False,
        argument_default=SUPPRESS,
        conflict_handler="resolve",
    )
    for each in options:
        if each.takes_value:
            parser.add_argument(*each.names, dest=each.name, action="append")
        else:
            parser.add_argument(*each.names, dest=each.name, action="append_const", const="")
    parser.add_argument(_WORDS, nargs="*")
    try:
        found, unknown = parser.parse_known_intermixed_args(words)
    except ArgumentError as error:
        option = next(each for each in options if "/".join(each.names) == error.argument_name)
        if option.takes_value:
            raise UsageError(
                f"{option.title} is missing its value",
                f"give it as {option.title} {option.value}, one that begins with a dash as "
                f"{option.title}=-…",
            ) from None
        raise UsageError(f"{option.title} takes no value") from None
    given = vars(found)
    others = tuple(given.pop(_WORDS, ()))
    names = tuple(name for each in options for name in each.names)
    return _Read(names, given, others, next(iter(unknown), ""))


def _unknown(read: _Read, path: str, verb: Command | None) -> UsageError:
    whole = f"ccci {path}".strip()
    name = read.unknown.partition("=")[0]
    if verb is None:
        return UsageError(
            f"{whole} has no option {name}{meant(name, read.known, _MUCH_ALIKE)}",
            "the options of a command stand behind its name",
        )
    return UsageError(
        f"{whole} has no option {name}{meant(name, read.known)}",
        f"`{whole} --help` lists the options; what belongs to a COMMAND stands behind `--`",
    )


def asked(
    parameters: Sequence[Parameter],
    words: Words,
    environ: Mapping[str, str],
    files: Mapping[str, Any],
) -> Asked:
    """Return the values of parameters; `files` are those that files of settings say.

    Raise UsageError for a value that is none, and for what is missing.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    rest, behind = list(words.before), list(words.behind)
    if not any(each.ends_options for each in parameters):
        rest, behind = rest + behind, []
    for each in parameters:
        if each.ends_options:
            rest, behind = rest + behind, []
        said = _from_rest(each, rest) if each.is_argument else words.given.get(each.name)
        if said is None:
            said, source = _elsewhere(each, environ, files)
            if source:
                sources[each.name] = source
        if said is not None:
            values[each.name] = _value(each, said, sources.get(each.name, ""))
        elif not each.required or each.refused_by_verb:
            values[each.name] = each.default
        elif each.is_argument and behind:
            raise UsageError(f"{each.title} comes before `--`", words.usage)
        else:
            raise missing(each, words)
    if rest:
        verb = f"ccci {words.path}"
        raise UsageError(
            f"{verb} takes no {rest[0]!r}", f"`{verb} --help` says what it takes, with examples"
        )
    return Asked(values, frozenset(words.given), sources)


def _from_rest(argument: Parameter, rest: list[str]) -> list[str] | None:
    if not rest:
        return None
    taken = rest[:] if argument.many else rest[:1]
    del rest[: len(taken)]
    return taken


def _elsewhere(
    parameter: Parameter, environ: Mapping[str, str], files: Mapping[str, Any]
) -> tuple[list[str] | None, str]:
    for name in parameter.read:
        text = environ.get(name, "")
        if text.strip() if parameter.many else text:
            return (settings.listed(name, text) if parameter.many else [text]), name
    if parameter.name in files:
        value = files[parameter.name]
        if isinstance(value, list):
            return value, "file"
        return [str(value).lower() if isinstance(value, bool) else str(value)], "file"
    return None, ""


def missing(parameter: Parameter, words: Words) -> UsageError:
    """Return the error of something that has to be given, and is not."""
    stands = [name for name in parameter.variables if name.startswith("CCCI_")]
    variable = f"; {stands[0]} stands for it, too" if stands else ""
    return UsageError(f"{parameter.title} is missing", f"{words.usage}{variable}")


def _value(parameter: Parameter, said: list[str], source: str) -> Any:  # noqa: ANN401
    """Return the value of what was said, of the parameter's own type."""
    name = f"{source}: {parameter.title}" if source not in {"", "file"} else parameter.title
    if parameter.kind is Kind.COUNT:
        return _count(said[-1], name) if source else len(said)
    if parameter.kind is Kind.FLAG:
        return not source or _truth(said[-1], name)
    found = [_one(parameter, each, name) for each in said]
    return found if parameter.many else found[-1]


def _count(text: str, name: str) -> int:
    """Return how often a variable gives a flag: a number, or once where it is on."""
    word = text.strip()
    return int(word) if word.isdecimal() and len(word) <= _DIGITS else int(_truth(text, name))


def is_off(text: str) -> bool:
    """Say whether a variable's value turns a switch off."""
    return text.strip().lower() in _FALSE


def _truth(text: str, name: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise UsageError(f"{name} is on or off, and not {text!r}", "write it as true or false")


def _one(parameter: Parameter, text: str, name: str) -> Any:  # noqa: ANN401
    if parameter.words and text not in parameter.words:
        words = ", ".join(parameter.words)
        raise UsageError(
            f"{name} {text!r} is none of {words}{meant(text, parameter.words)}",
            f"write it as {parameter.title} {parameter.words[0]}, for example",
        )
    if parameter.kind is Kind.PATH:
        return Path(text)
    if parameter.kind is Kind.NUMBER:
        return _number(text, name, parameter.least)
    return text


def _number(text: str, name: str, least: int | None) -> int:
    try:
        found = int(text)
    except ValueError:
        raise UsageError(f"{name} {text!r} is no whole number") from None
    if least is not None and found < least:
        raise UsageError(f"{name} {found} is too small", f"it is {least} at least")
    return found
