"""What a command line asks for, and what is said of one that cannot be meant."""

import json
from pathlib import Path

import pytest
from support.command_line import invoke
from support.recipes.repositories import commit, make_repository

from ccci.commandline.declared import Group, Verb
from ccci.commandline.reading import asked, taken_apart
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM
from ccci.errors import UsageError

ALL = (*EVERYWHERE, *ALONE)


def read(line: str, **environ: str) -> dict[str, object]:
    """Return what a line asks for that is not as it would be without a word."""
    words = taken_apart(PROGRAM, ALL, line.split())
    assert words.verb is not None
    found = asked(words.verb.parameters, words, environ, {}).values
    defaults = {each.name: each.default for each in words.verb.parameters}
    return {name: value for name, value in found.items() if value != defaults[name]}


def refusal(line: str, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(line, **environ)
    return f"{caught.value.message}. {caught.value.hint}"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("upgrade shop --head x", {"recipe": "shop", "head": "x"}),
        ("upgrade --head=x shop", {"recipe": "shop", "head": "x"}),
        ("upgrade shop --head= --keep", {"recipe": "shop", "head": "", "keep": True}),
        ("upgrade shop --env A=1 --env=B=2", {"recipe": "shop", "env": ["A=1", "B=2"]}),
        ("upgrade shop --soak 5s --soak 6s", {"recipe": "shop", "soak": "6s"}),
        ("upgrade shop --domain=-x", {"recipe": "shop", "domain": "-x"}),
        ("converge s -- docker -H x", {"stack": "s", "command": ["docker", "-H", "x"]}),
        ("converge s docker ps", {"stack": "s", "command": ["docker", "ps"]}),
        ("converge s -- a -- b", {"stack": "s", "command": ["a", "--", "b"]}),
        ("teardown -- -odd", {"target": "-odd"}),
        ("sweep rollback-policy -cx -c=y -c -", {"compose": ["x", "y", "-"]}),
        ("runs --limit 3", {"limit": 3}),
        ("runs --limit 3 shop", {"limit": 3, "target": "shop"}),
        ("runs shop --limit=3", {"limit": 3, "target": "shop"}),
        ("runs bundle x", {"run": "x"}),
        ("sweep --list-rules", {}),
        ("sweep rules ccci001", {"rule": "ccci001"}),
    ],
)
def test_options_stand_in_any_order_and_form(line: str, meant: dict[str, object]) -> None:
    assert read(line) == meant


def test_flags_of_one_letter_stand_together() -> None:
    words = taken_apart(PROGRAM, ALL, ["-vvq", "runs", "-v", "--json"])
    found = asked(ALL, words, {}, {}).values
    assert (found["verbose"], found["quiet"], found["json"]) == (3, 1, True)


