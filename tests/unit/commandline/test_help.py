"""Help that fits, in the words of the documentation, for each verb."""

import re
from collections.abc import Sequence

import pytest
from support.command_line import invoke

from ccci.commandline.declared import Command, Completes, Panel, Parameter
from ccci.commandline.help import of_command
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM

COMMANDS = list(PROGRAM.load())
GROUPS = ("", "sweep", "sandbox")
METAVARS = {
    *("REF", "REF|auto", "TAG", "TAG|auto", "DURATION", "FILE", "FOLDER", "PATH", "PATH|URL"),
    *("KEY=VALUE", "NAME=FILE", "NAME", "STACK", "SERVICE", "DOMAIN", "SERVER", "CODES", "RULE"),
    *("N", "BYTES", "RECIPE", "VERDICT", "WHEN", "FORMAT=FILE"),
}
ROWS, COLUMNS = 24, 80


def by_path(command: Command) -> str:
    return command.path


def words(command: Command, *more: str) -> Sequence[str]:
    return (*command.path.split(), *more)


@pytest.mark.parametrize("command", COMMANDS, ids=by_path)
def test_the_short_help_fits_one_screen(command: Command) -> None:
    result = invoke(*words(command, "-h"), env={"COLUMNS": str(COLUMNS)})
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len(lines) < ROWS  # and the prompt
    assert all(len(line) <= COLUMNS for line in lines)
    assert lines[0].startswith(f"Usage: ccci {command.path}")
    assert f"  {command.examples[0].line}" in lines
    assert f"ccci {command.path} --help" in lines[-1]


@pytest.mark.parametrize("group", GROUPS)
def test_the_short_help_of_a_group_fits_one_screen(group: str) -> None:
    lines = invoke(*group.split(), "-h", env={"COLUMNS": str(COLUMNS)}).stdout.splitlines()
    assert len(lines) < ROWS
    assert all(len(line) <= COLUMNS for line in lines)


@pytest.mark.parametrize("command", COMMANDS, ids=by_path)
def test_the_whole_help_has_each_option_under_its_panel(command: Command) -> None:
    text = invoke(*words(command, "--help")).stdout
    sections = dict(re.findall(r"^([^\n ][^\n]*):\n((?:  .*\n)+)", text, re.MULTILINE))
    for each in command.options:
        assert f" {each.title}" in sections[each.panel.value], each.title
    everywhere = sections["With every command"]
    assert all(each.title in everywhere for each in EVERYWHERE)
    assert all(example.line in sections["Examples"] for example in command.examples)


@pytest.mark.parametrize("command", COMMANDS, ids=by_path)
def test_no_help_speaks_python(command: Command) -> None:
    for form in ("-h", "--help"):
        text = invoke(*words(command, form)).stdout
        assert not re.search(r"<\w+|list\[|\{|None|True|False|\[\]", text)
        assert "CCCI_TIMEOUT" not in text.replace("such as CCCI_TIMEOUT for --timeout", "")


def test_the_main_commands_come_first_under_their_headings() -> None:
    text = invoke("--help", env={"COLUMNS": "80"}).stdout
    headings = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert headings[:2] == ["Examples", "Deploy and judge"]
    assert re.findall(r"^  (\w+)  ", text, re.MULTILINE)[:3] == ["upgrade", "converge", "deploy"]
    assert [path for path, _ in PROGRAM.verbs() if f"  {path} " not in text] == []


def test_the_help_of_a_command_can_be_asked_for_in_three_ways() -> None:
    told = invoke("help", "sweep", "upgrade").stdout
    assert told == invoke("sweep", "upgrade", "--help").stdout
    assert told == invoke("--help", "sweep", "upgrade").stdout
    assert invoke("help").stdout == invoke("--help").stdout
    wrong = invoke("help", "upgarde")
    assert wrong.exit_code == 2
    assert "did you mean `ccci help upgrade`?" in wrong.stderr


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("words", "soak"),
        ("variables", "CCCI_HEAD"),
        ("variables", "upgrade --head, deploy --head"),
        ("exit-codes", "10  rolled-back"),
        ("exit-codes", "130, 143, 129, 131  interrupted"),
    ],
)
def test_a_topic_is_explained(topic: str, said: str) -> None:
    result = invoke("help", topic)
    assert result.exit_code == 0
    assert said in result.stdout
    assert "](" not in result.stdout


def test_every_help_leads_to_the_words() -> None:
    for command in COMMANDS:
        for form in ("-h", "--help"):
            assert "`ccci help words`" in invoke(*words(command, form)).stdout


def test_the_version_is_a_command_as_well() -> None:
    assert invoke("version").stdout == invoke("--version").stdout
    assert re.fullmatch(r"ccci \d+\.\d+\.\d+\n", invoke("version").stdout)


OPTIONS = [
    pytest.param(each, id=f"{path} {each.title}")
    for path, options in (
        *((command.path, command.options) for command in COMMANDS),
        ("", (*EVERYWHERE, *ALONE)),
    )
    for each in options
]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_declared_whole(option: Parameter) -> None:
    assert isinstance(option.panel, Panel)
    assert re.fullmatch(r"[^a-z]?.*[.?]", option.meaning)
    assert bool(option.value) is option.takes_value
    assert not option.takes_value or option.words or option.metavar in METAVARS
    if option.metavar in {"REF", "TAG", "STACK", "SERVICE", "RULE", "FILE", "FOLDER"}:
        assert option.completes is not Completes.NOTHING


@pytest.mark.parametrize("command", COMMANDS, ids=by_path)
def test_a_verb_has_examples_and_few_options_that_are_used_most(command: Command) -> None:
    assert command.examples
    assert len([each for each in command.options if each.short]) <= 8


@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_is_wider_than_there_is_room_for(width: int) -> None:
    for command in COMMANDS:
        for line in of_command(command, EVERYWHERE, width, short=False):
            unbroken = re.fullmatch(r" *(\S+|  +-.*|.*[|=].*)", line) or "ccci" in line
            assert len(line) <= width or unbroken
