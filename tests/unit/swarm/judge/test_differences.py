from dataclasses import replace

import pytest
from support.sandbox.rollouts import spec

from ccci.swarm.judge.differences import differences
from ccci.swarm.model import Spec, UpdatePolicy

BEFORE = spec("one")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (spec("two"), "it was one, it is two"),
        (replace(BEFORE, replicas=3), "its replicas were 1, they are 3"),
        (replace(BEFORE, template="other"), "what its tasks are made of"),
        (replace(BEFORE, endpoint="other"), "its published ports"),
        (replace(BEFORE, update=UpdatePolicy()), "its update policy"),
        (replace(BEFORE, whole="other"), "labels or something else that rolls nothing"),
    ],
)
def test_what_somebody_changed_is_named(after: Spec, words: str) -> None:
    assert words in differences(BEFORE, after)
