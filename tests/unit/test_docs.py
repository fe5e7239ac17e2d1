import re
from pathlib import Path

import pytest

from ccci import settings
from ccci.actions.schemas import SCHEMAS, schema_of
from ccci.commandline.words import WORDS
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM
from ccci.exits import INTERRUPTED_EXITS, UNREAD_EXIT, Verdict
from ccci.swarm.identity import Mismatch
from ccci.swarm.judge.phrases import PHASES
from ccci.swarm.model import CauseCode, Phase
from ccci.sweep.rules import EVERY_RULE
from docs import generate

ROOT = Path(__file__).parents[2]
HAND_WRITTEN = (
    "index.md",
    "tutorial/first-rollout.md",
    "how-to/run-in-ci.md",
    "how-to/test-an-upgrade.md",
    "how-to/read-a-failed-report.md",
    "how-to/look-back-at-runs.md",
    "how-to/debug-a-stuck-rollout.md",
    "explanation/how-a-rollout-is-judged.md",
    "explanation/architecture.md",
    "explanation/pitfalls.md",
    "explanation/swarm.md",
    "reference/report.md",
    "reference/python.md",
)
DOCUMENTS = {
    "report": "reference/report.md",
    "sweep": "reference/sweep.md",
    "runs": "reference/report.md",
    "trace": "reference/trace.md",
    **{f"{name}: all": "reference/documents.md" for name in SCHEMAS},
}
"""The documents whose keys a page tells; those of all of them are listed on one."""
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md"))
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert page(name) == generate.text_of(name), "run `make docs`"


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_the_pages_written_by_hand_are_there(name: str) -> None:
    assert page(name).startswith("# ")


