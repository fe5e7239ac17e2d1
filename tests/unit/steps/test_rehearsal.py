"""What to do after a rehearsal in which Swarm did not roll back."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ccci.exits import Verdict
from ccci.steps.outcome import Outcome
from ccci.steps.rehearsal import way_out
from ccci.swarm.model import UpdatePolicy


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
