"""A deploy that is followed keeps what it can of itself, whatever else cannot be written."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.sandbox.rollouts import baseline, fold, look, service, task

from ccci.deployers import App, Deployment
from ccci.deployers.protocol import Deployer
from ccci.exits import Verdict
from ccci.steps import rollout
from ccci.steps.follow import Options, Outcome
from ccci.swarm.engine.client import Engine
from ccci.terminal.output import Output


def test_a_trace_that_cannot_be_written_does_not_silence_the_deployers_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = look(1, service("x", task("a1")))
    watch = SimpleNamespace(look=lambda: seen)

    def follow(*_: Any, start: Any, **__: Any) -> Outcome:
        start()
        return Outcome(Verdict.CONVERGED, "s", fold(None, [seen]))

    monkeypatch.setattr(rollout, "Watch", lambda *_, **__: nullcontext(watch))
    monkeypatch.setattr(rollout, "named", lambda *_: baseline())
    monkeypatch.setattr(rollout, "Running", lambda *_, lines, **__: lines("what it printed"))
    monkeypatch.setattr(rollout, "follow", follow)
    (tmp_path / "trace.jsonl").mkdir()
    log = tmp_path / "deployer.log"
    rolled = rollout.roll(
        cast("Engine", SimpleNamespace(host="unix:///x")),
        cast("Deployer", SimpleNamespace(excuses=None)),
        App("shop", "shop.test", "shop", tmp_path),
        Deployment(("deploy",), {}, tmp_path),
        Options(),
        Output(),
        log,
        tmp_path / "trace.jsonl",
        {},
    )
    assert log.read_text() == "what it printed\n"
    (note,) = rolled.outcome.notes
    assert "trace.jsonl cannot be written" in note
