"""A rehearsal of a rollback on a watch that plays what Swarm does, and what to do after it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.sandbox.rollouts import look, service, task

from ccci.deployers import App
from ccci.exits import Verdict
from ccci.host import docker_cli
from ccci.steps.follow import Options
from ccci.steps.outcome import Outcome
from ccci.steps.rolling.rehearsal import ENTRYPOINT, Rehearsed, rehearse, way_out
from ccci.steps.workspace import Choices, Workspace
from ccci.swarm.model import Observation, Task, UpdatePolicy
from ccci.swarm.watching.fake import FakeCommand, FakeWatch
from ccci.terminal.output import Output

OLD = service("base", task("a1", template="base"))
BEFORE = replace(look(0, OLD), command=None)


def rolled_back(*tasks: Task) -> Observation:
    """Return a look at the service after Swarm put its old revision back, with these tasks."""
    status = service("x", update="rollback_completed").update
    previous = service("head").spec
    changed = replace(OLD, version=3, previous=previous, update=status, tasks=tasks)
    return replace(look(3, changed), command=None)


FAILED = task("b1", "failed", template="head", exit_code=127)
STARTED = replace(
    look(3, service("head", task("b1", template="head"), version=2, update="completed")),
    command=None,
)


def rehearsed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *looks: Observation, code: int = 0
) -> tuple[Rehearsed, FakeWatch, list[tuple[str, ...]]]:
    asked: list[tuple[str, ...]] = []

    def start(words: tuple[str, ...], **_: object) -> FakeCommand:
        asked.append(words)
        return FakeCommand(code, output="no such service" if code else "")

    monkeypatch.setattr(docker_cli, "start", start)
    watch = FakeWatch(looks, before=BEFORE)
    workspace = SimpleNamespace(
        engine=SimpleNamespace(environment=dict),
        output=Output(verbosity=-1),
        run=SimpleNamespace(path=lambda name: folder / name),
        choices=Choices(options=Options(timeout=60.0)),
        opens=watch.opened,
    )
    app = App("shop", "shop.test", "stack", folder)
    found = rehearse(cast("Workspace", workspace), app, "app")
    return found, watch, asked


def test_an_old_revision_that_is_put_back_and_serves_is_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = rolled_back(task("a1", template="base"), FAILED)
    found, watch, asked = rehearsed(tmp_path, monkeypatch, back)
    assert found == Rehearsed()
    assert asked == [
        ("service", "update", "--detach", "--entrypoint", ENTRYPOINT, "stack_app"),
    ]
    (begun,) = watch.recorded.begun
    assert begun.policy.services == {"app"}
    assert begun.baseline is not None
    assert [each.spec for each in begun.baseline.services] == [OLD.spec]


def test_a_revision_that_cannot_start_and_is_not_rolled_back_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _, _ = rehearsed(tmp_path, monkeypatch, STARTED)
    assert "ended as converged, not rolled back" in found.wrong
    assert "failure_action: rollback" in found.hint


def test_an_update_that_is_refused_tells_nothing_of_the_rollback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _, _ = rehearsed(tmp_path, monkeypatch, replace(BEFORE, at=1.0), code=1)
    assert "ended as deploy-failed, not rolled back" in found.wrong
    assert found.hint


@pytest.mark.parametrize(
    "tasks",
    [
        (FAILED,),
        (task("a2", "starting", template="base"), FAILED),
        (task("c1", template="another"), FAILED),
    ],
    ids=["none", "starting", "another"],
)
def test_a_rollback_after_which_the_old_revision_does_not_serve_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tasks: tuple[Task, ...]
) -> None:
    found, _, _ = rehearsed(tmp_path, monkeypatch, rolled_back(*tasks))
    assert "the old revision does not serve again" in found.wrong
    assert "start again by itself" in found.hint


def after(verdict: Verdict, policy: UpdatePolicy | None = None, hint: str = "") -> str:
    service = SimpleNamespace(spec=SimpleNamespace(update=policy or UpdatePolicy()))
    histories = {"id": SimpleNamespace(name="app", service=service)}
    rollout = cast("Any", SimpleNamespace(histories=histories))
    return way_out(Outcome(verdict, "why", rollout, hint=hint), "app")


@pytest.mark.parametrize("verdict", [Verdict.PAUSED, Verdict.UNSTABLE, Verdict.STALLED])
def test_a_policy_that_does_not_roll_back_is_to_be_set(verdict: Verdict) -> None:
    assert after(verdict) == "set `update_config: failure_action: rollback` for app"


def test_a_policy_that_rolls_back_is_not_to_be_set_again() -> None:
    lax = UpdatePolicy(failure_action="rollback", max_failure_ratio=0.5, monitor=1.0)
    told = after(Verdict.UNSTABLE, lax)
    assert "set `update_config" not in told
    assert "lower `max_failure_ratio` (now 0.5) or raise `monitor` (now 1 s)" in told


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.DISTURBED, "while nobody else deploys"),
        (Verdict.REMOVED, "while nobody removes"),
        (Verdict.TIMED_OUT, "--timeout"),
        (Verdict.ROLLBACK_PAUSED, "`rollback_config`"),
        (Verdict.UNABLE, "docker info"),
        (Verdict.DEPLOY_FAILED, "docker service update"),
        (Verdict.INTERRUPTED, "repeat it"),
    ],
)
def test_what_tells_nothing_of_the_policy_sends_nobody_to_it(verdict: Verdict, words: str) -> None:
    told = after(verdict)
    assert words in told
    assert "failure_action: rollback" not in told


def test_what_the_outcome_knows_goes_first() -> None:
    assert after(Verdict.UNABLE, hint="start the daemon") == "start the daemon"
