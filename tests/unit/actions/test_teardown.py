"""What a teardown is told as."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.engine.lock_store import FakeStore

from ccci.actions.teardown import Request, tear_down
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.records import runs
from ccci.removal import app
from ccci.removal.objects import Item, Kind
from ccci.removal.teardown import Ending
from ccci.report.model import Report
from ccci.terminal.output import Output

REMOVED = (Item(Kind.SERVICE, "s", "shop_test_app"),)


class Removal:
    """A removal that comes to `ending`, and the targets that it was asked for."""

    def __init__(self) -> None:
        self.ending = Ending(removed=REMOVED)
        self.asked: list[tuple[app.Target, dict[str, Any]]] = []

    def remove(self, _: app.Place, target: app.Target, **how: Any) -> Ending:
        self.asked.append((target, how))
        return self.ending


class Swarm(FakeStore):
    """A manager with locks and nothing else; `asked` says whether it was connected to."""

    host, release = "unix:///x", "20.10"
    asked = False

    def require_manager(self) -> None:
        self.asked = True


@pytest.fixture(autouse=True)
def swarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reach: Callable[[object], None]
) -> Swarm:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Swarm()
    reach(made)
    return made


@pytest.fixture(autouse=True)
def removal(monkeypatch: pytest.MonkeyPatch) -> Removal:
    made = Removal()
    monkeypatch.setattr(app, "remove", made.remove)
    return made


@pytest.fixture(autouse=True)
def deployed(tmp_path: Path) -> None:
    run = runs.begin(tmp_path / "runs", "deploy", "shop")
    run.note(stack="shop_test", domain="shop.test")
    run.finish(Report("deploy", Verdict.CONVERGED, "s", stack="shop_test"))


def torn_down(target: str = "shop.test", **asked: Any) -> Report:
    return tear_down(Request(target, **asked), Output(verbosity=-1))


def test_an_app_that_is_gone_is_done(removal: Removal, swarm: Swarm) -> None:
    report = torn_down(timeout=7.0, lock_timeout=3.0)
    assert swarm.asked
    assert (report.verdict, report.exit_code, report.hint) == (Verdict.DONE, 0, "")
    assert report.summary == "shop_test is gone: service shop_test_app"
    (asked,) = removal.asked
    assert asked[0] == app.Target("shop_test", ours=True)
    assert (asked[1]["patience"], asked[1]["lock_timeout"]) == (7.0, 3.0)


def test_an_app_of_which_something_is_left_is_not_done(removal: Removal) -> None:
    removal.ending = Ending(removed=REMOVED, left=("volume data",), troubles=("it is in use",))
    report = torn_down()
    assert (report.verdict, report.exit_code) == (Verdict.UNABLE, 3)
    assert report.summary == "shop_test is not gone, left: volume data"
    assert report.hint.startswith("run it again")
    assert "it is in use" in report.notes
    assert report.teardown is not None
    assert report.teardown.left == ("volume data",)


@pytest.mark.parametrize("target", ["", "-x"])
def test_what_is_no_name_is_refused_before_the_engine_is_asked(target: str, swarm: Swarm) -> None:
    with pytest.raises(UsageError, match="is no app"):
        torn_down(target)
    assert not swarm.asked


def test_a_strangers_stack_goes_only_where_its_name_is_repeated(removal: Removal) -> None:
    for force in (None, "shop_test"):
        with pytest.raises(UsageError):
            torn_down("theirs", force=force)
    assert removal.asked == []
    torn_down("theirs", force="theirs")
    assert [target for target, _ in removal.asked] == [app.Target("theirs", ours=False)]
