"""A timeout label is held against the time that the tasks took to run."""

import pytest
from support.sandbox.rollouts import baseline, fold, look, service, task

from ccci.steps.after.timeout_label import note

LABEL = "coop-cloud.stack.timeout"


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({LABEL: "10"}, True),
        ({LABEL: "60"}, False),
        ({LABEL: "soon"}, False),
        ({"coop-cloud.other.timeout": "10"}, False),
        ({}, False),
    ],
)
def test_a_label_that_is_too_short_is_told(labels: dict[str, str], *, told: bool) -> None:
    slow = service("head", task("b1", template="head", since=0.0), version=2)
    starting = service("head", task("b1", "starting", template="head"), version=2)
    quick = service("head", task("a1", since=0.0), name="db", version=2)
    rollout = fold(baseline(), [look(1, starting, quick), look(31, slow, quick)])
    found = note(labels, "stack", rollout)
    assert len(found) == told
    assert not told or "took 30 s to run, and the timeout label allows 10 s" in found[0]


def test_what_was_never_touched_took_no_time() -> None:
    there = service("base", task("a1", since=99.0))
    assert note({LABEL: "1"}, "stack", fold(baseline(there), [look(1, there)])) == ()
