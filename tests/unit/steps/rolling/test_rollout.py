"""A deploy on a watch that plays its looks: what is held against what, and what is kept of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.played import Script
from support.sandbox.rollouts import look, service, task

from ccci.deployers import App, Deployment
from ccci.exits import Verdict
from ccci.steps.before.preparation import BASE, HEAD, Ready
from ccci.steps.follow import Options
from ccci.steps.rolling import rollout
from ccci.steps.rolling.rollout import Rolled, roll
from ccci.steps.workspace import Choices
from ccci.swarm.baseline import named, take
from ccci.swarm.model import Identity, Observation
from ccci.swarm.watching.fake import FakeWatch
from ccci.terminal.output import Output

OLD = service("base", task("a1", template="base"), spec={"identity": Identity("1.0", "i", None)})
BEFORE = replace(look(0, OLD), command=None)
ROLLED = replace(
    look(3, service("head", task("b1"), version=2, previous=OLD.spec, update="completed")),
    command=None,
)


class Impatient:
    """A deployer whose failure of this code and with these words is only impatience."""

    host = "unix:///x"

    def __init__(self, code: int = 0, words: str = "") -> None:
        self._excused = (code, words)

    def excuses(self, code: int, output: str) -> bool:
        return (code, output) == self._excused


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    made = Script()
    monkeypatch.setattr(rollout, "Running", made)
    return made


def rolled(
    folder: Path,
    *looks: Observation,
    deployer: Impatient | None = None,
    recorded: dict[str, str] | None = None,
    masks: tuple[str, ...] = (),
    why: str = HEAD,
) -> tuple[Rolled, FakeWatch]:
    watch = FakeWatch(looks, before=BEFORE)
    known: Any = deployer or Impatient()
    workspace: Any = SimpleNamespace(
        engine=known,
        deployer=known,
        choices=Choices(options=Options(timeout=60.0, soak=2.0)),
        output=Output(verbosity=-1),
        run=SimpleNamespace(path=lambda name: folder / name),
        opens=watch.opened,
    )
    plan: Any = SimpleNamespace(app=App("shop", "shop.test", "stack", folder))
    ready = Ready(Deployment(("deploy",), {}, folder, masks=masks), plan)
    return roll(workspace, ready, why, recorded or {}), watch


def test_a_deploy_is_held_against_what_was_there_before(tmp_path: Path, script: Script) -> None:
    found, watch = rolled(tmp_path, ROLLED)
    assert found.outcome.verdict is Verdict.CONVERGED
    assert found.outcome.command_code == 0
    assert script.started == [("deploy",)]
    assert found.baseline == take("stack", BEFORE)
    assert [each.baseline for each in watch.recorded.begun] == [found.baseline]


def test_a_deploy_that_changes_nothing_is_no_pass(tmp_path: Path) -> None:
    found, _ = rolled(tmp_path, replace(BEFORE, at=1.0))
    assert found.outcome.verdict is Verdict.UNABLE


def test_what_this_run_set_before_has_the_commit_that_it_was_set_with(tmp_path: Path) -> None:
    recorded = {OLD.spec.whole: "abcdef12"}
    found, watch = rolled(tmp_path, ROLLED, recorded=recorded)
    (before,) = found.baseline.services
    assert before.spec.identity.commit == "abcdef12"
    assert watch.recorded.begun[0].baseline == named(take("stack", BEFORE), recorded)


@pytest.mark.parametrize(
    ("deployer", "verdict"),
    [
        (Impatient(1, "out of patience"), Verdict.CONVERGED),
        (Impatient(2, "out of patience"), Verdict.DEPLOY_FAILED),
        (Impatient(), Verdict.DEPLOY_FAILED),
    ],
)
def test_a_deployer_that_fails_is_excused_by_what_it_says_itself_alone(
    tmp_path: Path, script: Script, deployer: Impatient, verdict: Verdict
) -> None:
    script.lines, script.code = ("out of patience",), 1
    found, _ = rolled(tmp_path, ROLLED, deployer=deployer)
    assert found.outcome.verdict is verdict


def test_what_a_deployer_prints_is_kept_without_its_secrets(tmp_path: Path, script: Script) -> None:
    script.lines = ("the password is swordfish",)
    rolled(tmp_path, ROLLED, masks=("swordfish",))
    (line,) = (tmp_path / "deployer.log").read_text().splitlines()
    assert line.startswith("the password is ")
    assert "swordfish" not in line


def test_a_trace_that_cannot_be_written_does_not_silence_the_deployers_log(
    tmp_path: Path, script: Script
) -> None:
    (tmp_path / "trace.jsonl").mkdir()
    script.lines = ("what it printed",)
    found, _ = rolled(tmp_path, ROLLED)
    assert (tmp_path / "deployer.log").read_text() == "what it printed\n"
    (note,) = found.outcome.notes
    assert "trace.jsonl cannot be written" in note


@pytest.mark.parametrize(
    ("why", "brief", "name"), [(BASE, True, "base.trace.jsonl"), (HEAD, False, "trace.jsonl")]
)
def test_only_the_base_is_soaked_briefly_and_each_has_a_trace_of_its_own(
    tmp_path: Path, why: str, name: str, *, brief: bool
) -> None:
    found, _ = rolled(tmp_path, ROLLED, why=why)
    assert found.outcome.rollout.policy.brief is brief
    assert [each.name for each in tmp_path.glob("*trace*")] == [name]
