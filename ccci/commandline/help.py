"""The help of a verb and of a group: one screen for `-h`, all of it for `--help`. Pure."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from ccci.commandline.declared import Command, Example, Group, Panel, Parameter, Verb

WIDEST = 100
_COLUMN, _NARROW = 30, 20
_ROOM = 20
"""Columns that a meaning has at least beside a name; with less it stands below."""
_INDENT = "  "
EVERYWHERE = "With every command"
_SHORT_EXAMPLES = 2
SEE = (
    "Most options have a variable, such as CCCI_TIMEOUT for --timeout: `ccci help variables`.",
    "What the words mean: `ccci help words`.",
)


def of_command(
    command: Command, everywhere: Sequence[Parameter], width: int, *, short: bool
) -> list[str]:
    """Return the help of a verb for so many columns; `everywhere` are the options of all verbs."""
    name = f"ccci {command.path}"
    if short:
        short_options = [each for each in command.options if each.short]
        return [
            *_usage(command.usage, width),
            "",
            *_wrapped(command.sentence, width),
            "",
            *_examples(command.examples[:_SHORT_EXAMPLES], width, meanings=False),
            *_panel("Used most", short_options or command.options, width),
            f"More: `{name} --help`; words: `ccci help words`.",
        ]
    return [
        *_usage(command.usage, width),
        "",
        *_paragraphs(command.text, width),
        *_examples(command.examples, width),
        *_rows("Arguments", ((each.usage, each.meaning) for each in command.arguments), width),
        *(
            line
            for panel in Panel
            for line in _panel(
                panel, [each for each in command.options if each.panel is panel], width
            )
        ),
        *_panel(EVERYWHERE, everywhere, width),
        *(line for each in SEE for line in _wrapped(each, width)),
    ]


def of_group(
    group: Group,
    path: str,
    options: Sequence[Parameter],
    examples: Sequence[Example],
    width: int,
    *,
    short: bool,
) -> list[str]:
    """Return the help of a group: its verbs under their panels, the main ones first."""
    name = f"ccci {path}".strip()
    head = [f"Usage: {name} COMMAND [OPTIONS]", "", *_wrapped(group.sentence, width), ""]
    panels = _verbs_by_panel(group)
    if short and len(panels) > 1:
        told = ((panel, ", ".join(verb for verb, _ in verbs)) for panel, verbs in panels.items())
        body = [
            *_rows("Commands", told, width, _NARROW),
            *_panel("Used most", [each for each in options if each.short], width),
        ]
    else:
        body = [line for panel, verbs in panels.items() for line in _rows(panel, verbs, width)]
        body += [] if short else _panel(EVERYWHERE, options, width)
    more = f"More: `{name} --help`; a command: `{name} COMMAND -h`; words: `ccci help words`."
    return [
        *head,
        *_examples(examples[:_SHORT_EXAMPLES] if short else examples, width, meanings=not short),
        *body,
        *(line for each in ((more,) if short else SEE) for line in _wrapped(each, width)),
    ]


def _verbs_by_panel(group: Group) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, verb in group.verbs():
        found.setdefault(verb.panel, []).append((name, verb.sentence))
    return found


def _usage(usage: str, width: int) -> list[str]:
    return textwrap.wrap(
        f"Usage: {usage}",
        width,
        subsequent_indent=" " * len("Usage: "),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _examples(examples: Iterable[Example], width: int, *, meanings: bool = True) -> list[str]:
    lines = []
    for each in examples:
        if meanings:
            lines += _wrapped(f"# {each.meaning}", width, _INDENT)
        lines.append(f"{_INDENT}{each.line}")
    return ["Examples:", *lines, ""] if lines else []


def _panel(title: str, options: Iterable[Parameter], width: int) -> list[str]:
    return _rows(title, ((_names(each), meaning_of(each)) for each in options), width)


def _rows(
    title: str, rows: Iterable[tuple[str, str]], width: int, column: int = _COLUMN
) -> list[str]:
    lines = [line for name, meaning in rows for line in row(name, meaning, width, column)]
    return [f"{title}:", *lines, ""] if lines else []


def row(name: str, meaning: str, width: int, column: int = _COLUMN) -> Iterator[str]:
    """Give the lines of a name and what it means, beside it where there is room."""
    lead = f"{_INDENT}{name}"
    if width < column + _ROOM:
        column = len(_INDENT) * 3
    told = textwrap.wrap(meaning, max(width - column, _ROOM), break_on_hyphens=False)
    if len(lead) >= column - 1:
        yield lead
    else:
        yield f"{lead.ljust(column)}{told.pop(0)}" if told else lead
    for line in told:
        yield f"{'':{column}}{line}"


def _names(option: Parameter) -> str:
    """Return an option as the help writes it: `-c, --compose-file FILE`."""
    names = ", ".join(sorted(option.names, key=len))
    if not any(len(name) == len("-x") for name in option.names):
        names = f"    {names}"
    return f"{names} {option.value}" if option.takes_value else names


def meaning_of(option: Parameter) -> str:
    """Return what an option means, with what is taken where nothing is said."""
    default = shown_default(option)
    return f"{option.meaning} [{default}]" if default else option.meaning


def shown_default(option: Parameter) -> str:
    """Return what is taken where nothing is said, or nothing where that says nothing."""
    return "" if option.default in (None, False, "", 0) else str(option.default)


def _paragraphs(text: str, width: int) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield from _wrapped(paragraph, width)
        yield ""


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def named(group: Group, path: str) -> Verb | Group | None:
    """Return the verb or group of a name such as `sweep rules`, None where there is none.

    A group that is a verb itself is that verb; its own text says what else there is.
    """
    found = group.at(path.split())
    return found.itself or found if isinstance(found, Group) else found
