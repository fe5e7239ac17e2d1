"""Each example of the page about Python runs as it stands there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.python_page import examples

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
    "Replay a trace 3": " rolled-back\n",
    "Read a report 4": "app oom-killed killed\n",
    "Sweep 5": " CCCI001 ",
    "Read compose files as docker does 6": "app app:1.0 4\n",
}


@pytest.mark.parametrize("name", examples())
def test_an_example_runs(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(examples()[name], str(here / name), "exec"), {})  # noqa: S102 -- the page's own
    assert SAID.get(name, "") in capsys.readouterr().out


def test_the_examples_that_need_a_swarm_can_be_read() -> None:
    for code in (*examples("swarm").values(), *examples("pytest").values()):
        compile(code, "example", "exec")
    assert (len(examples("swarm")), len(examples("pytest"))) == (1, 1)


@pytest.mark.slow
def test_importing_ccci_imports_nothing_else() -> None:
    code = "import sys; old = set(sys.modules); import ccci; print(sorted(set(sys.modules) - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['ccci']"
