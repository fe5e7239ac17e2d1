"""What an upgrade does with what its steps come to: in which order, and with which verdict."""

from dataclasses import replace
from typing import Any

import pytest
from support.recipes.upgrade_stage import Engine, Make, Stage, head_of, put, run

from ccci.actions import upgrade
from ccci.deployers import stack as stack_deployer
from ccci.errors import CcciError, DeployRefused, EngineUnavailable, UsageError
from ccci.exits import Verdict
from ccci.report.model import ServiceReport
from ccci.steps.revision import Judged
from ccci.steps.workspace import Choices, find_recipe
from ccci.swarm.model import Cause, CauseCode

pytestmark = pytest.mark.slow


def test_the_head_goes_on_top_of_the_base_and_both_are_removed(make: Make) -> None:
    stage = make()
    report = run(stage)
    assert (report.verdict, report.exit_code) == (Verdict.CONVERGED, 0)
    assert [(why, what) for why, what, _ in stage.deployed] == [
        ("base", "1.0.0+1"),
        ("head", head_of(stage)),
    ]
    # The head is held against what the base set, whose labels name its version alone.
    assert stage.deployed[1][2] == {"base-spec": report.upgrade.base.commit[:8]}  # type: ignore[union-attr]
    assert stage.removed == ["stack"]
    assert stage.held.intended == [False]
    assert stage.workspace.run.record.gone


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.ROLLED_BACK,
        Verdict.UNSTABLE,
        Verdict.TIMED_OUT,
        Verdict.STALLED,
        Verdict.WRONG_IDENTITY,
        Verdict.DISTURBED,
        Verdict.DEPLOY_FAILED,
        Verdict.FAILED,
        Verdict.REMOVED,
    ],
)
def test_a_base_that_fails_is_never_the_heads_fault(verdict: Verdict, make: Make) -> None:
    stage = make(base=verdict)
    report = run(stage)
    assert (report.verdict, report.exit_code) == (Verdict.BASE_BROKEN, 17)
    assert [why for why, _, _ in stage.deployed] == ["base"]
    assert "was not tested" in report.summary
    assert report.upgrade is not None
    assert report.upgrade.base_verdict is verdict
    assert stage.removed == ["stack"]


def test_a_base_that_is_refused_is_broken_as_well(make: Make) -> None:
    stage = make(base=DeployRefused("no version", "give one"))
    report = run(stage)
    assert (report.verdict, report.hint) == (Verdict.BASE_BROKEN, "give one")
    assert [why for why, _, _ in stage.deployed] == ["base"]
    assert stage.removed == ["stack"]


@pytest.mark.parametrize("verdict", [Verdict.UNABLE, Verdict.INTERRUPTED])
def test_what_says_nothing_of_the_base_does_not_break_it(verdict: Verdict, make: Make) -> None:
    stage = make(base=verdict)
    report = run(stage)
    assert report.verdict is verdict
    assert report.summary.startswith("while the base 1.0.0+1 came up:")
    assert [why for why, _, _ in stage.deployed] == ["base"]


def test_an_engine_that_cannot_be_used_is_no_report_and_what_was_made_goes(make: Make) -> None:
    stage = make(base=EngineUnavailable("gone"))
    with pytest.raises(EngineUnavailable):
        run(stage)
    assert stage.removed == ["stack"]


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.ROLLED_BACK,
        Verdict.WRONG_IDENTITY,
        Verdict.UNSTABLE,
        Verdict.TIMED_OUT,
        Verdict.DISTURBED,
        Verdict.DEPLOY_FAILED,
        Verdict.FAILED,
        Verdict.UNABLE,
        Verdict.INTERRUPTED,
    ],
)
def test_the_heads_verdict_is_the_runs(verdict: Verdict, make: Make) -> None:
    stage = make(head=verdict)
    report = run(stage)
    assert (report.verdict, report.summary) == (verdict, f"head is {verdict.value}")
    assert stage.removed == ["stack"]


def test_a_head_that_is_refused_ends_the_run_and_what_was_made_goes(make: Make) -> None:
    stage = make(head=DeployRefused("no"))
    with pytest.raises(DeployRefused):
        run(stage)
    assert stage.removed == ["stack"]


def test_a_pass_does_not_stand_where_the_teardown_left_something(make: Make) -> None:
    stage = make()
    stage.left = ("volume data",)
    report = run(stage)
    assert (report.verdict, report.exit_code) == (Verdict.UNABLE, 3)
    assert "but the teardown left something behind" in report.summary
    assert not stage.workspace.run.record.gone


def test_a_failure_stands_whatever_the_teardown_left(make: Make) -> None:
    stage = make(head=Verdict.ROLLED_BACK)
    stage.left = ("volume data",)
    assert run(stage).verdict is Verdict.ROLLED_BACK


