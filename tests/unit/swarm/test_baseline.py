"""What a baseline knows; it survives its file, and what is no baseline is refused."""

import json

import pytest
from support.sandbox.rollouts import baseline, service, task

from ccci.errors import UsageError
from ccci.swarm.baseline import from_document, named, to_document
from ccci.swarm.model import Identity


def test_a_baseline_read_back_judges_like_the_one_that_was_saved() -> None:
    before = baseline(
        service("one", task("a1"), update="completed", iteration=3),
        service("two", name="db", previous=service("one").spec),
    )
    again = from_document(json.loads(json.dumps(to_document(before))))
    assert again == before
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


def test_a_baseline_of_the_first_release_is_read() -> None:
    """Its specs held no more than what is compared."""
    before = baseline(service("one", task("a1")))
    document = json.loads(json.dumps(to_document(before)))
    kept = ("whole", "template", "endpoint", "mode", "replicas", "identity")
    for each in document["services"]:
        each["spec"] = {key: each["spec"][key] for key in kept}
        for key in ("held", "stays", "failed"):
            del each[key]
    again = from_document(document)
    assert [each.spec.whole for each in again.services] == ["one-whole"]


def test_a_baseline_takes_the_commits_that_its_run_knows_unless_a_label_says_one() -> None:
    nameless = {"identity": Identity("1.0.0+1", "image:one", None)}
    before = baseline(service("one", spec=nameless), service("two", name="db"))
    known = named(before, {"one-whole": "ca030ef6", "two-whole": "ignored"})
    commits = {each.name: each.spec.identity.commit for each in known.services}
    assert commits == {"app": "ca030ef6", "db": "two"}
    assert str(known.services[0].spec.identity) == "ca030ef6 (1.0.0+1)"
    assert named(before, {}) == before
