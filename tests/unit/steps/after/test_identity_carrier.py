"""Which service names the commit is told by the commit's own files, not by what is left over."""

from ccci.exits import Verdict
from ccci.steps.after import identity
from ccci.swarm.model import Identity, Service, Spec


def service(name: str, commit: str | None) -> Service:
    spec = Spec("w", "t", "", identity=Identity(None, "x", commit))
    return Service(f"id-{name}", name, f"s_{name}", 1, spec)


def test_an_heir_without_a_label_is_told_as_renamed() -> None:
    heir = service("cms", None)
    assert identity._is_renamed(heir, {"app"})
    assert not identity._is_renamed(service("cms", "7ae7b0f7"), {"app"})
    assert not identity._is_renamed(heir, {"db"})
    found = identity._without_carrier("s", "cms", [heir], {"app"})
    assert found.verdict is Verdict.WRONG_IDENTITY
    assert "has no service app any more (it has cms)" in found.summary
    assert "--prune" in found.hint


def test_a_carrier_that_is_gone_is_named_with_what_is_still_there() -> None:
    found = identity._without_carrier("s", "web", [service("b", None), service("a", None)], ())
    assert found.verdict is Verdict.WRONG_IDENTITY
    assert found.summary == ("web, which carries the commit, is not in s any more (there is a, b)")
    assert "deploy it again" in found.hint