def test_nothing_is_removed_under_a_lock_that_is_not_ours_any_more(make: Make) -> None:
    stage = make()
    stage.held.lost = CcciError("the lock was taken over")
    report = run(stage)
    assert stage.removed == []
    assert report.verdict is Verdict.UNABLE
    assert "the teardown failed: the lock was taken over" in report.notes


def test_what_is_to_be_kept_stays_and_is_said(make: Make) -> None:
    stage = make()
    report = run(stage, keep=True)
    assert stage.removed == []
    assert stage.held.intended == [True]
    assert any("stays: `ccci teardown" in note for note in report.notes)


def test_what_was_deployed_before_is_the_base_and_stays(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = make()
    stack = stage.workspace.app(head_of(stage)).stack
    labels = {
        "com.docker.stack.namespace": stack,
        f"coop-cloud.{stack}.version": "0.9.0+1",
        f"coop-cloud.{stack}.chaos-version": "abc",
    }
    there: Any = Engine({"Spec": {"Name": f"{stack}_app", "Labels": labels}})
    stage.workspace = replace(stage.workspace, engine=there)
    monkeypatch.setattr(
        upgrade, "adopt", lambda _, app: stack_deployer.write_private(app.env_file, "A=1\n")
    )
    report = run(stage)
    assert [why for why, _, _ in stage.deployed] == ["head"]
    assert report.upgrade is not None
    assert report.upgrade.base.version == "0.9.0+1"
    assert stage.removed == []


def test_what_was_deployed_stays_and_what_never_came_so_far_goes(make: Make) -> None:
    assert make(head=Verdict.ROLLED_BACK).removed == []
    stage = make(head=Verdict.ROLLED_BACK)
    assert put(stage).verdict is Verdict.ROLLED_BACK
    assert stage.removed == []
    cut = make(head=Verdict.INTERRUPTED)
    assert put(cut).verdict is Verdict.INTERRUPTED
    assert cut.removed == ["stack"]
    refused = make(head=DeployRefused("no"))
    with pytest.raises(DeployRefused):
        put(refused)
    assert refused.removed == ["stack"]
    asked = make()
    assert put(asked, remove=True).verdict is Verdict.CONVERGED
    assert asked.removed == ["stack"]


def test_the_heads_own_settings_say_how_both_are_judged(make: Make) -> None:
    own = {".ccci.toml": "soak = 7\n"}
    stage = make(head_files=own)
    assert run(stage).verdict is Verdict.CONVERGED
    assert stage.soaks == [7.0, 7.0]
    assert "set by the recipe's .ccci.toml: soak 7" in stage.workspace.run.trouble
    alone = make(head_files=own)
    assert put(alone, head="main").verdict is Verdict.CONVERGED
    assert alone.soaks == [7.0]


def test_the_bases_own_settings_are_not_asked(make: Make) -> None:
    stage = make(base_files={".ccci.toml": "soak = 7\n"}, head_files={".ccci.toml": ""})
    run(stage)
    assert stage.soaks == [None, None]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('server = "theirs"', "sets 'server'"),
        ('health-path = "no-slash"', "says --health-path 'no-slash' is no path"),
        ('timeout = "soon"', "says timeout 'soon' is no duration"),
        ("x=", "is no TOML"),
    ],
)
def test_settings_that_a_recipe_may_not_make_stop_it_before_anything_is_deployed(
    make: Make, line: str, said: str
) -> None:
    stage = make(head_files={".ccci.toml": line})
    with pytest.raises(DeployRefused, match=said):
        run(stage)
    assert stage.deployed == []


def test_after_the_teardown_no_next_step_names_what_was_removed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    follows = "it was not waited for: `ccci converge shop` follows it from here"
    put_it = Stage.put

    def cut_short(self: Stage, *arguments: Any) -> Judged:
        judged = put_it(self, *arguments)
        cause = Cause(CauseCode.UNKNOWN, "open still", follows)
        service = ServiceReport("app", "1", Verdict.ROLLED_BACK, cause=cause)
        return replace(judged, services=(service,), hint=follows)

    monkeypatch.setattr(Stage, "put", cut_short)
    report = put(make(head=Verdict.ROLLED_BACK), head="main", remove=True)
    (app,) = report.services
    assert app.cause is not None
    for hint in (report.hint, app.cause.hint):
        assert hint == "the app was removed: run it again, with --keep to look at it afterwards"
    stays = put(make(head=Verdict.ROLLED_BACK), head="main")
    assert stays.hint == follows


def test_a_status_that_is_none_is_refused_before_anything_is_deployed() -> None:
    with pytest.raises(UsageError, match="--health-status 'abc'"):
        find_recipe("shop", Choices(health_status="abc"))
