"""Which service names the commit is told by the commit's own files, not by what is left over."""

from ccci.exits import Verdict
from ccci.steps import identity
from ccci.swarm.model import Identity, Service, Spec


def service(name: str, commit: str | None) -> Service:
    spec = Spec("w", "t", "", identity=Identity(None, "x", commit))
    return Service(f"id-{name}", name, f"s_{name}", 1, spec)


def test_an_heir_without_a_label_is_told_as_renamed() -> None:
    heir = service("cms", None)
    assert identity._is_renamed(heir, {"app"})
    assert not identity._is_renamed(service("cms", "7ae7b0f7"), {"app"})
    assert not identity._is_renamed(heir, {"db"})
    found = identity._without_carrier("s", [heir], {"app"})
    assert found.verdict is Verdict.WRONG_IDENTITY
    assert "has no service app any more (it has cms)" in found.summary
    assert "--prune" in found.hint


def test_several_services_and_none_that_carries_the_commit_are_named() -> None:
    found = identity._without_carrier("s", [service("b", None), service("a", None)], ())
    assert "this commit has a, b" in found.summary
    assert "--app-service" in found.hint
