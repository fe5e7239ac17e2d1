"""What becomes of a run's app at its end, and of what an earlier run left."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from support.recipes.repositories import commit, make_repository

from ccci.deployers import App
from ccci.exits import Verdict
from ccci.locks.lease import Lease
from ccci.locks.swarm_lock import Holder
from ccci.recipe import checkouts
from ccci.records.runs import Record
from ccci.report.model import Report
from ccci.steps import teardown
from ccci.steps.leftovers import _left_by
from ccci.steps.teardown import Ending
from ccci.steps.workspace import Workspace

PASSED = Report("upgrade", Verdict.CONVERGED, "it runs")
KILLED = Record("3", "upgrade", "shop", "2026-01-03", stack="shop", keep=False)
HOLDER = Holder("shop", "7", "host", "user", 1, "folder", "token", "2026", keep=False)


class Held:
    def __init__(self, predecessor: Holder | None = None) -> None:
        self.predecessor = predecessor


def left(records: list[Record], predecessor: Holder | None = None) -> str | None:
    return _left_by("shop", records, cast("Lease", Held(predecessor)))


def test_a_pass_does_not_stand_where_the_teardown_left_something() -> None:
    told = Ending("shop.example.test", failed=True, notes=("network n stays",)).told(PASSED)
    assert told.verdict is Verdict.UNABLE
    assert "left something behind" in told.summary
    assert told.hint == "remove it with `ccci teardown shop.example.test`"
    assert "network n stays" in told.notes


@pytest.mark.parametrize("verdict", [Verdict.ROLLED_BACK, Verdict.BASE_BROKEN])
def test_a_failure_keeps_its_verdict_whatever_the_teardown_left(verdict: Verdict) -> None:
    told = Ending("shop.example.test", failed=True, notes=("n",)).told(
        replace(PASSED, verdict=verdict)
    )
    assert told.verdict is verdict
    assert "n" in told.notes


def test_a_teardown_that_left_nothing_changes_nothing_but_the_notes() -> None:
    assert Ending("shop.example.test", notes=("n",)).told(PASSED) == replace(PASSED, notes=("n",))


def test_what_a_killed_run_made_and_meant_to_remove_is_its_leftover() -> None:
    assert left([KILLED]) == "run 3"


def test_what_is_meant_to_stay_or_is_gone_or_is_anothers_is_no_leftover() -> None:
    assert left([replace(KILLED, keep=True)]) is None
    assert left([replace(KILLED, gone=True)]) is None
    assert left([replace(KILLED, keep=None)]) is None
    assert left([replace(KILLED, stack="other")]) is None
    assert left([]) is None


def test_the_newest_run_decides() -> None:
    assert left([replace(KILLED, id="9", keep=True), KILLED]) is None
    assert left([replace(KILLED, id="9"), replace(KILLED, keep=True)]) == "run 9"


def test_the_lock_of_a_dead_run_of_another_host_tells_as_well() -> None:
    assert left([], HOLDER) == "run 7 of host"
    assert left([], replace(HOLDER, keep=True)) is None
    assert left([replace(KILLED, keep=True)], HOLDER) is None


@pytest.mark.slow
def test_abra_undeploys_from_a_tree_that_no_container_wrote_into(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    head = commit(source, {"compose.yml": "as committed"})
    ours = checkouts.clone(str(source), tmp_path / "tree", tmp_path / "journal", git_in_tree=True)
    checkouts.switch(ours, head, "head")
    (ours.path / ".git" / "config").write_text("[core]\n\tfsmonitor = evil\n")
    (ours.path / "compose.yml").write_text("evil")
    overlay = tmp_path / "overlay.yml"
    overlay.write_text("of the user")
    seen: list[str] = []

    def undeploy(_: object) -> None:
        names = ("compose.yml", ".git/config", "compose.ccci.yml")
        seen.extend((ours.path / name).read_text() for name in names)

    workspace = SimpleNamespace(
        checkout=ours, overlay=overlay, deployer=SimpleNamespace(undeploy=undeploy)
    )
    teardown._undeploy(cast("Workspace", workspace), cast("App", None))
    assert seen[0] == "as committed"
    assert "evil" not in seen[1]
    assert seen[2] == "of the user"
