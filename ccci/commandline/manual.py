"""The manual page `ccci(1)`, made of the declarations that the help is made of. Pure.

Written with the macros of man(7), which groff and mandoc both know.
"""

from collections.abc import Iterable, Iterator, Sequence

from ccci.commandline.declared import Command, Group, Panel, Parameter
from ccci.commandline.help import meaning_of
from ccci.commandline.words import WORDS, plain


def page(
    program: Group,
    options: Sequence[Parameter],
    exits: Iterable[tuple[str, str]],
    version: str,
) -> str:
    """Return the page; `exits` are exit codes with what they mean, `options` those of all verbs."""
    lines = [
        f'.TH CCCI 1 "" "ccci {_text(version)}" "User Commands"',
        ".SH NAME",
        f"ccci \\- {_text(program.sentence)}",
        ".SH SYNOPSIS",
        ".B ccci",
        _text("COMMAND [OPTIONS]"),
        ".SH OPTIONS",
        *_options(options),
        ".SH COMMANDS",
        *(line for command in program.load() for line in _command(command)),
        ".SH EXIT STATUS",
        *(line for code, meaning in exits for line in _item(code, meaning)),
        ".SH ENVIRONMENT",
        _text(
            "Most options have a variable, such as CCCI_TIMEOUT for --timeout; `ccci help "
            "variables` lists them. NO_COLOR, FORCE_COLOR and COLUMNS are heeded."
        ),
        ".SH WORDS",
        *(line for word, meaning in WORDS.items() for line in _item(word, meaning)),
    ]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> Iterator[str]:
    yield f".SS {_quoted(command.usage)}"
    for number, paragraph in enumerate(command.text.split("\n\n")):
        if number:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))
    for each in command.arguments:
        yield from _item(each.usage, each.meaning)
    for panel in Panel:
        yield from _options([each for each in command.options if each.panel is panel])
    for example in command.examples:
        yield ".PP"
        yield _text(f"{example.meaning}:")
        yield from (".PP", ".RS", ".nf", _text(example.line), ".fi", ".RE")


def _options(options: Iterable[Parameter]) -> Iterator[str]:
    for each in options:
        names = ", ".join(each.names)
        named = f"{names} {each.value}" if each.takes_value else names
        yield from _item(named, meaning_of(each))


def _item(name: str, meaning: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_quoted(name)}"
    yield _text(plain(meaning))


def _quoted(text: str) -> str:
    """Return a text as the one argument of a macro."""
    return '"' + _text(text).replace('"', '""') + '"'


def _text(text: str) -> str:
    """Return a text in which nothing is a command of roff."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    escaped = escaped.replace("'", "\\(aq").replace("…", "...").replace("^", "\\(ha")
    escaped = escaped.replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
