"""`ccci plan` as it prints a plan: for people, for scripts, for a pull request."""

import json
from collections.abc import Callable

import pytest
from support.documents import checked

from ccci import cli
from ccci.actions import plan as action
from ccci.exits import Verdict
from ccci.planning.fate import Fate
from ccci.planning.model import Plan, ServicePlan

PLAN = Plan(
    "shop",
    Verdict.DEPLOY_FAILED,
    "the Engine would refuse web: no",
    hint="mend s3cret-word",
    services=(ServicePlan("web", Fate.REFUSED, "box:1", refusal="no"),),
)


@pytest.mark.parametrize("words", [(), ("--format", "markdown"), ("--format", "json"), ("--json",)])
def test_a_plan_is_printed_in_each_format(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def planned(
        request: action.Request, *, keep_secret: Callable[[list[str]], None], **_: object
    ) -> Plan:
        assert request.stack == "shop"
        keep_secret(["s3cret-word"])
        return PLAN

    monkeypatch.setattr(action, "plan", planned)
    with pytest.raises(SystemExit) as stop:
        cli.run(["plan", "shop", *words, "--", "docker", "stack", "ls"])
    assert stop.value.code == 4
    told = capsys.readouterr().out
    assert "s3cret-word" not in told
    if not words:
        assert told.startswith("! web: refused box:1\n")
    elif "markdown" in words:
        assert told.startswith("### ❌ Plan of <code>shop</code>\n")
    else:
        assert checked(json.loads(told))["verdict"] == "deploy-failed"


def test_what_only_a_recipe_has_is_refused_beside_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(action, "plan", lambda *given, **_: asked.extend(given))
    words = ("--head", "main", "--prune", "--env", "A=1")
    with pytest.raises(SystemExit) as stop:
        cli.run(["plan", "shop", *words, "--", "docker", "stack", "ls"])
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "--head, " in told
    assert "--env" in told
    assert "a COMMAND deploys what it likes" in told
    assert asked == []
