"""Each example of the page about Python runs as it stands there."""

import ast
import json
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from support.engine.server import recorded
from support.python_page import PAGE, examples

from ccci.exits import Verdict
from ccci.report.model import Report, ServiceReport, document
from ccci.swarm.model import Cause, CauseCode

RECORDING = Path(__file__).parents[1] / "recordings" / "rollouts" / "oom.jsonl"
COMPOSE = """\
version: "3.8"
services:
  app:
    image: "app:${TAG}"
    deploy:
      update_config: {failure_action: rollback, order: start-first}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder that holds what the examples read."""
    shutil.copyfile(RECORDING, tmp_path / "trace.jsonl")
    for name in ("services", "tasks", "nodes"):
        (tmp_path / f"{name}.json").write_text(json.dumps(recorded(name)))
    (tmp_path / "compose.yml").write_text(COMPOSE)
    (tmp_path / "recipes" / "app").mkdir(parents=True)
    shutil.copyfile(tmp_path / "compose.yml", tmp_path / "recipes" / "app" / "compose.yml")
    cause = Cause(CauseCode.OOM_KILLED, "killed", "more memory")
    service = ServiceReport("app", "id", Verdict.ROLLED_BACK, cause=cause)
    report = Report("upgrade", Verdict.ROLLED_BACK, "s", services=(service,))
    (tmp_path / "report.json").write_text(json.dumps(document(report)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


SAID = {
    "Judge observations 1": "rolled-back\n",
    "Decode a dump 2": "app soaking None\n",
    "Follow a stack in a test 3": "COMMAND exited with 1",
    "Replay a trace 4": " rolled-back\n",
    "Read a report 5": "app oom-killed killed\n",
    "Sweep 6": " CCCI001 ",
    "Sweep with rules of one's own 7": "compose.yml 5 CCCIX01 nothing bounds its memory\n",
    "Read compose files as docker does 8": "app app:1.0 4\n",
}


@pytest.mark.parametrize("name", examples())
def test_an_example_runs(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(examples()[name], str(here / name), "exec"), {})  # noqa: S102 -- the page's own
    assert SAID.get(name, "") in capsys.readouterr().out


def test_the_examples_that_need_a_swarm_can_be_read() -> None:
    for code in (*examples("swarm").values(), *examples("pytest").values()):
        compile(code, "example", "exec")
    assert (len(examples("swarm")), len(examples("pytest"))) == (1, 1)


def imported(line: str) -> set[str]:
    """Return the modules of ccci that are imported by a line of Python."""
    code = f"import sys; {line}; print(*(each for each in sys.modules if each[:4] == 'ccci'))"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


@pytest.mark.slow
def test_importing_ccci_imports_nothing_else() -> None:
    code = "import sys; old = set(sys.modules); import ccci; print(sorted(set(sys.modules) - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['ccci']"


OFFERED = {
    "ccci.swarm": {
        *("Baseline", "Cause", "CauseCode", "Engine", "FakeCommand", "FakeWatch", "Judgement"),
        *("Observation", "Policy", "Rollout", "Trace", "Verdict", "Watch", "Watching", "advance"),
        *("begin", "beginning", "ending", "observation", "observations", "observe", "replay"),
        "take",
    },
    "ccci.steps.follow": {"Options", "Outcome", "follow", "take_baseline"},
    "ccci.report": {"Report", "ServiceReport", "document", "read"},
    "ccci.sweep": {
        *("RULES", "Choice", "ComposeSet", "Finding", "Hit", "Rule", "Settings", "Severity"),
        *("Subject", "Sweep", "find", "merged", "sweep"),
    },
    "ccci.compose": {
        *("Fault", "Ignore", "Loaded", "Loader", "Mount", "Named", "Place", "Port", "Sections"),
        *("Service", "Source", "answered_by", "open_source"),
    },
    "ccci.sandbox": {"Sandbox", "down", "up"},
}
"""What other programs may rely on: a name that goes from here goes with a release that says so."""

LAZY = ("ccci.swarm", "ccci.report", "ccci.sweep", "ccci.sandbox")


@pytest.mark.parametrize("package", OFFERED)
def test_what_a_package_offers_is_what_was_promised(package: str) -> None:
    module = import_module(package)
    assert set(module.__all__) == OFFERED[package]
    assert len(module.__all__) == len(OFFERED[package])
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_see_the_same_names_from_the_same_places(package: str) -> None:
    module = import_module(package)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    (checked,) = (each for each in tree.body if isinstance(each, ast.If))
    told = {
        alias.name: each.module
        for each in checked.body
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    }
    assert set(told) == OFFERED[package] == set(dir(module))
    for name, home in told.items():
        assert getattr(module, name) is getattr(import_module(str(home)), name)


@pytest.mark.slow
@pytest.mark.parametrize("package", LAZY)
def test_a_package_imports_what_it_offers_only_once_it_is_asked_for(package: str) -> None:
    assert imported(f"import {package}") == {"ccci", "ccci.lazily", package}


def test_a_package_says_which_name_it_has_not() -> None:
    with pytest.raises(AttributeError, match=r"module 'ccci.swarm' has no attribute 'nonsense'"):
        import_module("ccci.swarm").nonsense  # noqa: B018 -- asked for


def test_the_page_names_what_is_offered_and_nothing_else() -> None:
    rows = re.findall(
        r"^\| `(ccci\.[a-z.]+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {package: set(re.findall(r"`(\w+)`", names)) for package, names in rows}
    told["ccci.sandbox"] -= {"fixtures", "image"}  # modules
    assert told == OFFERED
