"""A dry run with a swarm at hand tells of each deploy what the swarm would make of that one."""

import pytest

from ccci.actions import dry_run as read_alone
from ccci.actions import plan_recipe
from ccci.actions.plan_recipe import Planned, dry_run
from ccci.exits import Verdict
from ccci.planning.model import Plan
from ccci.report.model import Report
from ccci.report.parts import DryRun
from ccci.steps.workspace import Choices
from ccci.terminal.output import Output

COMMIT = "a" * 40


def told(name: str) -> DryRun:
    return DryRun("1.0", name, COMMIT, "1.0", (), None, "", "app", {}, {}, {}, (), {})


@pytest.mark.parametrize("names", [("base", "head"), ("base",), ("head",)])
def test_base_and_head_of_one_commit_have_a_plan_each(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    report = Report("upgrade", Verdict.DONE, "dry run", dry_run=(told("base"), told("head")))
    found = tuple(Planned(name, COMMIT, Plan("shop", Verdict.DONE, name)) for name in names)
    monkeypatch.setattr(read_alone, "planned", lambda *_: report)
    monkeypatch.setattr(plan_recipe, "planned", lambda *_: found)
    said = dry_run("upgrade", "shop", Choices(), lambda *_: [], Output()).report.dry_run or ()
    plans = {each.name: each.plan["summary"] for each in said if each.plan is not None}
    assert plans == {name: name for name in names}