@pytest.mark.parametrize(
    ("line", "environ", "meant"),
    [
        ("runs", {"CCCI_RUNS_LIMIT": "7"}, {"limit": 7}),
        ("runs --limit 2", {"CCCI_RUNS_LIMIT": "7"}, {"limit": 2}),
        ("runs", {"PLUGIN_LIMIT": "8", "CCCI_RUNS_LIMIT": "7"}, {"limit": 7}),
        ("runs", {"PLUGIN_LIMIT": "8", "CCCI_LIMIT": "7"}, {"limit": 8}),
        ("upgrade s", {"CCCI_HEAD": "", "DRONE_COMMIT_SHA": "a"}, {"recipe": "s", "head": "a"}),
        ("upgrade s", {"CCCI_KEEP": "false", "PLUGIN_KEEP": "true"}, {"recipe": "s"}),
        ("upgrade s", {"PLUGIN_ENV": '{"A": 1}'}, {"recipe": "s", "env": ["A=1"]}),
        ("upgrade s --env B=2", {"CCCI_ENV": "A=1"}, {"recipe": "s", "env": ["B=2"]}),
        ("upgrade", {"CI_REPO_NAME": "shop"}, {"recipe": "shop"}),
    ],
)
def test_a_variable_stands_for_an_option(
    line: str, environ: dict[str, str], meant: dict[str, object]
) -> None:
    assert read(line, **environ) == meant


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("upgarde x", "no command 'upgarde'; did you mean upgrade?"),
        ("sweep rule", "ccci sweep has no command 'rule'; did you mean rules?"),
        ("upgrade x --haed y", "no option --haed; did you mean --head?"),
        ("upgrade x -z", "ccci upgrade has no option -z"),
        ("upgrade x --head", "--head is missing its value. give it as --head REF"),
        ("upgrade x --domain -x", "begins with a dash as --domain=-"),
        ("upgrade x --head --keep", "--head is missing its value"),
        ("upgrade x --keep=no", "--keep takes no value"),
        ("--head x upgrade", "ccci has no option --head. the options of a command stand behind"),
        ("upgrade --head x", "RECIPE is missing. ccci upgrade RECIPE --head REF"),
        ("upgrade a b --head x", "ccci upgrade takes no 'b'"),
        ("converge -- docker ps", "STACK comes before `--`. ccci converge STACK"),
        ("upgrade x --deployer abar", "--deployer 'abar' is none of auto, abra, stack; did you "),
        ("runs --limit 0", "--limit 0 is too small"),
        ("runs --limit many", "--limit 'many' is no whole number"),
        ("schema raport", "NAME 'raport' is none of report"),
        ("runs --limit 3 bundle", "ccci runs bundle has no option --limit"),
        ("runs --verdict rolledback", "did you mean rolled-back?"),
        ("converge s --service", "--service SERVICE"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_the_words_of_the_documentation(
    line: str, said: str
) -> None:
    assert said in refusal(line)


@pytest.mark.parametrize(
    ("line", "environ", "said"),
    [
        ("runs", {"CCCI_RUNS_LIMIT": "many"}, "CCCI_RUNS_LIMIT: --limit 'many' is no whole number"),
        ("upgrade s --head x", {"PLUGIN_KEEP": "maybe"}, "PLUGIN_KEEP: --keep is on or off"),
        ("upgrade s --head x", {"CCCI_DEPLOYER": "x"}, "CCCI_DEPLOYER: --deployer 'x' is none of"),
    ],
)
def test_a_variable_that_is_wrong_is_named(line: str, environ: dict[str, str], said: str) -> None:
    assert said in refusal(line, **environ)


def test_a_file_of_settings_is_heeded_where_neither_the_line_nor_a_variable_says_it() -> None:
    files = {"soak": "7s", "keep": True, "env": ["A=1", "B=2"]}

    def found(line: str, **environ: str) -> tuple[object, ...]:
        words = taken_apart(PROGRAM, ALL, f"upgrade shop --head x {line}".split())
        assert words.verb is not None
        told = asked(words.verb.parameters, words, environ, files)
        return (*(told.values[name] for name in files), dict(told.sources).get("soak"))

    assert found("") == ("7s", True, ["A=1", "B=2"], "file")
    assert found("", CCCI_SOAK="8s") == ("8s", True, ["A=1", "B=2"], "CCCI_SOAK")
    assert found("--soak 9s --env C=3") == ("9s", True, ["C=3"], None)


def test_a_value_that_the_verb_refuses_is_named_by_its_variable() -> None:
    result = invoke("converge", "shop", env={"CCCI_TIMEOUT": "abc"})
    assert result.exit_code == 2
    assert "(--timeout is set by CCCI_TIMEOUT)" in result.stderr
    assert "CCCI_TIMEOUT" not in invoke("converge", "shop", "--timeout", "abc").stderr


@pytest.mark.parametrize("words", [(), ("sweep",), ("sandbox",), ("-v",)])
def test_whatever_misses_a_command_ends_alike(words: tuple[str, ...]) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: ccci ")
    assert "A command is missing" in result.stderr


@pytest.mark.parametrize(
    "words", [("upgarde",), ("upgrade",), ("upgrade", "s", "--haed"), (), ("runs", "--limit", "x")]
)
def test_one_document_tells_why_a_command_line_is_refused(words: tuple[str, ...]) -> None:
    result = invoke("--json", *words)
    document = json.loads(result.stdout)
    assert (document["verdict"], document["exit_code"], result.exit_code) == ("usage", 2, 2)
    assert f"USAGE: {document['summary']} (exit 2)\n" in result.stderr
    assert f"  next     {document['hint']}\n" in result.stderr or not document["hint"]
    assert "refused" not in document["summary"]


@pytest.mark.parametrize("sweep", ["rollback-policy", "upgrade"])
def test_two_forms_of_one_output_are_refused(sweep: str) -> None:
    said = invoke("--json", "sweep", sweep, ".", "--format", "sarif")
    assert said.exit_code == 2
    assert "--json and --format sarif are two forms of one output" in said.stderr


@pytest.mark.parametrize("output_format", ["markdown", "text"])
def test_a_plan_in_two_forms_is_refused_before_anything_is_asked(output_format: str) -> None:
    words = ("plan", "shop", "--format", output_format, "--", "docker", "stack", "ls")
    said = invoke("--json", *words)
    assert said.exit_code == 2
    assert f"--json and --format {output_format} are two forms of one output" in said.stderr


@pytest.mark.parametrize("other", [("--format", "sarif"), ("--format", "json"), ("--fix",)])
def test_counts_in_another_form_are_refused(other: tuple[str, ...]) -> None:
    said = invoke("sweep", "rollback-policy", ".", "--statistics", *other)
    assert said.exit_code == 2
    assert f"--statistics and {' '.join(other)} are two forms of one output" in said.stderr
    said = invoke("--json", "sweep", "rollback-policy", ".", "--statistics")
    assert said.exit_code == 2
    assert "--statistics and --json are two forms of one output" in said.stderr


@pytest.mark.slow
def test_the_branch_that_is_checked_out_is_offered_as_the_head(tmp_path: Path) -> None:
    shop = make_repository(tmp_path / "shop")
    head = commit(shop, {"compose.yml": "services: {app: {image: x}}"})
    branch = (shop / ".git" / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")
    result = invoke("upgrade", str(shop))
    assert result.exit_code == 2
    assert f"--head is missing: this branch is {branch} ({head[:7]})" in result.stderr
    assert f"  next     --head {branch}" in result.stderr
    (shop / ".git" / "HEAD").write_text(f"{head}\n")
    assert f"  next     --head {head[:7]}" in invoke("upgrade", str(shop)).stderr


def test_every_group_has_members_and_every_alias_leads_to_one() -> None:
    def check(group: Group) -> None:
        assert group.members
        assert set(group.aliases.values()) <= set(group.members)
        for each in group.members.values():
            if not isinstance(each, Verb):
                check(each)

    check(PROGRAM)
