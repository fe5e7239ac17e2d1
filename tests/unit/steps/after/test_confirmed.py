"""What one look after a rollout lacks, or tells of an earlier time, is asked for again."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.sandbox.rollouts import look, service, task

from ccci.errors import EngineError
from ccci.steps.after import confirmed
from ccci.swarm.model import Observation

WEB = service("head", task("b1", template="head", since=99.0), version=5)
LAST = look(9, WEB)
EMPTY = look(10)
OLDER = look(10, replace(WEB, version=4))
WITHOUT_TASKS = look(10, replace(WEB, tasks=()))
AGAIN = look(11, WEB)


def looked(
    answers: Sequence[Observation | EngineError],
    monkeypatch: pytest.MonkeyPatch,
    last: Observation | None = LAST,
) -> confirmed.Confirmed:
    rest = list(answers)

    def observe() -> Observation:
        said = rest.pop(0)
        if isinstance(said, EngineError):
            raise said
        return said

    monkeypatch.setattr(confirmed, "AGAIN_AFTER", 0.0)
    found = confirmed.look(observe, last, {WEB.name})
    assert rest == []
    return found


def test_a_look_that_can_be_true_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked([AGAIN], monkeypatch) == confirmed.Confirmed(AGAIN)
    assert looked([EMPTY], monkeypatch, last=None) == confirmed.Confirmed(EMPTY)


@pytest.mark.parametrize("odd", [EMPTY, OLDER, WITHOUT_TASKS, EngineError(0, "no sense")])
def test_one_look_that_cannot_be_true_is_not_believed(
    odd: Observation | EngineError, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked([odd, AGAIN], monkeypatch).seen is AGAIN
    assert looked([odd, odd, AGAIN], monkeypatch).seen is AGAIN


def test_what_each_look_lacks_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked([EMPTY] * 3, monkeypatch).gone == (WEB.name,)
    with pytest.raises(IndexError):
        looked([EMPTY] * 2, monkeypatch)


@pytest.mark.parametrize(
    ("odd", "why"), [(OLDER, "has version 4"), (WITHOUT_TASKS, "has no task 1")]
)
def test_answers_that_never_can_be_true_are_an_error(
    odd: Observation, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match=f"cannot be believed: .*{why}"):
        looked([odd] * 3, monkeypatch)


def test_a_service_that_the_commit_has_not_may_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    old = replace(WEB, id="other", name="old")
    assert looked([AGAIN], monkeypatch, look(9, WEB, old)).seen is AGAIN