def commands() -> dict[str, set[str]]:
    """Return each command with its own options, from their declarations."""
    return {
        f"ccci {path}": {each.title for each in verb.load(path).options}
        for path, verb in PROGRAM.verbs()
    }


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help_and_a_section_with_each_of_its_options(command: str) -> None:
    text = page("reference/cli.md")
    section = re.search(rf"^## {command}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    prose = re.sub(r"```.*?```", "", section[1], flags=re.DOTALL).strip()
    assert prose
    assert not prose.startswith("|")
    assert {option for option in commands()[command] if f"`{option}`" not in section[1]} == set()


def test_every_option_says_what_it_does() -> None:
    rows = re.findall(r"^\| (`-.*?) \| (.*?) \|", page("reference/cli.md"), re.MULTILINE)
    assert [option for option, meaning in rows if not meaning.strip()] == []


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_documented_with_its_exit_code(verdict: Verdict) -> None:
    row = re.search(
        rf"^\| `{verdict.value}` \| (.*?) \|", page("reference/exit-codes.md"), re.MULTILINE
    )
    assert row is not None
    assert str(verdict.exit_code) in row[1].split(", ")


@pytest.mark.parametrize("cause", CauseCode)
def test_every_cause_is_documented_with_a_next_step(cause: CauseCode) -> None:
    row = re.search(
        rf"^\| `{cause.value}` \| (.+?) \| (.+?) \|", page("reference/causes.md"), re.MULTILINE
    )
    assert row is not None


@pytest.mark.parametrize("mismatch", Mismatch)
def test_every_mismatch_is_documented(mismatch: Mismatch) -> None:
    assert f"| `{mismatch.value}` |" in page("reference/identity.md")


def test_every_phase_that_a_service_can_be_in_is_told() -> None:
    assert set(PHASES) == set(Phase)


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    near = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in near if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_that_a_page_calls_exist(path: Path) -> None:
    called = re.findall(r"(?:`|\$ )ccci ([a-z][a-z-]*)", path.read_text(encoding="utf-8"))
    assert set(called) - {name.split()[1] for name in commands()} == set()


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_tests_that_a_page_calls_as_witness_exist(path: Path) -> None:
    witnesses = set(re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8")))
    defined = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert witnesses - defined == set()


def test_every_pitfall_has_a_row_with_a_witness_that_exists_or_says_that_it_is_not_ours() -> None:
    text = page("explanation/pitfalls.md")
    rows = re.findall(r"^\| (\d+b?) \| .* \| (.*) \| (.*) \|$", text, re.MULTILINE)
    numbers = [str(each) for each in (*range(1, 32), *range(41, 59))]
    numbers.insert(numbers.index("54"), "53b")
    assert [number for number, _, _ in rows] == numbers
    for number, done, witnesses in rows:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", witnesses)
        assert named or "**not ours**" in done, number
        for path, name in named:
            code = (ROOT / "tests" / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", code, re.MULTILINE), (number, path, name)


def test_the_readme_names_every_command_and_every_exit_code() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    verbs = {name.split()[1] for name in commands()}
    assert {verb for verb in verbs if f"`ccci {verb}" not in text} == set()
    rows = re.findall(r"^\| ([\d, ]+) \| (.*) \|$", text, re.MULTILINE)
    named = {(code, word) for codes, words in rows for code in codes.split(", ")
             for word in re.findall(r"`([a-z-]+)`", words)}  # fmt: skip
    assert {(str(each.exit_code), each.value) for each in Verdict} - named == set()


@pytest.mark.parametrize(("name", "where"), DOCUMENTS.items())
def test_every_json_key_of_a_document_is_documented(name: str, where: str) -> None:
    made = schema_of(name.removesuffix(": all"))
    objects = [made, *made["$defs"].values()]
    keys = {key for each in objects for key in each.get("properties", ())}
    text = page(where)
    assert {key for key in keys if not re.search(rf"[`\"]{key}(\[\])?[`\"]", text)} == set()


def test_every_page_can_be_reached_from_the_first() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "index.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        links = re.findall(r"\]\(([^)#\s:]+\.md)", path.read_text(encoding="utf-8"))
        waiting += [(path.parent / link).resolve() for link in links]
    assert {str(path.relative_to(ROOT)) for path in PAGES if path not in seen} == set()


def anchors(path: Path) -> set[str]:
    """Return what a link may name in a page, as GitHub and Forgejo make it of headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_place_in_a_page_that_a_link_names_is_there(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    wrong = []
    for page_, place in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
        target = (path.parent / page_) if page_ else path
        if target.suffix == ".md" and place not in anchors(target):
            wrong.append(f"{page_}#{place}")
    assert wrong == []


VARIABLES = {
    variable
    for command in (*PROGRAM.load(),)
    for each in (*command.parameters, *EVERYWHERE)
    for variable in each.variables
}
OPTIONS = {
    name
    for command in PROGRAM.load()
    for each in (*command.options, *EVERYWHERE, *ALONE)
    for name in each.names
} | {"--list-rules", "--report"}
NO_OPTION = {
    "CCCI_RUNS_DIR": "where runs are recorded",
}


@pytest.mark.parametrize(
    "path",
    [each for each in PROSE if each.name != "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_variables_that_a_page_names_are_settings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:CCCI|PLUGIN)_[A-Z][A-Z_]*[A-Z]\b", text))
    known = VARIABLES | set(NO_OPTION) | set(settings.PLUGIN)
    odd = {each for each in named if each not in known and "TEST" not in each}
    assert odd - {"CCCI_OPTION", "CCCI_OPTIONS"} == set()


@pytest.mark.parametrize(
    "path",
    [each for each in PROSE if each.name != "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_options_that_a_page_gives_to_ccci_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = re.findall(r"(?:`|^(?:\$ |exec |- )?)ccci ([^`\n]*)", text, re.MULTILINE)
    given = {
        word
        for line in lines
        for word in re.findall(r"(?<!\S)(--[a-z][a-z-]+)", line.split(" -- ")[0])
    }
    assert given - OPTIONS == set()


def test_every_variable_is_in_the_reference() -> None:
    text = page("reference/cli.md")
    assert {each for each in VARIABLES if f"`{each}`" not in text} == set()


@pytest.mark.parametrize("rule", [each.id for each in EVERY_RULE])
def test_every_rule_has_its_place_in_the_reference(rule: str) -> None:
    assert re.search(rf"^#+ .*{rule}|^\| .*{rule}", page("reference/rules.md"), re.MULTILINE)


def test_every_exit_code_is_in_the_reference() -> None:
    text = page("reference/exit-codes.md")
    codes = {each.exit_code for each in Verdict} | set(INTERRUPTED_EXITS) | {UNREAD_EXIT}
    assert {code for code in codes if not re.search(rf"\b{code}\b", text)} == set()


def test_every_word_of_the_help_is_in_the_glossary() -> None:
    text = page("reference/glossary.md")
    assert {
        word for word in WORDS for each in word.split(", ") if f"**{each}**" not in text
    } == set()


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_document_is_told_of_with_a_link_to_its_schema(name: str) -> None:
    pages = [path.read_text(encoding="utf-8") for path in PAGES]
    assert any(f"schemas/{name}.json" in text for text in pages)
