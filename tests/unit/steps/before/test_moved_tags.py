"""A tag that means another image than the one that runs is told where nothing rolled for it."""

from typing import Any, cast

import pytest
from support.sandbox.rollouts import baseline, look, service, task

from ccci.errors import EngineError
from ccci.exits import Verdict
from ccci.steps.before import moved_tags
from ccci.steps.follow import Options, Outcome, follow
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Identity
from ccci.swarm.watching.fake import FakeCommand, FakeWatch


class Node:
    """A node whose container runs `runs`, and whose images are these."""

    def __init__(self, runs: str | None, **images: dict[str, Any]) -> None:
        self.runs = runs
        self.images = {key.replace("_", ":"): each for key, each in images.items()}

    def container(self, name: str) -> dict[str, Any] | None:
        assert name == "c"
        if self.runs == "no":
            raise EngineError(500, "no")
        return {"Image": self.runs} if self.runs else None

    def image(self, name: str) -> dict[str, Any] | None:
        return self.images.get(name)


def unchanged(image: str = "box:1", *, changed: bool = False) -> Outcome:
    spec = {"identity": Identity(None, image, None)}
    before = service("base", task("a1", since=99.0, container="c"), spec=spec)
    name, revision = ("b1", "head") if changed else ("a1", "base")
    after = service(
        revision,
        task(name, since=99.0, container="c", template=revision),
        spec=spec,
        version=2,
    )
    watch = FakeWatch([look(1, after, command=None)], stack="stack")
    return follow(watch, baseline=baseline(before), options=Options(), start=FakeCommand)


NEW = {"Id": "n", "RepoTags": ["box:1"]}


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (Node("old", box_1=NEW, old={"Id": "o", "RepoTags": []}), True),
        (Node("old", box_1=NEW, old={"Id": "o", "RepoTags": None}), True),
        (Node("n", box_1=NEW, n=NEW), False),
        (Node("manifest", box_1=NEW, manifest={"Id": "m", "RepoTags": ["box:1"]}), False),
        (Node("old", box_1=NEW), False),
        (Node("old", old={"Id": "o"}), False),
        (Node(None, box_1=NEW), False),
        (Node("no", box_1=NEW), False),
    ],
    ids=["moved", "untagged", "same", "two ids", "old is gone", "elsewhere", "remote", "error"],
)
def test_a_tag_that_moved_is_told(node: Node, *, told: bool) -> None:
    outcome = unchanged()
    assert outcome.verdict is Verdict.UNCHANGED
    found = moved_tags.notes(cast("Engine", node), outcome)
    assert len(found) == told
    assert not told or "box:1 is another image by now" in found[0]
    assert not told or "`docker service update --force stack_app`" in found[0]
    gone = moved_tags.notes(cast("Engine", node), outcome, stays=False)
    assert len(gone) == told
    assert not told or gone[0].endswith("roll for it: a tag of its own for each build")


def test_what_rolled_and_what_names_its_digest_is_not_asked_for() -> None:
    moved = cast("Engine", Node("old", box_1=NEW, old={"Id": "o", "RepoTags": []}))
    assert moved_tags.notes(moved, unchanged("box:1@sha256:ab")) == ()
    rolled = unchanged(changed=True)
    assert rolled.verdict is Verdict.CONVERGED
    assert moved_tags.notes(moved, rolled) == ()
