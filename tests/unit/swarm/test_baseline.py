"""A baseline survives its file, and what is no baseline is refused."""

import json

import pytest
from rollouts import baseline, service, task

from ccci.errors import UsageError
from ccci.swarm.baseline import from_document, to_document


def test_a_baseline_read_back_judges_like_the_one_that_was_saved() -> None:
    before = baseline(
        service("one", task("a1"), update="completed", iteration=3),
        service("two", name="db", previous=service("one").spec),
    )
    again = from_document(json.loads(json.dumps(to_document(before))))
    assert to_document(again) == to_document(before)
    assert again.of("id-app") is not None
    assert again.of("nobody") is None


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"schema": "other"},
        {"schema": "ccci.baseline/1", "stack": "x", "at": "t", "services": [{}]},
        {"schema": "ccci.baseline/1", "stack": "x", "at": "t", "services": 3},
    ],
)
def test_what_is_no_baseline_is_refused(document: object) -> None:
    with pytest.raises(UsageError, match="not a baseline"):
        from_document(document)
