import ast
import re
from pathlib import Path

import pytest
import typer

from ccci.cli import app
from ccci.exits import Verdict
from ccci.report import (
    IdentityReport,
    Report,
    RolledBack,
    RunningTask,
    ServiceReport,
    Status,
    Step,
    TaskReport,
    document,
)
from ccci.swarm.axes import PHASES
from ccci.swarm.identity import Mismatch
from ccci.swarm.model import Cause, CauseCode, Identity, Transition
from docs import generate

ROOT = Path(__file__).parents[2]
HAND_WRITTEN = (
    "index.md",
    "tutorial/first-rollout.md",
    "how-to/run-in-ci.md",
    "how-to/test-an-upgrade.md",
    "how-to/read-a-failed-report.md",
    "how-to/debug-a-stuck-rollout.md",
    "explanation/how-a-rollout-is-judged.md",
    "explanation/architecture.md",
    "explanation/pitfalls.md",
    "explanation/swarm.md",
    "reference/report.md",
)
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
    """Return each command with its own options, from Typer itself."""
    found: dict[str, set[str]] = {}

    def collect(command: object, name: str) -> None:
        for word, inner in getattr(command, "commands", {}).items():
            collect(inner, f"{name} {word}")
        if not hasattr(command, "commands"):
            options = [each for each in getattr(command, "params", []) if each.opts]
            found[name] = {opt for each in options for opt in each.opts if opt.startswith("--")} - {
                "--help"
            }

    collect(typer.main.get_command(app), "ccci")
    return found


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


def test_every_phase_that_the_judge_says_is_documented() -> None:
    said: set[str] = set()
    for name in ("judge", "steadiness"):
        tree = ast.parse((ROOT / "ccci" / "swarm" / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                words = [each.value for each in node.args[1:2] if isinstance(each, ast.Constant)]
                said |= {str(word) for word in words}
    assert said
    assert said <= set(PHASES)


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


def test_every_json_key_of_a_report_is_documented() -> None:
    service = ServiceReport(
        "app", "id", Verdict.FAILED,
        cause=Cause(CauseCode.UNKNOWN, "", ""),
        rolled_back=RolledBack(None, None, None),
        transitions=(Transition("", ""),),
        tasks=(TaskReport("", "", "", "", "", "", None, True, None, None),),
    )  # fmt: skip
    identity = IdentityReport(
        None, Identity(None, None, None), None, (RunningTask("", "", "", "", ""),)
    )
    made = Report(
        "verb",
        Verdict.FAILED,
        "",
        services=(service,),
        identity=identity,
        steps=(Step("", Status.PASSED, 0.0),),
    )

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for inner in value.values() for key in keys(inner)}
        return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()

    text = page("reference/report.md")
    assert {key for key in keys(document(made)) if not re.search(rf"`{key}(\[\])?`", text)} == set()


def test_every_json_key_that_one_command_adds_is_documented() -> None:
    added: set[str] = set()
    for path in (ROOT / "ccci").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "extra":
                dicts = [each for each in ast.walk(node.value) if isinstance(each, ast.Dict)]
                keys = [key for each in dicts for key in each.keys]
                added |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    text = page("reference/report.md")
    assert added
    assert {key for key in added if not re.search(rf"`{key}(\[\])?`", text)} == set()


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
